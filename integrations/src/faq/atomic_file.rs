//! Writes a file as a whole: whoever reads it sees the old bytes or the new ones.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

/// Writes beside the file, flushes, and puts it in its place.
///
/// # Errors
/// Those of the file system.
pub(super) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&draft, path)
}
