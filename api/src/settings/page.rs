//! The settings for people: the page in `docs/`, and what `desk check-config` prints.

use std::fmt::Write as _;

use event_store::location::without_secrets;

use super::{Settings, declared::SETTINGS, layers::Layers, value::PostgresUrl};

/// `docs/settings.md`.
#[must_use]
pub fn settings_page() -> String {
    let mut page = String::from(
        "# Settings\n\nMade by `desk settings`. A TOML file (`--config FILE` or `DESK_CONFIG`), the environment over it, flags over both.\n\
         Secrets are never printed. `desk check-config` says what would run.\n\n\
         | in the file | environment | the original's | default | what it is |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let original = setting.original.map_or(String::new(), |name| format!("`{name}`"));
        let default = setting.default.map_or("–".to_owned(), |default| format!("`{default}`"));
        let environment = format!("DESK_{}", setting.key.to_uppercase());
        writeln!(page, "| `{}` | `{environment}` | {original} | {default} | {} |", setting.key, setting.about)
            .expect("writing to a string cannot fail");
    }
    page
}

/// A configuration file with every setting, each commented out at its default: it changes nothing until a line is written anew.
#[must_use]
pub fn example_file() -> String {
    let mut file = String::from(
        "# Fiido Desk: desk --config THIS-FILE\n# Made by `desk settings --toml`. Every setting at its default, commented out; one without a default \
         is empty here\n# and unset. The environment (DESK_LISTEN, …) wins over this file, flags win over both. Secrets are better in the \
         environment;\n# a file that has any is to be mode 640 or less.\n",
    );
    for setting in SETTINGS {
        let about = setting.about.split(' ').fold(String::from("\n#"), wrapped);
        let value = toml_value(setting.default.unwrap_or_default());
        writeln!(file, "{about}\n#{} = {value}", setting.key).expect("writing to a string cannot fail");
    }
    file
}

/// The width of the file's comments.
const WIDTH: usize = 100;

fn wrapped(mut text: String, word: &str) -> String {
    let line = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
    if line + word.len() >= WIDTH {
        text.push_str("\n#");
    }
    text + " " + word
}

/// Numbers and truths as such, all else in quotes.
fn toml_value(text: &str) -> String {
    if text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() {
        return text.to_owned();
    }
    toml::Value::String(text.to_owned()).to_string()
}

/// Every setting with its value and source, secrets only as set or not; then where everything would be.
#[must_use]
pub fn check_config(layers: &Layers, settings: &Settings) -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let value = match layers.get(setting.key) {
            None => "(unset)".to_owned(),
            Some(_) if setting.secret => "(set, not shown)".to_owned(),
            Some(value) => value.to_owned(),
        };
        let source = layers.source(setting.key).map_or(String::new(), |source| format!("   [{source}]"));
        writeln!(text, "{:<28} {value}{source}", setting.key).expect("writing to a string cannot fail");
    }
    text + &places(settings)
}

fn places(settings: &Settings) -> String {
    let files = format!("SQLite, {}", settings.data_dir.display());
    let server = |url: &PostgresUrl| format!("PostgreSQL, {}", without_secrets(url));
    let rest = settings.database_url.as_ref().map_or(files, server);
    let vault = settings.vault_url.as_ref().map_or_else(|| rest.clone(), server);
    format!(
        "\nthe log: {}\nviews and policies: {rest}\nthe vault: {vault}\nmails to the team: {}\n",
        settings.log, settings.mail
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_example_file_is_a_setting_once_its_comment_sign_is_gone() {
        let example = example_file();
        let lines: Vec<&str> = example.lines().filter_map(|line| line.strip_prefix('#')).collect();
        let settings: Vec<&str> = lines.into_iter().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
        assert_eq!(settings.len(), SETTINGS.len());
        let folder = std::env::temp_dir().join(format!("desk-example-{}", std::process::id()));
        std::fs::write(&folder, settings.join("\n")).expect("the temporary folder can be written");
        let mut layers = Layers::default();
        layers.file(&folder);
        std::fs::remove_file(&folder).expect("it is there");
        for setting in SETTINGS {
            assert_eq!(
                layers.get(setting.key).unwrap_or_default(),
                setting.default.unwrap_or_default(),
                "{}",
                setting.key
            );
        }
        assert!(example.lines().all(|line| line.is_empty() || line.starts_with('#')));
    }
}
