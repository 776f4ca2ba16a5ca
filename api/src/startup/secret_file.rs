//! Secrets that settings name a file for.
//!
//! Invariant: an error names the setting and the file, and nothing of what is in it.

use std::path::Path;

use event_store::private_file::read_private_file;

use super::AnyError;

/// What is in the file, without a byte order mark before it and line ends behind it.
pub(super) fn read(setting: &str, path: &Path) -> Result<String, AnyError> {
    read_private_file(path).map(|text| text.to_string()).map_err(|error| unreadable(setting, path, &error))
}

/// The file of a setting cannot be read.
pub(super) fn unreadable(setting: &str, path: &Path, error: &std::io::Error) -> AnyError {
    format!("{setting} {} cannot be read: {error}", path.display()).into()
}
