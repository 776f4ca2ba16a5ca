//! The settings for people: the page in `docs/`, and what `desk check-config` prints.

use std::fmt::Write as _;

use event_store::location::without_secrets;

use super::{
    Settings,
    declared::SETTINGS,
    layers::{Layers, Source},
    value::PostgresUrl,
};

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
        let source = layers.source(setting.key).filter(|source| **source != Source::Default);
        let source = source.map_or(String::new(), |source| format!("   [{source}]"));
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
