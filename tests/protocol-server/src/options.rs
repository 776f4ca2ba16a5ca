//! How a server behaves from its start on. The defaults are those of KurrentDB 25 as it comes.

use std::{fmt, time::Duration};

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many nodes the cluster has: listeners over the same events, of which the first leads at first.
    pub nodes: usize,
    /// Where the nodes listen: one port for each on 127.0.0.1, 0 for any that is free. What is missing counts as 0.
    pub ports: Vec<u16>,
    /// Who may sign in. Nobody: access is not checked, as with `--insecure`.
    pub users: Vec<User>,
    /// How many bytes an append may have: data, metadata and twice the length of the types. 1 MiB is KurrentDB's default.
    pub max_append_bytes: usize,
    /// How many bytes of those a single event may have.
    pub max_event_bytes: usize,
    /// What happens to a live subscription that does not take what it is sent.
    pub slow_subscribers: SlowSubscribers,
    /// How many events wait for a live subscription before it counts as too slow. 32 in KurrentDB.
    pub live_buffer: usize,
    /// Whether subscriptions are told that they fell behind. The protocol has a message for it; KurrentDB does not send it.
    pub tell_fell_behind: bool,
    /// After how many writes the server writes an event of its own (`$stats…`); 0: never.
    pub stats_every: u32,
    /// What a read of `$all` answers that begins where no record does. Subscriptions always say `INVALID_ARGUMENT`.
    pub invalid_position: InvalidPosition,
    /// Whether a position behind the end of the log is such a one too. In KurrentDB a read from there just finds nothing.
    pub refuse_positions_behind_the_end: bool,
    /// Which version of the server is told to clients.
    pub version: String,
    /// What a server shows whoever connects with TLS. None: no TLS.
    pub tls: Option<Tls>,
    /// How much longer a filtered read or subscription takes for each thousand events that it looks at. KurrentDB took 13 ms.
    pub search_cost: Duration,
    /// How much later readers see, and writers are told, what was written. A write that is refused over it is refused at once, as by
    /// the leader of a cluster, which shows what a majority has.
    pub visible_after: Duration,
}

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain in PEM, the server's own first.
    pub certificates: String,
    /// Its private key in PEM.
    pub key: String,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: 1,
            ports: Vec::new(),
            users: Vec::new(),
            max_append_bytes: 1024 * 1024,
            max_event_bytes: usize::MAX,
            slow_subscribers: SlowSubscribers::CatchUp,
            live_buffer: 32,
            tell_fell_behind: false,
            stats_every: 20,
            invalid_position: InvalidPosition::Unknown,
            refuse_positions_behind_the_end: false,
            version: "25.1.0".to_owned(),
            tls: None,
            search_cost: Duration::ZERO,
            visible_after: Duration::ZERO,
        }
    }
}

/// What happens to a live subscription that does not take what it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowSubscribers {
    /// It reads from the log again until it has caught up: KurrentDB since 23.10.1.
    #[default]
    CatchUp,
    /// It is ended with `ABORTED`: EventStoreDB from 21.10.7 to 23.10.0.
    Drop,
}

/// How a read of `$all` is refused that begins where no record does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvalidPosition {
    /// `UNKNOWN`, as KurrentDB 25.0 does.
    #[default]
    Unknown,
    /// `INVALID_ARGUMENT`, as later ones do.
    InvalidArgument,
}

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The groups; who is in `$admins` may do everything.
    pub groups: Vec<String>,
}

impl User {
    /// A user in no group.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), groups: Vec::new() }
    }

    /// A user who may do everything.
    #[must_use]
    pub fn admin(name: &str, password: &str) -> Self {
        Self { groups: vec!["$admins".to_owned()], ..Self::new(name, password) }
    }
}
