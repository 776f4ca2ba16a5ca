//! Migrations are read at compile time: a new file there makes this crate compile anew.
#![allow(clippy::print_stdout, reason = "this is how a build script speaks")]

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
