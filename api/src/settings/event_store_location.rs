//! Where the log is stored: with everything else, or in a database of its own.
//!
//! Invariant: contradictory settings are refused here, by name and with advice, before anything is opened.

use std::{fmt, path::PathBuf};

use event_store::location::Location;

use super::{Declared, Fault, PostgresUrl, Url};

/// The location of the log, and the roles that open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventStoreLocation {
    /// A file in the data directory.
    File(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres {
        /// As the program's own role.
        url: Url,
        /// As the role that migrates, if it is another one.
        owner_url: Option<Url>,
    },
    /// A KurrentDB server or cluster.
    Kurrent {
        /// As its own clients take it.
        url: Url,
        /// User and password, if they are not in the URL.
        credentials_file: Option<PathBuf>,
    },
}

impl fmt::Display for EventStoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "SQLite, {}", path.display()),
            Self::Postgres { url, .. } => write!(f, "PostgreSQL, {url}"),
            Self::Kurrent { url, .. } => write!(f, "KurrentDB, {url}"),
        }
    }
}

const EXPECTED: &str = "a URL that begins with postgres:// or kurrentdb:// (also kurrentdb+discover://, esdb://, \
                        esdb+discover://); a log in SQLite is where data_dir is, and needs no URL";
const NEEDS_REST: &str = "set together with database_url: where the log is in PostgreSQL, views, policies and vault are too; \
                          set database_url (DESK_DATABASE_URL) to the same URL or another one";
const OWNER_OF_WHAT: &str =
    "unset, or the role that owns the log in the PostgreSQL database that event_store_url names";
const CREDENTIALS_FOR_WHAT: &str = "unset, or user and password for the KurrentDB server that event_store_url names";

impl EventStoreLocation {
    /// What the settings of the log say together.
    pub(super) fn of(declared: &Declared) -> Result<Self, Fault> {
        let place = place(declared)?;
        let is_own_postgres = matches!(place, Self::Postgres { .. }) && declared.event_store_url.is_some();
        if declared.event_store_owner_url.is_some() && !is_own_postgres {
            return Err(("event_store_owner_url", OWNER_OF_WHAT));
        }
        if declared.event_store_credentials_file.is_some() && !matches!(place, Self::Kurrent { .. }) {
            return Err(("event_store_credentials_file", CREDENTIALS_FOR_WHAT));
        }
        Ok(place)
    }

    /// As `desk-replay --store` takes it, without secrets.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Postgres { url, .. } | Self::Kurrent { url, .. } => url.to_string(),
        }
    }

    /// For log lines.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "sqlite",
            Self::Postgres { .. } => "postgresql",
            Self::Kurrent { .. } => "kurrentdb",
        }
    }
}

