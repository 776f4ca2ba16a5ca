//! The layers of settings: defaults, file, environment, flags; the later wins.

use std::{collections::BTreeMap, fmt, path::Path};

use super::{declared::SETTINGS, setting::Setting, value::Value};

/// Environment variables of command-line arguments that are not settings.
const ARGUMENTS: [&str; 3] = ["CONFIG", "COPY_FROM", "COPY_TO"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The declaration.
    Default,
    /// The TOML file.
    File,
    /// This environment variable.
    Environment(String),
    /// This flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("config file"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("config file {path}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("config file {path} is not valid TOML: {reason}")]
    Malformed {
        /// Which.
        path: String,
        /// Where, and what.
        reason: String,
    },
    /// There is no such setting.
    #[error("unknown setting {key} ({source_of}); did you mean {nearest}?")]
    Unknown {
        /// What was said.
        key: String,
        /// By whom.
        source_of: Source,
        /// What may have been meant.
        nearest: String,
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

/// All values with their sources.
#[derive(Clone)]
pub struct Layers(BTreeMap<&'static str, (String, Source)>);

impl Default for Layers {
    fn default() -> Self {
        let defaults = SETTINGS.iter().filter_map(|s| Some((s.key, (s.default?.to_owned(), Source::Default))));
        Self(defaults.collect())
    }
}

impl Layers {
    /// Lays a TOML file over what is there.
    ///
    /// # Errors
    /// It cannot be read, is no TOML, or has a key that is no setting.
    pub fn file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Unreadable { path: shown.clone(), source })?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| SettingsError::Malformed {
            path: shown,
            reason: error.message().to_owned(),
        })?;
        for (key, value) in table {
            let setting = find(&key).ok_or_else(|| unknown(&key, Source::File))?;
            self.0.insert(setting.key, (plain_text(value), Source::File));
        }
        Ok(())
    }

    /// Lays the environment over what is there: the original's names, then ours.
    ///
    /// # Errors
    /// A variable begins with `DESK_` and is no setting.
    pub fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), SettingsError> {
        let variables: BTreeMap<String, String> = variables.filter(|(_, value)| !value.is_empty()).collect();
        self.original_listen(&variables);
        for setting in SETTINGS {
            let name = setting.original.filter(|name| variables.contains_key(*name));
            if let Some(name) = name {
                self.0.insert(setting.key, (variables[name].clone(), Source::Environment(name.to_owned())));
            }
        }
        for (name, value) in &variables {
            let Some(key) = name.strip_prefix("DESK_").filter(|key| !ARGUMENTS.contains(key)) else { continue };
            let source = Source::Environment(name.clone());
            let setting = find(&key.to_lowercase()).ok_or_else(|| unknown(&key.to_lowercase(), source.clone()))?;
            self.0.insert(setting.key, (value.clone(), source));
        }
        Ok(())
    }

    /// Lays a flag over what is there.
    pub fn flag(&mut self, key: &'static str, value: Option<String>) {
        if let Some(value) = value {
            let name = format!("--{}", key.replace('_', "-"));
            self.0.insert(key, (value, Source::Flag(name)));
        }
    }

    fn original_listen(&mut self, variables: &BTreeMap<String, String>) {
        if let Some(port) = variables.get("PORT") {
            let host = variables.get("HOST").map_or("0.0.0.0", String::as_str);
            self.0.insert("listen", (format!("{host}:{port}"), Source::Environment("HOST, PORT".to_owned())));
        }
    }

    /// A value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|(value, _)| value.as_str())
    }

    /// A value's source.
    #[must_use]
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.0.get(key).map(|(_, source)| source)
    }

    /// The value of a setting of this type.
    pub(super) fn value<T: Value>(&self, key: &'static str) -> Result<T, SettingsError> {
        let value = self.get(key).map_or_else(T::unset, T::read);
        value.ok_or_else(|| self.invalid(key, find(key).map_or(T::EXPECTED, |setting| setting.expected)))
    }

    pub(super) fn invalid(&self, key: &'static str, expected: &'static str) -> SettingsError {
        SettingsError::Invalid { key, source_of: self.source(key).cloned().unwrap_or(Source::Default), expected }
    }
}

fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

fn unknown(key: &str, source_of: Source) -> SettingsError {
    let distance = |setting: &&Setting| strsim::damerau_levenshtein(setting.key, key);
    let nearest = SETTINGS.iter().min_by_key(distance).map_or("", |setting| setting.key);
    SettingsError::Unknown { key: key.to_owned(), source_of, nearest: nearest.to_owned() }
}

fn plain_text(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        // A list is written as in the environment.
        toml::Value::Array(values) => values.into_iter().map(plain_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<Layers, SettingsError> {
        let mut layers = Layers::default();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        layers.environment(variables).map(|()| layers)
    }

    #[test]
    fn flags_win_over_environment_and_ours_over_the_originals() {
        let mut layers =
            environment(&[("PORT", "8000"), ("DESK_LISTEN", "127.0.0.1:1"), ("TIMEZONE", "UTC")]).expect("all known");
        assert_eq!(layers.get("listen"), Some("127.0.0.1:1"));
        assert_eq!(layers.get("time_zone"), Some("UTC"));
        layers.flag("listen", Some("127.0.0.1:2".to_owned()));
        assert_eq!(layers.get("listen"), Some("127.0.0.1:2"));
        assert_eq!(layers.source("listen"), Some(&Source::Flag("--listen".to_owned())));
    }

    #[test]
    fn an_unknown_setting_is_refused_with_the_nearest() {
        let error = environment(&[("DESK_LISTENN", "x")]).err().map(|error| error.to_string());
        let expected = "unknown setting listenn (environment DESK_LISTENN); did you mean listen?";
        assert_eq!(error.as_deref(), Some(expected));
    }

    #[test]
    fn a_bad_value_names_setting_and_source_but_not_the_value() {
        let layers = environment(&[("DESK_DATABASE_URL", "mysql://user:hunter2@host")]).expect("known");
        let error = super::super::Settings::parse(&layers).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("database_url (environment DESK_DATABASE_URL)"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
