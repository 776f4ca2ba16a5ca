//! Secrets that settings name a file for.
//!
//! Invariant: an error names the setting and the file, and nothing of what is in it.

use std::{fs, path::Path};

use super::AnyError;

/// What is in the file, without line ends behind it.
pub(super) fn read(setting: &str, path: &Path) -> Result<String, AnyError> {
    let failed = |error| unreadable(setting, path, &error);
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).map_err(failed)?.permissions()) & 0o007 != 0 {
        let shown = path.display();
        return Err(format!("{setting} {shown} is open to everybody on this machine: chmod 640 {shown}").into());
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The file of a setting cannot be read.
pub(super) fn unreadable(setting: &str, path: &Path, error: &std::io::Error) -> AnyError {
    format!("{setting} {} cannot be read: {error}", path.display()).into()
}
