//! The arguments that say where the log and its keys are.

use std::path::PathBuf;

use clap::Args;

/// The log, and the keys to what is sealed in it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Log and keys")]
pub struct StoreArgs {
    /// The log: a data directory, a path to events.db, sqlite:PATH, postgres://… or, if built with support for it,
    /// kurrentdb://…
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "DESK_STORE",
        default_value = "./data",
        hide_env_values = true
    )]
    pub store: String,
    /// The file with the master key (64 hexadecimal digits); without it personal parts print as `[sealed]`.
    #[arg(long, global = true, value_name = "FILE", env = "DESK_MASTER_KEY_FILE", hide_env_values = true)]
    pub master_key: Option<PathBuf>,
    /// Location of views and vault, if the log is kept apart from them: desk's data directory, or postgres://…. Default:
    /// beside the log.
    #[arg(long, global = true, value_name = "URL", env = "DESK_VIEWS", hide_env_values = true)]
    pub views: Option<String>,
    /// A file with user and password for a log in KurrentDB, in the same form as for desk.
    #[arg(long, global = true, value_name = "FILE", env = "DESK_EVENT_STORE_CREDENTIALS_FILE", hide_env_values = true)]
    pub store_credentials: Option<PathBuf>,
    /// A position map written by `desk copy-log`: makes checkpoints and positions from before the copy usable. After several
    /// copies, once for each.
    #[arg(long, global = true, value_name = "FILE")]
    pub map: Vec<PathBuf>,
    /// The vault, if it is not beside the views: a path to keys.db, sqlite:PATH, or postgres://…. Default: keys.db in the data
    /// directory, or the schema `vault` of the views' database.
    #[arg(long, global = true, value_name = "URL", env = "DESK_VAULT", hide_env_values = true)]
    pub vault: Option<String>,
}
