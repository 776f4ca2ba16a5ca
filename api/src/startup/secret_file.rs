//! Reads a secret that a setting keeps in a file.

use std::{fs, path::Path};

use super::AnyError;

/// What the file says, without the line's end. One that everybody on the machine may read is refused.
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

/// The error that names the setting.
pub(super) fn unreadable(setting: &str, path: &Path, error: &std::io::Error) -> AnyError {
    format!("{setting} {} cannot be read: {error}", path.display()).into()
}
