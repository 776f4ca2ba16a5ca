//! How each kind of connection is set up: under which name the server lists it, and which limits it sets itself.
//!
//! Invariant: a node that dies or hangs in mid-transaction gives the head row back within [`IDLE_IN_TRANSACTION`], well
//! before the others' patience with the lock ends.

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{postgres::PostgresError, sql::SqlError};

/// How long a connection may take to come up, or a reader may wait for a free one.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// After this the server ends a transaction whose client went silent.
const IDLE_IN_TRANSACTION: &str = "2s";
/// The longest wait for the head row: longer than [`IDLE_IN_TRANSACTION`], so that a dead node is outlived.
const LOCK: &str = "4s";
/// The longest statement of a batch, its wait for the head row included.
const STATEMENT: &str = "5s";
/// The longest read of a page.
const READ: &str = "30s";

/// Every statement of ours finds its rows by index. Plans made while the log was small, or before it was ever analysed,
/// would scan or sort the whole of it later. Without `jit`: what has no index to go by (a trigger's new rows) counts as very
/// expensive then, and would be compiled anew for every batch (measured: 60 ms each).
const BY_INDEX: [(&str, &str); 3] = [("enable_seqscan", "off"), ("enable_bitmapscan", "off"), ("jit", "off")];

pub(super) fn sequencer(url: &str) -> Result<PgConnectOptions, SqlError> {
    let limits = [
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
        ("lock_timeout", LOCK),
        ("statement_timeout", STATEMENT),
    ];
    Ok(options(url, "desk sequencer")?.options(BY_INDEX).options(limits))
}

pub(super) fn listener(url: &str) -> Result<PgConnectOptions, SqlError> {
    options(url, "desk listener")
}

/// Connections that cannot write, made when they are needed.
pub(super) fn readers(url: &str, connections: u32) -> Result<PgPool, SqlError> {
    let settings = [("default_transaction_read_only", "on"), ("enable_sort", "off"), ("statement_timeout", READ)];
    let options = options(url, "desk reader")?.options(BY_INDEX).options(settings);
    Ok(PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT).connect_lazy_with(options))
}

fn options(url: &str, name: &str) -> Result<PgConnectOptions, SqlError> {
    Ok(url.parse::<PgConnectOptions>()?.application_name(name))
}

const MUST_NOT_BE_OFF: &str = "select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name";

/// Refuses a session in which a commit is answered before it would survive a power cut.
pub(super) async fn refuse_unsafe(connection: &mut PgConnection) -> Result<(), PostgresError> {
    let row = sqlx::query(MUST_NOT_BE_OFF).fetch_optional(connection).await.map_err(SqlError)?;
    let Some(row) = row else { return Ok(()) };
    let setting = row.try_get(0).map_err(SqlError)?;
    Err(PostgresError::UnsafeSetting { setting, value: row.try_get(1).map_err(SqlError)? })
}
