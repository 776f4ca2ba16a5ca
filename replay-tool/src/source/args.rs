//! The arguments that say where the log and its keys are.

use std::path::PathBuf;

use clap::Args;

/// The log, and the keys to what is sealed in it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Log and keys")]
pub struct StoreArgs {
    /// The log: a data directory, a path to events.db, sqlite:PATH, postgres://… or, where this program was built with it,
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
    /// Where desk keeps views and vault, when the log has a place of its own: desk's data directory, or postgres://…; unless
    /// told, beside the log.
    #[arg(long, global = true, value_name = "URL", env = "DESK_VIEWS", hide_env_values = true)]
    pub views: Option<String>,
    /// A file with user and password for a log in KurrentDB, as desk takes it.
    #[arg(long, global = true, value_name = "FILE", env = "DESK_EVENT_STORE_CREDENTIALS_FILE", hide_env_values = true)]
    pub store_credentials: Option<PathBuf>,
    /// A position map that `desk copy-log` wrote: checkpoints and positions from before the copy count as if they were the
    /// log's own. After several copies, once for each.
    #[arg(long, global = true, value_name = "FILE")]
    pub map: Vec<PathBuf>,
    /// The vault, where it is not beside the views: a path to keys.db, sqlite:PATH, or postgres://…; unless told, keys.db in
    /// the data directory, or the schema `vault` of the views' own database.
    #[arg(long, global = true, value_name = "URL", env = "DESK_VAULT", hide_env_values = true)]
    pub vault: Option<String>,
}
