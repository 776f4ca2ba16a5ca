//! Files that hold secrets: master key, keys that sign, tokens.
//!
//! Invariant: nobody but its owner can read one, and nobody sees half of one.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// Writes a file that only its owner can read (mode 0600), whole and on disk, or not at all.
///
/// # Errors
/// `AlreadyExists` when there is one, which is left as it is; otherwise what the system said.
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
