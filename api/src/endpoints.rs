//! What `copy-log` and `copy-keys` take as an end: a place as an operator writes it, and no password among the arguments.

use std::path::Path;

use event_store::location::{Location, NoLocation, holds_password};

/// A URL with a password stands among the arguments.
#[derive(Debug, thiserror::Error)]
#[error("{flag} has a password, which every user of this machine could read: set it in the environment as {variable}")]
pub(crate) struct PasswordShown {
    flag: &'static str,
    variable: &'static str,
}

/// Refuses passwords that every user of the machine could read.
///
/// # Errors
/// One of both has one.
pub(crate) fn refuse_passwords(from: &str, to: &str) -> Result<(), PasswordShown> {
    for (flag, variable, url) in [("--from", "DESK_COPY_FROM", from), ("--to", "DESK_COPY_TO", to)] {
        if holds_password(url) && std::env::args_os().any(|argument| argument.to_string_lossy().contains(url)) {
            return Err(PasswordShown { flag, variable });
        }
    }
    Ok(())
}

/// A path that ends in `.db` is a file; any other is a data directory, which may be still to be made, and the file in it is
/// meant.
///
/// # Errors
/// It is no place.
pub(crate) fn location(text: &str, file_in_directory: &str) -> Result<Location, NoLocation> {
    Ok(match Location::parse(text, file_in_directory)? {
        Location::Sqlite(path) if path.extension().is_none_or(|ending| ending != "db") => {
            Location::Sqlite(path.join(file_in_directory))
        }
        place => place,
    })
}

/// The data directory of a file.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}
