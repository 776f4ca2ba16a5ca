//! How a server is set up: the program's own defaults, and what a test asks for beside them.

use std::path::PathBuf;

/// How a server is set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// PostgreSQL instead of SQLite.
    pub database_url: Option<String>,
    /// Where the log is, if not with the rest.
    pub event_store_url: Option<String>,
    /// The URL with the role that migrates.
    pub database_owner_url: Option<String>,
    /// A data directory that exists already; otherwise a fresh one.
    pub data_dir: Option<PathBuf>,
    /// Further settings, like `("DESK_TIME_ZONE", "UTC")`.
    pub environment: Vec<(&'static str, String)>,
    /// A command that runs the server, like `strace -f …`.
    pub wrapper: Vec<String>,
}

/// Settings for customers who say the same words again and again: a person comes only when asked for by the button's words.
#[must_use]
pub fn patient_rules() -> [(&'static str, String); 2] {
    [("REGULATOR_KEYWORDS", "转人工".to_owned()), ("REGULATOR_FAIL_THRESHOLD", "100".to_owned())]
}

impl Setup {
    /// The same with [`patient_rules`].
    #[must_use]
    pub fn with_patient_rules(mut self) -> Self {
        self.environment.extend(patient_rules());
        self
    }
}
