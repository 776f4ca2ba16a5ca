//! What waits to go outside, and what became of it.
//!
//! Invariant: an attempt is counted and its repetition scheduled before it begins, so that a crash in between neither forgets
//! the item nor tries it without a pause.

use std::{collections::BTreeMap, time::Duration};

use event_store::sql::{Row, SqlError, Transaction};
use jiff::Timestamp;

use super::{super::manager::Item, Lease, ProcessStore, StoreError, json, lease::fence, seconds, time};

pub(super) const DUE: &str =
    "select policy, key, kind, payload, attempts from outbox where due_at <= $1 order by due_at limit $2";
const OLDEST: &str = "select kind, min(coalesce(queued_at, due_at)) from outbox where due_at is not null group by kind";
/// What is over is kept for so long, for whoever asks what became of it.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// An item that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Which process manager put it there.
    pub manager: String,
    /// The item.
    pub item: Item,
    /// Attempts before.
    pub attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// It is tried again.
    Failed {
        /// A code, nothing personal.
        error: String,
        /// When.
        next: Timestamp,
    },
    /// It is not tried again.
    GivenUp {
        /// A code, nothing personal.
        error: String,
    },
}

impl ProcessStore {
    /// Items that are due, the longest due first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due_items(&self, now: Timestamp, limit: usize) -> Result<Vec<Outgoing>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.0.fetch(DUE, &[seconds(now).into(), limit.into()]).await?.iter().map(outgoing_of).collect()
    }

    /// Since when the oldest item of each kind waits that is not over; kinds of which none waits are not in it.
    ///
    /// # Errors
    /// The database is away, or a row is malformed.
    pub async fn oldest_items(&self) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let rows = self.0.fetch(OLDEST, &[]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, time(row.float(1)?, "item of the outbox")?))).collect()
    }

    /// Records that an attempt begins, and when the next one is due if this one is not heard of again.
    ///
    /// # Errors
    /// The lease is somebody else's by now, or the database is away.
    pub async fn begin_attempt(&self, lease: &Lease, out: &Outgoing, next: Timestamp) -> Result<(), StoreError> {
        let sql = "update outbox set attempts = attempts + 1, due_at = $3 where policy = $1 and key = $2";
        let mut tx = self.0.begin().await?;
        fence(&mut tx, lease).await?;
        let values = [out.manager.as_str().into(), out.item.key.as_str().into(), seconds(next).into()];
        tx.execute(sql, &values).await?;
        Ok(tx.commit().await?)
    }

    /// Records what became of an attempt.
    ///
    /// # Errors
    /// The lease is somebody else's by now, or the database is away.
    pub async fn end_attempt(
        &self,
        lease: &Lease,
        out: &Outgoing,
        now: Timestamp,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let failed = "update outbox set last_error = $3, due_at = $4 where policy = $1 and key = $2";
        let over = "update outbox set last_error = $3, due_at = null, settled_at = $4, delivered = $5 \
                    where policy = $1 and key = $2";
        let (manager, key) = (out.manager.as_str().into(), out.item.key.as_str().into());
        let mut tx = self.0.begin().await?;
        fence(&mut tx, lease).await?;
        match outcome {
            Outcome::Delivered => {
                let none: Option<&str> = None;
                tx.execute(over, &[manager, key, none.into(), seconds(now).into(), true.into()]).await?;
            }
            Outcome::Failed { error, next } => {
                tx.execute(failed, &[manager, key, error.as_str().into(), seconds(*next).into()]).await?;
            }
            Outcome::GivenUp { error } => {
                let values = [manager, key, error.as_str().into(), seconds(now).into(), false.into()];
                tx.execute(over, &values).await?;
            }
        }
        let old = seconds(now) - RETENTION.as_secs_f64();
        tx.execute("delete from outbox where settled_at < $1", &[old.into()]).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) async fn insert(tx: &mut Transaction, manager: &str, now: Timestamp, item: &Item) -> Result<(), SqlError> {
    let sql = "insert into outbox (policy, key, kind, payload, due_at, queued_at) values ($1, $2, $3, $4, $5, $5) \
               on conflict (policy, key) do nothing";
    let payload = item.payload.to_string();
    let values = [
        manager.into(),
        item.key.as_str().into(),
        item.kind.as_str().into(),
        payload.as_str().into(),
        seconds(now).into(),
    ];
    tx.execute(sql, &values).await.map(drop)
}

fn outgoing_of(row: &Row) -> Result<Outgoing, StoreError> {
    let item = Item { key: row.text(1)?, kind: row.text(2)?, payload: json(&row.text(3)?, "item of the outbox")? };
    Ok(Outgoing { manager: row.text(0)?, item, attempts: u32::try_from(row.int(4)?).unwrap_or(u32::MAX) })
}
