//! Makes the built pages of `web/dist` part of the program: a list of names and contents for `routes/web.rs`.
//!
//! Invariant: without `web/dist` the list is empty, and everything else builds as ever.

#![expect(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// What is built there, and served.
const APPS: [&str; 2] = ["widget", "workbench"];

fn main() -> io::Result<()> {
    let dist = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../web/dist");
    // The folder is there even where nothing has been built, for cargo takes what is not there for changed.
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    for app in APPS {
        collect(&dist.join(app), app, &mut files)?;
    }
    files.sort();
    let rows: String =
        files.iter().map(|(name, path)| format!("    ({name:?}, include_bytes!({path:?})),\n")).collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("web_files.rs");
    fs::write(out, format!("&[\n{rows}]\n"))
}

/// Adds the files of a folder that is there, by their paths below `web/dist`.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let below = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &below, files)?;
        } else {
            files.push((below, entry.path().canonicalize()?));
        }
    }
    Ok(())
}
