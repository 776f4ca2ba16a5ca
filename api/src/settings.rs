//! Settings: a TOML file, environment over it, flags over both. One table says all there is; the page `docs/settings.md`,
//! `desk check-config` and the errors are made from it.
//!
//! Invariant: a secret's value is never printed; unknown keys are refused with the nearest known one.

mod doors;
mod layers;
mod log_place;
mod page;
mod table;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::sign_in::second_factor::SecondFactorRoles;

pub use doors::Doors;
pub use layers::{Layers, SettingsError, Source};
pub use log_place::{LogPlace, Url};
pub use page::{check_config, settings_page};
pub use table::{SETTINGS, Setting};

/// Everything that can be set, parsed.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What this node keeps.
    pub data_dir: PathBuf,
    /// Where the log is.
    pub log: LogPlace,
    /// User and password for a log in KurrentDB.
    pub event_store_credentials_file: Option<PathBuf>,
    /// PostgreSQL for all but the log; absent means SQLite in the data directory.
    pub database_url: Option<String>,
    /// The role that migrates, if it is another one.
    pub database_owner_url: Option<String>,
    /// The vault's own PostgreSQL, if it is another one.
    pub vault_url: Option<String>,
    /// 64 hexadecimal digits that wrap all data keys.
    pub master_key_file: Option<PathBuf>,
    /// Where checkpoints are written.
    pub checkpoint_dir: PathBuf,
    /// The key that signs checkpoints.
    pub checkpoint_key_file: PathBuf,
    /// Keys that sign the tokens of visitors and staff.
    pub token_key_file: Option<PathBuf>,
    /// The first account's password.
    pub admin_password: Option<String>,
    /// Roles that need a second factor.
    pub second_factor_roles: SecondFactorRoles,
    /// For whom the shop's identity tokens must be.
    pub identity_audience: String,
    /// The keys that sign them; absent means that none are taken.
    pub identity_keys_file: Option<PathBuf>,
    /// Whether a caller without a token acts in a session by its name alone.
    pub legacy_sessions: bool,
    /// This node's name among the nodes of one database.
    pub node_id: Option<String>,
    /// The FAQ's Markdown.
    pub faq_dir: Option<PathBuf>,
    /// The longest one attempt of the assistant may take.
    pub assistant_limit: Duration,
    /// The shop's time zone: where its day begins.
    pub time_zone: jiff::tz::TimeZone,
    /// Shown to customers.
    pub bot: Bot,
    /// The original's `workflow_id`, answered by `/api/config`.
    pub workflow_id: String,
    /// The original's `app_id`, answered by `/api/config`.
    pub app_id: String,
    /// Who may come in, and how.
    pub doors: Doors,
    /// For a developer's own machine.
    pub dev: bool,
}

/// What `/api/bot/info` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// Name.
    pub name: String,
    /// One line.
    pub description: String,
    /// Picture.
    pub icon_url: String,
    /// First words.
    pub welcome: String,
}

impl Settings {
    /// Parses what the layers say.
    ///
    /// # Errors
    /// A value does not parse; the error names setting, source and what is expected.
    pub fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        let data_dir = PathBuf::from(layers.required("data_dir"));
        let in_data_dir = |key, name| layers.get(key).map_or_else(|| data_dir.join(name), PathBuf::from);
        Ok(Self {
            checkpoint_dir: in_data_dir("checkpoint_dir", "checkpoints"),
            checkpoint_key_file: in_data_dir("checkpoint_key_file", "checkpoint-key"),
            listen: layers.parse("listen", "an address like 127.0.0.1:8080")?,
            event_store_credentials_file: layers.get("event_store_credentials_file").map(Into::into),
            log: LogPlace::parse(layers, &data_dir)?,
            data_dir,
            database_url: layers.postgres_url("database_url")?,
            database_owner_url: layers.postgres_url("database_owner_url")?,
            vault_url: layers.postgres_url("vault_url")?,
            master_key_file: layers.get("master_key_file").map(Into::into),
            token_key_file: layers.get("token_key_file").map(Into::into),
            admin_password: layers.get("admin_password").map(str::to_owned),
            second_factor_roles: layers.parse("second_factor_roles", "roles like admin,auditor, or nothing")?,
            identity_audience: layers.required("identity_audience").to_owned(),
            identity_keys_file: layers.get("identity_keys_file").map(Into::into),
            legacy_sessions: layers.parse("compat_legacy_sessions", "true or false")?,
            node_id: layers.get("node_id").map(str::to_owned),
            faq_dir: layers.get("faq_dir").map(Into::into),
            assistant_limit: Duration::from_secs(layers.parse("assistant_limit_seconds", "a number of seconds")?),
            time_zone: layers.time_zone("time_zone")?,
            bot: Bot {
                name: layers.required("bot_name").to_owned(),
                description: layers.required("bot_description").to_owned(),
                icon_url: layers.required("bot_icon_url").to_owned(),
                welcome: layers.required("bot_welcome").to_owned(),
            },
            workflow_id: layers.required("workflow_id").to_owned(),
            app_id: layers.required("app_id").to_owned(),
            doors: Doors::parse(layers)?,
            dev: layers.parse("dev", "true or false")?,
        })
    }
}
