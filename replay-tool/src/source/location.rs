//! Where a log or a vault is. Its password, if any, is never shown.

use std::{fmt, path::PathBuf};

use crate::failure::Failure;

/// A database of Fiido Desk.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a server.
    Postgres(String),
}

impl Location {
    /// Reads what an operator wrote; in a directory the file of this name is meant.
    ///
    /// # Errors
    /// It is a URL of another kind.
    pub fn parse(text: &str, file_in_directory: &str) -> Result<Self, Failure> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(Failure::Location(without_password(text)));
        }
        let path = PathBuf::from(path);
        Ok(Self::Sqlite(if path.is_dir() { path.join(file_in_directory) } else { path }))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

/// Scheme and host: user, password and options (which may hold a password as well) are left out.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Location::parse(text, "events.db").ok().map(|location| location.to_string())
    }

    #[test]
    fn a_path_with_or_without_its_scheme_is_a_file() {
        assert_eq!(parsed("/x/log.db").as_deref(), Some("/x/log.db"));
        assert_eq!(parsed("sqlite:/x/log.db").as_deref(), Some("/x/log.db"));
        assert_eq!(parsed("sqlite:///x/log.db").as_deref(), Some("/x/log.db"));
    }

    #[test]
    fn in_a_directory_the_file_is_found_by_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("events.db").display().to_string();
        assert_eq!(parsed(&folder.path().display().to_string()), Some(file));
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = "postgres://auditor:s3cret@db:5432/desk?password=s3cret";
        assert_eq!(parsed(url).as_deref(), Some("postgres://db:5432/desk"));
        let failure = Location::parse("mysql://a:s3cret@db/desk", "events.db").err().expect("refused");
        assert!(!failure.report().contains("s3cret"));
    }
}
