//! Who may do what only one node may do, and which nodes live. By the database's clock, so that nodes need no common one.
//!
//! Invariant: whoever takes a lease raises its epoch, and what is written names the epoch: a holder that was frozen and does not
//! know that it lost the lease can write nothing.

use std::time::Duration;

use domain::Incarnation;
use event_store::sql::{Database, SqlError, Transaction};

use super::{ProcessStore, StoreError};
use crate::node::Node;

/// A node that has not been heard of for so long is dead.
pub const NODE_STALE: Duration = Duration::from_secs(10);
/// How long a lease lasts without being renewed.
pub const LEASE: Duration = Duration::from_secs(15);

const POSTGRES_NOW: &str = "extract(epoch from clock_timestamp())::double precision";
const SQLITE_NOW: &str = "unixepoch('subsec')";

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    name: String,
    holder: Incarnation,
    epoch: i64,
}

impl Lease {
    /// What it is for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl ProcessStore {
    /// Says that this life of the node is alive; the node's earlier life is dead from now on, and holds no lease any more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn heartbeat(&self, node: &Node) -> Result<(), StoreError> {
        let earlier = "update lease set expires_at = 0 \
                       where holder in (select incarnation from node where id = $1 and incarnation <> $2)";
        let alive = "insert into node (id, incarnation, heartbeat_at) values ($1, $2, $3) on conflict (id) do update \
                     set incarnation = excluded.incarnation, heartbeat_at = excluded.heartbeat_at";
        let (id, life) = (node.id.as_str().into(), node.incarnation.0.into());
        let mut tx = self.0.begin().await?;
        let now = database_now(&mut tx).await?;
        tx.execute(earlier, &[id, life]).await?;
        tx.execute(alive, &[id, life, now.into()]).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a lease that is free, has run out, or is held by a life whose heartbeat is stale. `None` where another holds it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn acquire(&self, name: &str, node: &Node) -> Result<Option<Lease>, StoreError> {
        let sql = "insert into lease (name, holder, expires_at, epoch) values ($1, $2, $3, 1) \
                   on conflict (name) do update \
                   set holder = excluded.holder, expires_at = excluded.expires_at, epoch = lease.epoch + 1 \
                   where lease.holder = excluded.holder or lease.expires_at < $4 \
                   or exists (select 1 from node where incarnation = lease.holder and heartbeat_at < $5) \
                   returning epoch";
        let mut tx = self.0.begin().await?;
        let now = database_now(&mut tx).await?;
        let (expires_at, stale) = (now + LEASE.as_secs_f64(), now - NODE_STALE.as_secs_f64());
        let values = [name.into(), node.incarnation.0.into(), expires_at.into(), now.into(), stale.into()];
        let taken = tx.fetch(sql, &values).await?.first().map(|row| row.int(0)).transpose()?;
        tx.commit().await?;
        Ok(taken.map(|epoch| Lease { name: name.to_owned(), holder: node.incarnation, epoch }))
    }

    /// The names of the leases that this life of the node holds by the database's clock.
    ///
    /// # Errors
    /// The database is away.
    pub async fn held_leases(&self, node: &Node) -> Result<Vec<String>, StoreError> {
        let now = if matches!(self.0, Database::Postgres(_)) { POSTGRES_NOW } else { SQLITE_NOW };
        let sql = format!("select name from lease where holder = $1 and expires_at >= {now}");
        let rows = self.0.fetch(&sql, &[node.incarnation.0.into()]).await?;
        Ok(rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?)
    }

    /// Renews a lease; `false` if somebody has taken it since.
    ///
    /// # Errors
    /// The database is away.
    pub async fn renew(&self, lease: &Lease) -> Result<bool, StoreError> {
        let mut tx = self.0.begin().await?;
        let expires_at = database_now(&mut tx).await? + LEASE.as_secs_f64();
        let is_ours = set_expiry(&mut tx, lease, expires_at).await?;
        tx.commit().await?;
        Ok(is_ours)
    }

    /// Gives a lease up, so that the next node need not wait for it to run out. Its epoch stays.
    ///
    /// # Errors
    /// The database is away.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        set_expiry(&mut tx, lease, 0.0).await?;
        Ok(tx.commit().await?)
    }
}

async fn set_expiry(tx: &mut Transaction, lease: &Lease, expires_at: f64) -> Result<bool, SqlError> {
    let sql = "update lease set expires_at = $4 where name = $1 and holder = $2 and epoch = $3";
    let values = [lease.name().into(), lease.holder.0.into(), lease.epoch.into(), expires_at.into()];
    Ok(tx.execute(sql, &values).await? == 1)
}

/// Refuses what the transaction writes unless the lease is still ours; whoever takes it waits for the transaction's end.
pub(super) async fn fence(tx: &mut Transaction, lease: &Lease) -> Result<(), StoreError> {
    let sql = "update lease set epoch = epoch where name = $1 and holder = $2 and epoch = $3";
    let values = [lease.name().into(), lease.holder.0.into(), lease.epoch.into()];
    match tx.execute(sql, &values).await? {
        1 => Ok(()),
        _none => Err(StoreError::Fenced { name: lease.name.clone() }),
    }
}

/// Seconds since 1970 by the database's clock.
pub(super) async fn database_now(tx: &mut Transaction) -> Result<f64, SqlError> {
    let now = if tx.is_postgres() { POSTGRES_NOW } else { SQLITE_NOW };
    match tx.fetch(&format!("select {now}"), &[]).await?.first() {
        Some(row) => row.float(0),
        None => Ok(0.0),
    }
}
