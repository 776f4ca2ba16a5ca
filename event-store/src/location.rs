//! The location of a log: a file, a PostgreSQL server or a KurrentDB server; parsed from settings and arguments of all programs.
//!
//! Invariant: a displayed location contains no user, password or option.

use std::{fmt, path::PathBuf};

/// Where events are stored.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL server.
    Postgres(String),
    /// The connection string of a KurrentDB server or cluster.
    Kurrent(String),
}

/// The text is not a location; displayed without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is neither a path, sqlite:PATH, postgres://… nor kurrentdb://…")]
pub struct NoLocation(pub String);

const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];
/// The schemes that KurrentDB's clients accept.
pub(crate) const KURRENT_SCHEMES: [&str; 8] = [
    "kurrentdb://",
    "kurrentdb+discover://",
    "kurrent://",
    "kurrent+discover://",
    "kdb://",
    "kdb+discover://",
    "esdb://",
    "esdb+discover://",
];

impl Location {
    /// Parses a location; for a directory, the file with this name in it.
    ///
    /// # Errors
    /// The URL has another scheme, or the text is empty.
    pub fn parse(text: &str, file_in_directory: &str) -> Result<Self, NoLocation> {
        let begins_with_one_of = |schemes: &[&str]| schemes.iter().any(|scheme| text.starts_with(scheme));
        if begins_with_one_of(&POSTGRES) {
            return Ok(Self::Postgres(text.to_owned()));
        }
        if begins_with_one_of(&KURRENT_SCHEMES) {
            return Ok(Self::Kurrent(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(NoLocation(without_secrets(text)));
        }
        let path = PathBuf::from(path);
        Ok(Self::Sqlite(if path.is_dir() { path.join(file_in_directory) } else { path }))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) | Self::Kurrent(url) => f.write_str(&without_secrets(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Scheme and hosts of a URL, without user, password and options (which may contain a password too). A password may contain any
/// character; none of it is returned.
#[must_use]
pub fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let after_user = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let place = after_user.split(['?', '#']).next().unwrap_or("");
    format!("{scheme}://{place}")
}

/// Whether a URL contains a password, which every user of the machine could read in a program's arguments.
#[must_use]
pub fn holds_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || rest.to_ascii_lowercase().contains("password=")
}

/// Decodes percent signs; malformed ones stay.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let byte = others.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        bytes.push(byte.as_ref().map_or(*first, |byte| byte[0]));
        rest = if byte.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Location::parse(text, "events.db").ok().map(|location| location.to_string())
    }

    #[test]
    fn a_path_with_or_without_scheme_is_a_file() {
        assert_eq!(parsed("/x/log.db").as_deref(), Some("/x/log.db"));
        assert_eq!(parsed("sqlite:/x/log.db").as_deref(), Some("/x/log.db"));
        assert_eq!(parsed("sqlite:///x/log.db").as_deref(), Some("/x/log.db"));
    }

    #[test]
    fn a_directory_gives_the_named_file_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("events.db").display().to_string();
        assert_eq!(parsed(&folder.path().display().to_string()), Some(file));
    }

    #[test]
    fn servers_are_recognised_by_scheme() {
        assert!(matches!(Location::parse("postgresql://db/desk", ""), Ok(Location::Postgres(_))));
        for scheme in KURRENT_SCHEMES {
            assert!(matches!(Location::parse(&format!("{scheme}host:2113"), ""), Ok(Location::Kurrent(_))), "{scheme}");
        }
        assert_eq!(parsed("mysql://db/desk"), None);
        assert_eq!(parsed(""), None);
    }

    #[test]
    fn secrets_are_never_displayed() {
        let urls = [
            ("postgres://auditor:s3cret@db:5432/desk?password=s3cret", "postgres://db:5432/desk"),
            ("kurrentdb://admin:s3cret@a:2113,b:2113?tls=false&userKeyFile=s3cret", "kurrentdb://a:2113,b:2113"),
            ("kurrentdb://admin:s3?cr@et@a:2113", "kurrentdb://a:2113"),
        ];
        for (url, shown) in urls {
            let location = Location::parse(url, "").expect("a server");
            assert_eq!((location.to_string(), format!("{location:?}")), (shown.to_owned(), shown.to_owned()));
            assert!(holds_password(url), "{url}");
        }
        let refused = Location::parse("mysql://a:s3cret@db/desk", "").expect_err("of another kind");
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
        assert!(!holds_password("postgres://desk_app@db/desk") && !holds_password("/data"));
    }
}
