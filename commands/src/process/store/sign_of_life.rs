//! Signs of life of staff: when each sign-in that is watched was last heard of, on whatever node, by the database's clock.

use std::{collections::HashMap, time::Duration};

use domain::{AgentId, SignInId};
use event_store::{
    StreamName,
    sql::{Row, SqlError, Transaction},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    ProcessStore, StoreError,
    lease::database_now,
    workspace::{self, WorkspacePlace},
};

const BEAT: &str = "insert into sign_of_life (sign_in, agent, seen_at) values ($1, $2, $3) \
                    on conflict (sign_in) do update set seen_at = excluded.seen_at";
const TOUCH: &str = "update sign_of_life set seen_at = $2 where sign_in = $1";
/// Agents of whom all that is watched is silent, each with what was heard last.
pub(super) const LOST: &str = "select agent, sign_in, seen_at from sign_of_life as newest where seen_at < $1 \
    and not exists (select 1 from sign_of_life as later where later.agent = newest.agent \
    and (later.seen_at > newest.seen_at or (later.seen_at = newest.seen_at and later.sign_in > newest.sign_in))) \
    order by seen_at limit $2";
/// The name stands in the statement because the index has only rows of this process manager.
pub(super) const SESSIONS_OF: &str = "select stream from state where policy = 'agent_lost' and state = $1";

/// An agent of whom nothing is heard any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostAgent {
    /// Who.
    pub agent: AgentId,
    /// By which sign-in it was heard of last.
    pub sign_in: SignInId,
    /// When, in milliseconds since 1970 by the database's clock.
    pub seen_at_ms: i64,
}

/// The namespace of what losses cause.
const LOSS: Uuid = Uuid::from_u128(0x3d0c_5c4e_8f5b_4b0e_a6d1_52e7_90c4_1057);

impl LostAgent {
    /// What a command to a stream is caused by: the same loss gives the same cause on whatever node, and each stream its own.
    #[must_use]
    pub fn cause(&self, stream: &StreamName) -> Uuid {
        let name = format!("{} {} {} {}", self.agent, self.sign_in, self.seen_at_ms, stream.as_str());
        Uuid::new_v5(&LOSS, name.as_bytes())
    }
}

/// Rows that count no more: signs of life, and drafts of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// Of a sign-in that ended.
    SignIn(SignInId),
    /// Of all sign-ins of an account.
    Agent(AgentId),
    /// Of an agent who is lost, up to what was heard last: a later one is of an agent who came back.
    Lost(LostAgent),
    /// Of what an agent has sent, unless it was begun afterwards.
    Draft {
        /// Its place.
        place: WorkspacePlace,
        /// When it was sent.
        sent_at: Timestamp,
    },
}

impl ProcessStore {
    /// A heartbeat: the sign-in is watched from now on.
    ///
    /// # Errors
    /// The database is away.
    pub async fn watch_sign_in(&self, agent: AgentId, sign_in: SignInId) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        let now = milliseconds(database_now(&mut tx).await?);
        tx.execute(BEAT, &[sign_in.0.into(), agent.0.into(), now.into()]).await?;
        Ok(tx.commit().await?)
    }

    /// Another sign of life, which counts only where the sign-in is watched.
    ///
    /// # Errors
    /// The database is away.
    pub async fn touch_sign_in(&self, sign_in: SignInId) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        let now = milliseconds(database_now(&mut tx).await?);
        tx.execute(TOUCH, &[sign_in.0.into(), now.into()]).await?;
        Ok(tx.commit().await?)
    }

    /// When each agent who is watched was last heard of.
    ///
    /// # Errors
    /// The database is away.
    pub async fn last_seen(&self) -> Result<HashMap<AgentId, Timestamp>, StoreError> {
        let rows = self.0.fetch("select agent, max(seen_at) from sign_of_life group by agent", &[]).await?;
        rows.iter().map(|row| Ok((AgentId(row.uuid(0)?), seen_at(row.int(1)?)?))).collect()
    }

    /// Agents of whom nothing has been heard for so long.
    ///
    /// # Errors
    /// The database is away.
    pub async fn lost_agents(&self, after: Duration, limit: usize) -> Result<Vec<LostAgent>, StoreError> {
        let mut tx = self.0.snapshot().await?;
        let stale = milliseconds(database_now(&mut tx).await? - after.as_secs_f64());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = tx.fetch(LOST, &[stale.into(), limit.into()]).await?;
        Ok(rows.iter().map(lost_of).collect::<Result<_, _>>()?)
    }

    /// The sessions of an agent, as the process manager of lost agents keeps them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sessions_of(&self, agent: AgentId) -> Result<Vec<StreamName>, StoreError> {
        let state = serde_json::json!(agent).to_string();
        let rows = self.0.fetch(SESSIONS_OF, &[state.as_str().into()]).await?;
        rows.iter().map(|row| stream_of(&row.text(0)?)).collect()
    }
}

fn stream_of(text: &str) -> Result<StreamName, StoreError> {
    StreamName::parse(text).map_err(|_| StoreError::Malformed { what: "state" })
}

fn lost_of(row: &Row) -> Result<LostAgent, SqlError> {
    Ok(LostAgent { agent: AgentId(row.uuid(0)?), sign_in: SignInId(row.uuid(1)?), seen_at_ms: row.int(2)? })
}

fn seen_at(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Malformed { what: "sign of life" })
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^63")]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

pub(super) async fn forget(tx: &mut Transaction, forgotten: &Forgotten) -> Result<(), SqlError> {
    let (sql, values) = match forgotten {
        Forgotten::SignIn(sign_in) => ("delete from sign_of_life where sign_in = $1", vec![sign_in.0.into()]),
        Forgotten::Agent(agent) => ("delete from sign_of_life where agent = $1", vec![agent.0.into()]),
        Forgotten::Lost(lost) => {
            let values = vec![lost.agent.0.into(), lost.seen_at_ms.into()];
            ("delete from sign_of_life where agent = $1 and seen_at <= $2", values)
        }
        Forgotten::Draft { place, sent_at } => return workspace::forget_draft(tx, place, *sent_at).await,
    };
    tx.execute(sql, &values).await.map(drop)
}
