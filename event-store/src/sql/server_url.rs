//! The URL of a PostgreSQL server, as the driver takes it.
//!
//! Invariant: what the driver would pass over is refused, for it is mostly a misspelt word: a parameter that nobody knows, a file
//! that is not there. Errors hold no value of a parameter but the path of a certificate.

use std::{fs::File, io, path::PathBuf};

use sqlx::postgres::PgConnectOptions;

use super::SqlError;

/// What the driver takes (sqlx 0.9), beside `options[…]`.
const KNOWN: [&str; 19] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "",
];
/// Those of them that name a file.
const FILES: [&str; 7] = ["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// What is wrong with a URL.
#[derive(Debug, thiserror::Error)]
pub enum UrlFault {
    /// A parameter that nobody knows.
    #[error(
        "nobody knows the parameter {0} of a PostgreSQL URL; known are sslmode, sslrootcert, sslcert, sslkey, host, port, dbname, user, \
         password, application_name, options and statement-cache-capacity"
    )]
    Unknown(String),
    /// A file that cannot be read.
    #[error("the file {path} that {parameter} names cannot be read: {source}", path = path.display())]
    File {
        /// Which parameter.
        parameter: String,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The options of a connection.
///
/// # Errors
/// The URL is malformed, has a parameter that nobody knows, or names a file that cannot be read.
pub(crate) fn connect_options(url: &str) -> Result<PgConnectOptions, SqlError> {
    check(url).map_err(|fault| SqlError(sqlx::Error::Configuration(Box::new(fault))))?;
    Ok(url.parse::<PgConnectOptions>()?)
}

fn check(url: &str) -> Result<(), UrlFault> {
    // A password may hold a question mark that nobody has written as %3F; what comes after the last one is meant.
    let Some((_, query)) = url.rsplit_once('?') else { return Ok(()) };
    for one in query.split('&') {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        let name = decoded(name);
        let is_option = name.starts_with("options[") && name.ends_with(']');
        if !is_option && !KNOWN.contains(&name.as_str()) {
            // What stands before an @ may be a password with a question mark in it.
            return Err(UrlFault::Unknown(if query.contains('@') { "behind ?".to_owned() } else { name }));
        }
        if FILES.contains(&name.as_str()) {
            let path = PathBuf::from(decoded(value));
            File::open(&path).map_err(|source| UrlFault::File { parameter: name, path, source })?;
        }
    }
    Ok(())
}

fn decoded(text: &str) -> String {
    crate::location::percent_decoded(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_nobody_knows_and_files_that_are_not_there_are_named() {
        let fault = |url: &str| check(url).err().map(|fault| fault.to_string()).unwrap_or_default();
        for known in [
            "postgres://db/desk",
            "postgres://u:p%3F@db/desk?sslmode=require&options=-c%20synchronous_commit%3Don",
            "postgres:///desk?host=/run/postgresql&options[search_path]=log&options%5Btimezone%5D=UTC",
        ] {
            assert_eq!(fault(known), "", "{known}");
        }
        let unknown = fault("postgres://u:s3cret@db/desk?sslmod=require");
        assert!(unknown.contains("nobody knows the parameter sslmod ") && !unknown.contains("require"), "{unknown}");
        let password = fault("postgres://u:pass?s3cret=1@db/desk");
        assert!(password.contains("nobody knows") && !password.contains("s3cret"), "{password}");
        let file = fault("postgres://db/desk?sslmode=verify-full&sslrootcert=%2Fnowhere%2Fca.pem");
        assert!(
            file.starts_with("the file /nowhere/ca.pem that sslrootcert names cannot be read: No such file"),
            "{file}"
        );
    }
}
