//! The program's arguments.

use std::path::PathBuf;

use clap::Parser;

/// Checks a log against every promise that Fiido Desk relies on, and survives crashes on it.
///
/// It runs each promise of the log's port once (appends are whole, repeats are answered as the first time, nobody's event is lost
/// or doubled, subscriptions have no seam, …), then a walk of crashes: a writer of its own is killed with SIGKILL again and
/// again while it appends, and after each kill every event that was acknowledged must be in the log once, where it was said
/// to be. At the end the whole log is proved from its own hashes.
///
/// The log must be EMPTY: several thousand events are written, they stay for good, and no desk can read such a log afterwards.
#[derive(Debug, Parser)]
#[command(
    name = "event-store-conformance",
    version,
    after_long_help = "EXAMPLES:\n  \
        event-store-conformance kurrentdb://localhost:2113?tls=false\n  \
        event-store-conformance 'kurrentdb+discover://cluster.example:2113?tlsCaFile=/etc/kurrent/ca.pem' \\\n    \
        --credentials-file desk.credentials --kills 100\n  \
        event-store-conformance kurrentdb://localhost:2113 --restart 'docker restart kurrentdb'\n  \
        event-store-conformance postgres://desk@db/empty\n\n\
        EXIT CODES:\n  0  everything holds\n  1  something does not: the report says what\n  2  it could not run"
)]
pub(crate) struct Options {
    /// Where the log is: kurrentdb://… (also esdb://, +discover; if built with KurrentDB), postgres://…, or a path of a SQLite file.
    #[arg(required_unless_present = "list")]
    pub(crate) url: Option<String>,

    /// User and password for KurrentDB: user:password on one line, or on two; readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials_file: Option<PathBuf>,

    /// What the server takes in one append, in bytes, where that is not KurrentDB's default of 1 MiB.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_append_bytes: Option<usize>,

    /// Writes into a log that has events already. Never into one that anybody needs.
    #[arg(long)]
    pub(crate) into_this_log: bool,

    /// Checks only this promise, and no crashes; may be given several times.
    #[arg(long, value_name = "PROMISE")]
    pub(crate) only: Vec<String>,

    /// How often the writer is killed; 0 for no crashes.
    #[arg(long, default_value_t = 20)]
    pub(crate) kills: u32,

    /// Begins the walk of crashes like an earlier one; the report says with which number.
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// A command that restarts the server, or kills a node of it: run wherever a promise speaks of a restart, and after every
    /// fourth kill.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) restart: Option<String>,

    /// How many seconds the server may take to be back after that.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) back_within: u64,

    /// Names the promises.
    #[arg(long)]
    pub(crate) list: bool,

    /// The writer of a crash walk; the program starts itself so.
    #[arg(long, hide = true)]
    pub(crate) writer: Option<String>,
}