fn place(declared: &Declared) -> Result<EventStoreLocation, Fault> {
    let (rest, owner_of_rest) = (declared.database_url.as_ref(), declared.database_owner_url.as_ref());
    let postgres = |url: Url, owner_url: Option<&PostgresUrl>| {
        Ok(EventStoreLocation::Postgres { url, owner_url: owner_url.cloned().map(Url::from) })
    };
    let Some(own) = &declared.event_store_url else {
        return match rest {
            None => Ok(EventStoreLocation::File(declared.data_dir.join("events.db"))),
            Some(url) => postgres(url.clone().into(), owner_of_rest),
        };
    };
    match (Location::parse(&own.0, "events.db"), rest) {
        (Ok(Location::Kurrent(url)), _) => {
            let credentials_file = declared.event_store_credentials_file.clone();
            Ok(EventStoreLocation::Kurrent { url: Url(url), credentials_file })
        }
        (Ok(Location::Postgres(url)), Some(rest)) => {
            let same_database = owner_of_rest.filter(|_| *url == **rest);
            postgres(Url(url), declared.event_store_owner_url.as_ref().or(same_database))
        }
        (Ok(Location::Postgres(_)), None) => Err(("event_store_url", NEEDS_REST)),
        (Ok(Location::Sqlite(_)) | Err(_), _) => Err(("event_store_url", EXPECTED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layers, Settings};

    fn settings(variables: &[(&str, &str)]) -> Result<EventStoreLocation, String> {
        let mut layers = Layers::default();
        layers.flag("data_dir", Some("/d".to_owned()));
        layers.environment(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        Settings::parse(&layers).map(|settings| settings.log).map_err(|error| error.to_string())
    }

    const PG: &str = "postgres://desk_app:s3cret@db/desk";
    const OTHER_PG: &str = "postgres://desk_app:s3cret@logs/desk";
    const OWNER: &str = "postgres://desk_owner:s3cret@db/desk";
    const KURRENT: &str = "kurrentdb+discover://ops:s3cret@kurrent:2113?tls=true";

    fn postgres(url: &str, owner_url: Option<&str>) -> EventStoreLocation {
        EventStoreLocation::Postgres { url: Url(url.to_owned()), owner_url: owner_url.map(|url| Url(url.to_owned())) }
    }

    #[test]
    fn the_log_is_with_the_rest_by_default() {
        assert_eq!(settings(&[]), Ok(EventStoreLocation::File("/d/events.db".into())));
        let rest = [("DESK_DATABASE_URL", PG), ("DESK_DATABASE_OWNER_URL", OWNER)];
        assert_eq!(settings(&rest), Ok(postgres(PG, Some(OWNER))));
    }

    #[test]
    fn a_separate_database_has_its_own_owner_url() {
        let rest = [("DESK_DATABASE_URL", PG), ("DESK_DATABASE_OWNER_URL", OWNER)];
        let with = |more: &[(&'static str, &'static str)]| settings(&[&rest, more].concat());
        assert_eq!(with(&[("DESK_EVENT_STORE_URL", OTHER_PG)]), Ok(postgres(OTHER_PG, None)));
        assert_eq!(with(&[("DESK_EVENT_STORE_URL", PG)]), Ok(postgres(PG, Some(OWNER))));
        let own = [("DESK_EVENT_STORE_URL", OTHER_PG), ("DESK_EVENT_STORE_OWNER_URL", "postgres://o@logs/desk")];
        assert_eq!(with(&own), Ok(postgres(OTHER_PG, Some("postgres://o@logs/desk"))));
    }

    #[test]
    fn kurrentdb_holds_the_log_beside_sqlite_or_postgresql() {
        let place = EventStoreLocation::Kurrent { url: Url(KURRENT.to_owned()), credentials_file: Some("/k".into()) };
        let log = [("DESK_EVENT_STORE_URL", KURRENT), ("DESK_EVENT_STORE_CREDENTIALS_FILE", "/k")];
        assert_eq!(settings(&log), Ok(place.clone()));
        assert_eq!(settings(&[&log[..], &[("DESK_DATABASE_URL", PG)]].concat()), Ok(place));
    }

    #[test]
    fn contradictory_settings_are_refused_by_name_with_advice_and_without_secrets() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: [Case<'_>; 6] = [
            (&[("DESK_EVENT_STORE_URL", PG)], "event_store_url", "set database_url (DESK_DATABASE_URL)"),
            (&[("DESK_EVENT_STORE_URL", "/elsewhere/events.db")], "event_store_url", "data_dir"),
            (
                &[("DESK_EVENT_STORE_URL", "mysql://u:s3cret@h/d"), ("DESK_DATABASE_URL", PG)],
                "event_store_url",
                "postgres://",
            ),
            (&[("DESK_EVENT_STORE_OWNER_URL", OWNER)], "event_store_owner_url", "event_store_url names"),
            (
                &[("DESK_EVENT_STORE_URL", KURRENT), ("DESK_EVENT_STORE_OWNER_URL", OWNER)],
                "event_store_owner_url",
                "PostgreSQL",
            ),
            (&[("DESK_EVENT_STORE_CREDENTIALS_FILE", "/k")], "event_store_credentials_file", "KurrentDB"),
        ];
        for (variables, key, way_out) in cases {
            let error = settings(variables).expect_err(key);
            assert!(error.starts_with(&format!("setting {key} (environment ")), "{error}");
            assert!(error.contains(way_out), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_location_is_shown_without_its_password() {
        let place = settings(&[("DESK_EVENT_STORE_URL", KURRENT)]).expect("it makes sense");
        assert_eq!(place.to_string(), "KurrentDB, kurrentdb+discover://kurrent:2113");
        assert!(!format!("{place:?}").contains("s3cret"), "{place:?}");
    }
}
