//! How many sessions there are of each status, and of one agent: read in no time, however many there are.
//!
//! Invariant: the counts are those of the rows of sessions at the same position (a property test).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use domain::{AgentId, SessionId, session::Status};
use event_store::{
    Position,
    sql::{SqlError, Transaction},
};
use journal::Decoded;

use crate::{error::ViewsError, projection::Projection, reading::Reading, rows};

/// How many sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionCounts {
    /// That an agent has.
    pub mine: u64,
    /// That wait for a person.
    pub queue: u64,
    /// That a person has.
    pub live: u64,
    /// That wait for somebody to work again.
    pub after_hours: u64,
    /// In all.
    pub all: u64,
}

const OF_AGENT: &str = "select count(*) from session where agent = $1";
const COUNTS: &str = "select status, sessions from session_count";
const BEFORE: &str = "select id, status, position from session";
const ADD: &str = "insert into session_count (status, sessions) values ($1, $2)
    on conflict (status) do update set sessions = session_count.sessions + excluded.sessions";

impl Reading {
    /// How many sessions there are, and how many of them an agent has.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session_counts(&mut self, agent: AgentId) -> Result<SessionCounts, ViewsError> {
        let rows = self.rows.fetch(OF_AGENT, &[(&*agent.to_string()).into()]).await?;
        let mine = rows.first().map_or(Ok(0), |row| row.count(0))?;
        let counts = self.count_by_status().await?;
        let of = |status| counts.get(&status).copied().unwrap_or_default();
        Ok(SessionCounts {
            mine,
            queue: of(Status::PendingManual),
            live: of(Status::ManualLive),
            after_hours: of(Status::AfterHoursEmail),
            all: counts.values().sum(),
        })
    }

    /// How many sessions there are of each status that any has.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn count_by_status(&mut self) -> Result<HashMap<Status, u64>, ViewsError> {
        let rows = self.rows.fetch(COUNTS, &[]).await?;
        Ok(rows.iter().map(|row| Ok((rows::coded(row, 0)?, row.count(1)?))).collect::<Result<_, SqlError>>()?)
    }
}

/// Counts sessions as they move. It takes a batch before the rows of sessions do, which say how they stood.
#[derive(Debug)]
pub struct SessionCountsProjection;

const SCHEMA: &[&str] = &[include_str!("sql/session_count.sql")];

#[async_trait]
impl Projection for SessionCountsProjection {
    fn name(&self) -> &'static str {
        "session_count"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        &["status"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let mut sessions = load(tx, events).await?;
        // A status that a session had for a moment has a row as well, however the log is cut into batches.
        let mut changes: BTreeMap<&'static str, i64> = BTreeMap::new();
        for decoded in events {
            let Some((session, event)) = decoded.event().session() else { continue };
            let stood = sessions.get(&session).copied();
            if stood.is_some_and(|stood| decoded.position() <= stood.position) {
                continue;
            }
            let before = stood.map(|stood| stood.status);
            let Some(status) = event.status_after(before) else { continue };
            sessions.insert(session, Stood { status, position: decoded.position() });
            if before != Some(status) {
                before.into_iter().for_each(|before| *changes.entry(before.as_str()).or_default() -= 1);
                *changes.entry(status.as_str()).or_default() += 1;
            }
        }
        for (status, change) in changes {
            tx.execute(ADD, &[status.into(), change.into()]).await?;
        }
        Ok(())
    }
}

/// How a session stood at its newest event that is counted.
#[derive(Debug, Clone, Copy)]
struct Stood {
    status: Status,
    position: Position,
}

async fn load(tx: &mut Transaction, events: &[Decoded]) -> Result<BTreeMap<SessionId, Stood>, SqlError> {
    let ids: BTreeSet<SessionId> = events.iter().filter_map(|event| Some(event.event().session()?.0)).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = rows::with_ids(tx, BEFORE, "id", &ids).await?;
    let stood =
        |row| Ok((rows::id(row, 0)?, Stood { status: rows::coded(row, 1)?, position: rows::position(row, 2)? }));
    found.iter().map(stood).collect()
}
