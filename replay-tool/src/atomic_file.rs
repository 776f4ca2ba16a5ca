//! Output files.
//!
//! Invariant: a file is never visible half-written, and an existing one is only replaced on request.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use crate::failure::Failure;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everyone: mode 0644.
    All,
    /// The owner: mode 0600.
    Owner,
}

/// Writes a file completely and syncs it to disk; on failure no file is left.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn write(path: &Path, content: &[u8], readers: Readers, replaces: bool) -> Result<(), Failure> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let written = write_draft(&draft, content, readers).and_then(|()| put_in_place(&draft, path, replaces));
    if written.is_err() {
        // The error of writing is reported, not one of removing the draft.
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
