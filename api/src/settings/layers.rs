//! The layers of settings: defaults, file, environment, flags; the later wins.
//!
//! Invariant: what is wrong in one layer hides nothing that is wrong in another: all of it is told at once.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use event_store::private_file::secret_of;

use super::{
    config_file::ConfigFile,
    declared::SETTINGS,
    faults::{SettingsFault, Source, unknown},
    setting::Setting,
    value::Value,
    variables::Variables,
};

/// Environment variables of command-line arguments that are not settings.
const ARGUMENTS: [&str; 3] = ["DESK_CONFIG", "DESK_COPY_FROM", "DESK_COPY_TO"];
/// The original's, which together are `listen`.
const ORIGINAL_LISTEN: [&str; 2] = ["HOST", "PORT"];

/// All values with their sources.
#[derive(Clone)]
pub struct Layers {
    values: BTreeMap<&'static str, (String, Source)>,
    faults: Vec<SettingsFault>,
    notes: Vec<String>,
}

impl Default for Layers {
    fn default() -> Self {
        let defaults = SETTINGS.iter().filter_map(|s| Some((s.key, (s.default?.to_owned(), Source::Default))));
        Self { values: defaults.collect(), faults: Vec::new(), notes: Vec::new() }
    }
}

impl Layers {
    /// Lays a TOML file over what is there. What is wrong with it is told with the rest.
    pub fn file(&mut self, path: &Path) {
        let ConfigFile { values, faults } = ConfigFile::read(path);
        self.faults.extend(faults);
        for (setting, value, source) in values {
            self.set(setting, value, source);
        }
    }

    /// Lays the environment over what is there: the original's names, then ours. The original's `HOST` and `PORT` count only where
    /// nothing of ours says where to listen.
    pub fn environment(&mut self, all: impl Iterator<Item = (OsString, OsString)>) {
        let mut variables = Variables::of(all, is_read);
        self.faults.append(&mut variables.faults);
        if self.source("listen") == Some(&Source::Default)
            && !variables.values.contains_key("DESK_LISTEN")
            && let Some((listen, source)) = variables.original_listen(self.get("listen").unwrap_or_default())
        {
            self.values.insert("listen", (listen, source));
        }
        for setting in SETTINGS {
            let name = setting.original.filter(|name| variables.values.contains_key(*name));
            if let Some(name) = name {
                self.set(setting, variables.values[name].clone(), Source::Environment(name.to_owned()));
            }
        }
        for (name, value) in &variables.values {
            let Some(key) = name.strip_prefix("DESK_").filter(|_| !ARGUMENTS.contains(&&**name)) else { continue };
            let source = Source::Environment(name.clone());
            match Setting::find(&key.to_lowercase()) {
                Some(setting) => self.set(setting, value.clone(), source),
                None => self.faults.push(unknown(&key.to_lowercase(), source)),
            }
        }
        self.note(&variables.passed_over);
    }

    fn note(&mut self, passed_over: &[(String, &'static str)]) {
        if passed_over.is_empty() {
            return;
        }
        let named: Vec<String> = passed_over.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        self.notes.push(format!("environment variables that are no settings are passed over: {}", named.join(", ")));
    }

    /// Lays a flag over what is there.
    pub fn flag(&mut self, key: &'static str, value: Option<String>) {
        if let Some(value) = value {
            let name = format!("--{}", key.replace('_', "-"));
            self.values.insert(key, (value, Source::Flag(name)));
        }
    }

    /// A secret is often written by a program that ends its line.
    fn set(&mut self, setting: &Setting, value: String, source: Source) {
        let value = if setting.secret { secret_of(&value).to_owned() } else { value };
        self.values.insert(setting.key, (value, source));
    }

    /// A value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|(value, _)| value.as_str())
    }

    /// A value's source.
    #[must_use]
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.values.get(key).map(|(_, source)| source)
    }

    /// What is to be said though nothing is wrong, a line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is wrong with file and environment.
    pub(super) fn faults(&self) -> &[SettingsFault] {
        &self.faults
    }

    /// The value of a setting of this type; one more fault, and the default, if it is malformed.
    pub(super) fn value<T: Value>(&self, key: &'static str, faults: &mut Vec<SettingsFault>) -> T {
        let setting = Setting::find(key);
        self.get(key).map_or_else(T::unset, T::read).unwrap_or_else(|| {
            faults.push(self.invalid(key, setting.map_or(T::EXPECTED, |setting| setting.expected)));
            let default = setting.and_then(|setting| setting.default).map_or_else(T::unset, T::read);
            default.expect("a setting is optional or has a default that parses, as a test shows")
        })
    }

    pub(super) fn invalid(&self, key: &'static str, expected: &'static str) -> SettingsFault {
        SettingsFault::Invalid { key, source_of: self.source(key).cloned().unwrap_or(Source::Default), expected }
    }
}

/// Whether the variable's value is that of a setting.
fn is_read(name: &str) -> bool {
    let is_ours = name.strip_prefix("DESK_").is_some_and(|key| Setting::find(&key.to_lowercase()).is_some());
    is_ours || ORIGINAL_LISTEN.contains(&name) || SETTINGS.iter().any(|setting| setting.original == Some(name))
}

#[cfg(test)]
mod tests;
