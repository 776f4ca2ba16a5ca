//! The files of generations in a folder.
//!
//! Invariant: a file that is found has its write-ahead log beside it, or needs none.

use std::{fs, io, path::Path};

pub(super) fn file_name(number: u64) -> String {
    format!("views-{number}.db")
}

/// The numbers of the generations in a folder, in any order.
pub(super) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number: Option<u64> =
            name.to_str().and_then(|name| name.strip_prefix("views-")?.strip_suffix(".db")?.parse().ok());
        numbers.extend(number);
    }
    Ok(numbers)
}

/// The file itself goes first: without its write-ahead log it may be incomplete, and must not be found.
pub(super) fn remove_with_wal(folder: &Path, file: &str) -> io::Result<()> {
    remove_if_there(&folder.join(file))?;
    remove_wal(folder, file)
}

pub(super) fn remove_wal(folder: &Path, file: &str) -> io::Result<()> {
    remove_if_there(&folder.join(format!("{file}-wal")))?;
    remove_if_there(&folder.join(format!("{file}-shm")))
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
