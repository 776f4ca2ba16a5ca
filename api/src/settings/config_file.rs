//! The TOML file: each value with its place, and all faults of the file at once.

use std::path::Path;

use event_store::private_file::secret_of;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    faults::{SettingsFault, Source, unknown},
    setting::Setting,
};

/// What a file says, and what is wrong with it.
#[derive(Default)]
pub(super) struct ConfigFile {
    pub(super) values: Vec<(&'static Setting, String, Source)>,
    pub(super) faults: Vec<SettingsFault>,
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Self {
        let shown = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &shown),
            Err(error) => {
                let fault = SettingsFault::Unreadable { path: shown, reason: error.to_string() };
                Self { faults: vec![fault], ..Self::default() }
            }
        }
    }

    fn parse(text: &str, path: &str) -> Self {
        // An editor's byte order mark is no part of the first key, and no column.
        let text = secret_of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut file = Self::default();
        for error in errors {
            let source_of = place(path, text, error.span().map_or(0, |span| span.start));
            file.faults.push(SettingsFault::Malformed { source_of, reason: error.message().to_owned() });
        }
        for (key, value) in table.into_inner() {
            let source = place(path, text, key.span().start);
            file.take(key.get_ref(), &value, source);
        }
        file.in_order()
    }

    fn take(&mut self, key: &str, value: &Spanned<DeValue<'_>>, source: Source) {
        let Some(setting) = Setting::find(key) else { return self.faults.push(unknown(key, source)) };
        match plain_text(value.get_ref()) {
            // As in the environment: what has no default is unset by nothing.
            Some(text) if text.is_empty() && setting.default.is_none() => {}
            Some(text) => self.values.push((setting, text, source)),
            None => {
                let (key, expected) = (setting.key, setting.expected);
                self.faults.push(SettingsFault::Invalid { key, source_of: source, expected });
            }
        }
    }

    /// Tables are sorted by key; people read from the top.
    fn in_order(mut self) -> Self {
        self.faults.sort_by_key(|fault| match fault {
            SettingsFault::Malformed { source_of: Source::File { line, column, .. }, .. }
            | SettingsFault::Unknown { source_of: Source::File { line, column, .. }, .. }
            | SettingsFault::Invalid { source_of: Source::File { line, column, .. }, .. } => (*line, *column),
            SettingsFault::Unreadable { .. }
            | SettingsFault::NotText { .. }
            | SettingsFault::Malformed { .. }
            | SettingsFault::Unknown { .. }
            | SettingsFault::Invalid { .. } => (0, 0),
        });
        self
    }
}

fn place(path: &str, text: &str, at: usize) -> Source {
    let before = text.get(..at).unwrap_or(text);
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let (line, column) = (before.matches('\n').count() + 1, before[begin..].chars().count() + 1);
    Source::File { path: path.to_owned(), line, column }
}

/// A list is written as in the environment; there are no settings in tables.
fn plain_text(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(values) => {
            let texts: Option<Vec<String>> = values.iter().map(|value| plain_text(value.get_ref())).collect();
            texts?.join(",")
        }
        DeValue::Table(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        ConfigFile::parse(text, "desk.toml").faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_of_a_file_is_named_with_line_and_column() {
        let text = "listen = \"127.0.0.1:1\"\n  lisen = 1\n\n[smtp]\nhost = \"x\"\n[time_zone]\nname = \"UTC\"\n";
        assert_eq!(
            said(text),
            [
                "unknown setting lisen (config file desk.toml, line 2, column 3); did you mean listen?",
                "unknown setting smtp (config file desk.toml, line 4, column 2); `desk settings` lists all",
                "setting time_zone (config file desk.toml, line 6, column 2) must be a time zone like Asia/Shanghai",
            ]
        );
        let broken = said("listen = \"127.0.0.1:1\"\n表 = \ndev = maybe\n");
        assert!(broken.len() > 1, "{broken:?}");
        assert!(broken[0].starts_with("config file desk.toml, line 2, column "), "{broken:?}");
        assert!(broken.last().is_some_and(|last| last.contains("line 3")), "{broken:?}");
    }

    #[test]
    fn values_are_written_as_in_the_environment() {
        let text = "\u{feff}assistant_attempts = 3\r\ndatabase_url = \"\"\r\nweekends_disabled = false\r\nholidays = [\"2026-10-01\", 2026-10-02]\r\n";
        let file = ConfigFile::parse(text, "desk.toml");
        let values: Vec<(&str, &str)> = file.values.iter().map(|(s, text, _)| (s.key, text.as_str())).collect();
        let expected =
            [("assistant_attempts", "3"), ("holidays", "2026-10-01,2026-10-02"), ("weekends_disabled", "false")];
        assert_eq!((values, file.faults), (expected.to_vec(), Vec::new()));
    }
}
