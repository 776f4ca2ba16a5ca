//! Connection options per purpose: application name and limits.
//!
//! Invariant: a node that dies or hangs within a transaction releases the head row after [`IDLE_IN_TRANSACTION`] at the latest, well
//! before the lock timeout of other nodes.

use std::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use tokio::time::timeout;

use crate::{
    postgres::PostgresError,
    sql::{SqlError, connect_options, probe_postgres},
};

/// Limit for connecting, and for a reader waiting for a free connection.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// The server ends a transaction whose client has been silent for this long.
const IDLE_IN_TRANSACTION: &str = "2s";
/// Longest wait for the head row: longer than [`IDLE_IN_TRANSACTION`], so that a dead node's lock is waited out.
const LOCK: &str = "4s";
/// Longest statement of a batch, including its wait for the head row.
const STATEMENT: &str = "5s";
/// Longest read of a page.
const READ: &str = "30s";

/// Every statement finds its rows by index. Plans made while the log was small or not yet analysed would later scan or sort all of
/// it, so sequential scans and sorts are off. `jit` is off because a scan that has no index (a trigger's new rows) then counts as
/// very expensive and would be compiled for every batch (measured: 60 ms each).
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

/// Read-only connections, opened when needed.
pub(super) fn readers(url: &str, connections: u32) -> Result<PgPool, SqlError> {
    let settings = [("default_transaction_read_only", "on"), ("enable_sort", "off"), ("statement_timeout", READ)];
    let options = options(url, "desk reader")?.options(BY_INDEX).options(settings);
    Ok(PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT).connect_lazy_with(options))
}

fn options(url: &str, name: &str) -> Result<PgConnectOptions, SqlError> {
    Ok(connect_options(url)?.application_name(name))
}

/// Writes by a connection of its own, which is closed again: this is asked only after an append has failed.
pub(super) async fn probe_write(options: &PgConnectOptions) -> Result<(), SqlError> {
    let probing = async {
        let mut connection = options.connect().await?;
        probe_postgres(&mut connection).await?;
        // What is asked is answered; how the connection ends matters to nobody.
        drop(connection.close().await);
        Ok::<_, SqlError>(())
    };
    timeout(CONNECT, probing).await.map_err(|_| SqlError(sqlx::Error::PoolTimedOut))?
}

const MUST_NOT_BE_OFF: &str = "select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name";

/// Refuses a session in which an acknowledged commit might not survive a power cut.
pub(super) async fn refuse_unsafe(connection: &mut PgConnection) -> Result<(), PostgresError> {
    let row = sqlx::query(MUST_NOT_BE_OFF).fetch_optional(connection).await.map_err(SqlError)?;
    let Some(row) = row else { return Ok(()) };
    let setting = row.try_get(0).map_err(SqlError)?;
    Err(PostgresError::UnsafeSetting { setting, value: row.try_get(1).map_err(SqlError)? })
}
