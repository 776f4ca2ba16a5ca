//! Files that a command was told to write.
//!
//! Invariant: nobody sees half of one, and one that is there is not replaced unless that was asked for.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use crate::failure::Failure;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everybody: mode 0644.
    All,
    /// Its owner: mode 0600.
    Owner,
}

/// Writes a file whole, and on disk, or not at all.
///
/// # Errors
/// There is one already, or it cannot be written.
pub fn write(path: &Path, content: &[u8], readers: Readers, replaces: bool) -> Result<(), Failure> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let written = write_draft(&draft, content, readers).and_then(|()| put_in_place(&draft, path, replaces));
    if written.is_err() {
        // The reason why it could not be written is the one to tell.
        drop(fs::remove_file(&draft));
    }
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Failure::FileExists(path.to_owned()),
        _other => Failure::File { file: path.to_owned(), source },
    })
}

fn write_draft(draft: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(content)?;
    #[cfg(unix)]
    if readers == Readers::All {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    }
    file.sync_all()
}

fn put_in_place(draft: &Path, path: &Path, replaces: bool) -> io::Result<()> {
    if replaces {
        fs::rename(draft, path)?;
    } else {
        fs::hard_link(draft, path)?;
        fs::remove_file(draft)?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}
