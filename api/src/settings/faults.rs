//! What is wrong with the settings: all of it at once, each with who said it.
//!
//! Invariant: no value is shown, for it may be a secret.

use std::fmt;

use super::{declared::SETTINGS, setting::Setting};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The declaration.
    Default,
    /// The TOML file.
    File {
        /// Its path.
        path: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// This environment variable.
    Environment(String),
    /// This flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => write!(f, "config file {path}, line {line}, column {column}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// The file cannot be read.
    #[error("config file {path} cannot be read: {reason}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file is no TOML.
    #[error("{source_of} is not valid TOML: {reason}")]
    Malformed {
        /// Where.
        source_of: Source,
        /// What.
        reason: String,
    },
    /// The value is no text.
    #[error("{source_of} is not UTF-8")]
    NotText {
        /// Which variable.
        source_of: Source,
    },
    /// There is no such setting.
    #[error("unknown setting {key} ({source_of}){}", hint(*nearest))]
    Unknown {
        /// What was said.
        key: String,
        /// By whom.
        source_of: Source,
        /// What may have been meant, where one is near.
        nearest: Option<&'static str>,
    },
    /// The value does not parse.
    #[error("setting {key} ({source_of}) must be {expected}")]
    Invalid {
        /// Which setting.
        key: &'static str,
        /// Who said it.
        source_of: Source,
        /// What it takes.
        expected: &'static str,
    },
}

impl SettingsFault {
    /// The setting whose value does not parse.
    pub(super) fn malformed(&self) -> Option<&'static str> {
        match self {
            Self::Invalid { key, .. } => Some(key),
            Self::Unreadable { .. } | Self::Malformed { .. } | Self::NotText { .. } | Self::Unknown { .. } => None,
        }
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<SettingsFault>);

impl std::error::Error for SettingsError {}

/// One by itself, several as a list.
impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return only.fmt(f);
        }
        write!(f, "{} faults in the settings:", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(|| "; `desk settings` lists all".to_owned(), |nearest| format!("; did you mean {nearest}?"))
}

/// A key that is no setting.
pub(super) fn unknown(key: &str, source_of: Source) -> SettingsFault {
    SettingsFault::Unknown { key: key.to_owned(), source_of, nearest: nearest(key) }
}

/// The nearest setting, if so few letters differ that it may have been meant: one in four.
fn nearest(key: &str) -> Option<&'static str> {
    let distance = |setting: &&Setting| strsim::damerau_levenshtein(setting.key, key);
    let nearest = SETTINGS.iter().min_by_key(distance)?;
    (distance(&nearest) <= (key.chars().count() / 4).max(1)).then_some(nearest.key)
}
