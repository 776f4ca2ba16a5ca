//! Files with secrets: master key, signing keys, tokens; and that whatever a process makes is its user's alone.
//!
//! Invariants: nobody but owner and group can read such a file, whoever made it: one that everybody can read is refused. It is
//! never visible half-written. A byte order mark before the secret and line ends after it are not part of it.

use std::{
    fs,
    io::{self, Read as _, Write},
    path::Path,
};

use zeroize::Zeroizing;

/// The longest file that is read; keys are far shorter.
const MAX_BYTES: u64 = 1024 * 1024;

/// Everybody on the machine can read the file.
#[derive(Debug, thiserror::Error)]
#[error("it is open to everybody on this machine: chmod 640 {0}")]
struct OpenToEverybody(String);

/// What this process makes from now on, databases and all, is open to its user alone, whatever it was started with. A file that
/// others may read says so where it is made.
#[cfg(unix)]
pub fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Nothing to be set here.
#[cfg(not(unix))]
pub fn keep_files_private() {}

/// Takes from a file what others than its user may do, if they may.
///
/// # Errors
/// It is not there, or not ours.
#[cfg(unix)]
pub fn close_to_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)) }
}

/// Nothing to be taken here.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn close_to_others(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Lets everybody read a file or enter a folder that has no secret, like a signed note.
///
/// # Errors
/// It is not there, or not ours.
pub fn open_to_readers(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// The text of a file with a secret.
///
/// # Errors
/// `PermissionDenied` if everybody can read or write it; otherwise the I/O error. Neither says what is in it.
pub fn read_private_file(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = fs::File::open(path)?;
    if is_open_to_everybody(&file.metadata()?) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, OpenToEverybody(path.display().to_string())));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(Zeroizing::new(secret_of(&text).to_owned()))
}

/// A secret without what editors and shells put around it: a byte order mark before it, line ends after it.
#[must_use]
pub fn secret_of(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n'])
}

#[cfg(unix)]
fn is_open_to_everybody(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o007 != 0
}

#[cfg(not(unix))]
fn is_open_to_everybody(_: &fs::Metadata) -> bool {
    false
}

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

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_that_everybody_can_read_is_refused_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "s3cret").unwrap();
        for (mode, is_taken) in [(0o600, true), (0o640, true), (0o644, false), (0o602, false), (0o601, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = read_private_file(&path);
            assert_eq!(read.is_ok(), is_taken, "{mode:o}");
            let error = read.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(is_taken || error.contains("chmod 640") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn byte_order_mark_and_line_ends_are_no_part_of_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_private_file(&path, "\u{feff}s3 cret \r\n".as_bytes()).unwrap();
        assert_eq!(&**read_private_file(&path).unwrap(), "s3 cret ");
    }
}
