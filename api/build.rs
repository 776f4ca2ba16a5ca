//! Makes the built pages of `web/dist` part of the program: a list of names and contents for `routes/page/built.rs`.
//!
//! Invariants: without `web/dist` the list is empty, and everything else builds as ever; what is compiled are copies, so building
//! the pages anew at the same time breaks nothing.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// What is built there, and served.
const APPS: [&str; 2] = ["widget", "workbench"];

fn main() -> io::Result<()> {
    let dist = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../web/dist");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    // The folder is there even where nothing has been built, for cargo takes what is not there for changed.
    println!("cargo::rerun-if-changed={}", dist.display());
    let copies = out.join("web");
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    let mut files = Vec::new();
    for app in APPS {
        copy(&dist.join(app), &copies.join(app), app, &mut files)?;
    }
    files.sort();
    let rows: String =
        files.iter().map(|(name, path)| format!("    ({name:?}, include_bytes!({path:?})),\n")).collect();
    fs::write(out.join("web_files.rs"), format!("&[\n{rows}]\n"))
}

/// Copies a folder that is there, and adds its files by their paths below `web/dist`.
fn copy(from: &Path, to: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (below, copied) = (format!("{name}/{}", entry.file_name().to_string_lossy()), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &copied, &below, files)?;
        } else {
            fs::copy(entry.path(), &copied)?;
            files.push((below, copied));
        }
    }
    Ok(())
}
