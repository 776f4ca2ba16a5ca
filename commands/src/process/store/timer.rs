//! Timers: found by their due time, or by the life that they are tied to, each by an index.

use std::collections::BTreeMap;

use domain::Incarnation;
use event_store::{
    StreamName,
    sql::{Row, SqlError, Transaction, Value as Sql},
};
use jiff::Timestamp;

use super::{
    super::manager::Timer, NODE_STALE, ProcessStore, StoreError, json, lease::database_now, life, seconds, time,
};

pub(super) const DUE: &str = "select stream, key, due_at, payload, life from timer \
                              where policy = $1 and due_at <= $2 order by due_at limit $3";
pub(super) const NEXT_DUE: &str = "select due_at from timer where policy = $1 order by due_at limit 1";
pub(super) const OF_LIFE: &str = "select stream, key, due_at, payload, life from timer \
                                  where policy = $1 and life = $2 limit $3";
/// The lives that timers are tied to, from one to the next by the index, and whether each is heard of.
pub(super) const LIVES: &str = "with recursive tied (life) as (\
    select life from (select life from timer where policy = $1 and life is not null order by life limit 1) as first \
    union all \
    select (select timer.life from timer where policy = $1 and timer.life > tied.life order by timer.life limit 1) \
    from tied where tied.life is not null) \
    select life, cast(case when exists (select 1 from node where incarnation = life and heartbeat_at > $2) \
    then 1 else 0 end as bigint) from tied where life is not null";

/// A life that timers are tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Which.
    pub incarnation: Incarnation,
    /// Whether its node has another life now, or has not been heard of for [`NODE_STALE`].
    pub is_over: bool,
}

impl ProcessStore {
    /// A process manager's timers that are due, the longest due first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due_timers(&self, manager: &str, now: Timestamp, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.timers(DUE, &[manager.into(), seconds(now).into(), at_most(limit)]).await
    }

    /// A process manager's timers that are tied to a life.
    ///
    /// # Errors
    /// The database is away.
    pub async fn timers_of(&self, manager: &str, life: Incarnation, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.timers(OF_LIFE, &[manager.into(), life.0.into(), at_most(limit)]).await
    }

    /// When a process manager's next timer is due.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_due(&self, manager: &str) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.0.fetch(NEXT_DUE, &[manager.into()]).await?;
        rows.first().map(|row| time(row.float(0)?, "timer")).transpose()
    }

    /// The lives that a process manager's timers are tied to.
    ///
    /// # Errors
    /// The database is away.
    pub async fn lives(&self, manager: &str) -> Result<Vec<Life>, StoreError> {
        let mut tx = self.0.snapshot().await?;
        let stale = database_now(&mut tx).await? - NODE_STALE.as_secs_f64();
        let rows = tx.fetch(LIVES, &[manager.into(), stale.into()]).await?;
        rows.iter().map(life_of).collect()
    }

    async fn timers(&self, sql: &str, values: &[Sql<'_>]) -> Result<Vec<Timer>, StoreError> {
        self.0.fetch(sql, values).await?.iter().map(timer_of).collect()
    }
}

fn at_most(limit: usize) -> Sql<'static> {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

fn life_of(row: &Row) -> Result<Life, StoreError> {
    Ok(Life { incarnation: Incarnation(row.uuid(0)?), is_over: row.int(1)? == 0 })
}

fn timer_of(row: &Row) -> Result<Timer, StoreError> {
    const WHAT: &str = "timer";
    Ok(Timer {
        stream: StreamName::parse(&row.text(0)?).map_err(|_| StoreError::Malformed { what: WHAT })?,
        key: row.text(1)?,
        due: time(row.float(2)?, WHAT)?,
        payload: json(&row.text(3)?, WHAT)?,
        life: life(row.optional_bytes(4)?, WHAT)?,
    })
}

type Changes = BTreeMap<(StreamName, String), Option<Timer>>;

pub(super) async fn write(tx: &mut Transaction, manager: &str, changes: &Changes) -> Result<(), SqlError> {
    let cancelled: Vec<_> = changes.iter().filter(|(_, timer)| timer.is_none()).map(|(key, _)| key).collect();
    for some in in_fixed_sizes(&cancelled) {
        cancel(tx, manager, some).await?;
    }
    let set: Vec<_> = changes.values().flatten().collect();
    for some in in_fixed_sizes(&set) {
        set_all(tx, manager, some).await?;
    }
    Ok(())
}

async fn cancel(tx: &mut Transaction, manager: &str, keys: &[&(StreamName, String)]) -> Result<(), SqlError> {
    let mut values: Vec<Sql<'_>> = vec![manager.into()];
    for (stream, key) in keys {
        values.push(stream.as_str().into());
        values.push(key.as_str().into());
    }
    tx.execute(&cancel_sql(keys.len()), &values).await.map(drop)
}

pub(super) fn cancel_sql(timers: usize) -> String {
    let one = |n: usize| format!("(policy = $1 and stream = ${} and key = ${})", 2 * n + 2, 2 * n + 3);
    let all: Vec<String> = (0..timers).map(one).collect();
    format!("delete from timer where {}", all.join(" or "))
}

async fn set_all(tx: &mut Transaction, manager: &str, timers: &[&Timer]) -> Result<(), SqlError> {
    let one =
        |n: usize| format!("($1, ${}, ${}, ${}, ${}, ${})", 5 * n + 2, 5 * n + 3, 5 * n + 4, 5 * n + 5, 5 * n + 6);
    let all: Vec<String> = (0..timers.len()).map(one).collect();
    let sql = format!(
        "insert into timer (policy, stream, key, due_at, payload, life) values {} on conflict (policy, stream, key) do \
         update set due_at = excluded.due_at, payload = excluded.payload, life = excluded.life",
        all.join(", ")
    );
    let payloads: Vec<String> = timers.iter().map(|timer| timer.payload.to_string()).collect();
    let mut values: Vec<Sql<'_>> = vec![manager.into()];
    for (timer, payload) in timers.iter().zip(&payloads) {
        values.push(timer.stream.as_str().into());
        values.push(timer.key.as_str().into());
        values.push(seconds(timer.due).into());
        values.push(payload.as_str().into());
        values.push(Sql::Uuid(timer.life.map(|life| life.0)));
    }
    tx.execute(&sql, &values).await.map(drop)
}

/// Rows that one statement takes: few sizes, so that there are few statements to prepare.
const SIZES: [usize; 3] = [64, 8, 1];

fn in_fixed_sizes<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    for size in SIZES {
        while rows.len() >= size {
            let (part, rest) = rows.split_at(size);
            parts.push(part);
            rows = rest;
        }
    }
    parts
}
