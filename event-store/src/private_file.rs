//! Files with secrets: master key, signing keys, tokens.
//!
//! Invariant: only the owner can read such a file, and it is never visible half-written.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// Writes a file that only its owner can read (mode 0600) and syncs it to disk; on failure no file is left.
///
/// # Errors
/// `AlreadyExists` if the file exists, which is left unchanged; otherwise the I/O error.
pub fn create_private_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(content)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(folder)?.sync_all()
}
