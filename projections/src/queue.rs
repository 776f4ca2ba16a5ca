//! The queue of sessions that wait for a person, and how many sessions each agent has.
//!
//! Order = (class, waiting since, id), where waiting raises the class ([`effective_class`]); so it is computed when it is read,
//! from the waiting sessions alone. Invariant: one reading gives each waiting session one place, without gaps.

use std::collections::{BTreeMap, HashMap};

use domain::{
    AgentId, SessionId,
    session::priority::{PriorityClass, effective_class},
    text::Skill,
};
use event_store::sql::{Row, SqlError, Value};
use jiff::{SignedDuration, Timestamp};

use crate::{
    error::ViewsError,
    reading::Reading,
    rows,
    session_list::{SUMMARY, SessionSummary},
};

/// A page of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its sessions, first to be taken first.
    pub entries: Vec<QueueEntry>,
    /// How many sessions wait, of the group that was asked for.
    pub total: u64,
}

/// A session in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// Where it stands.
    pub place: QueuePlace,
    /// The session; its class is the one that was set.
    pub session: SessionSummary,
}

/// Where a session stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePlace {
    /// From 1.
    pub position: u64,
    /// The class after the time that it has waited.
    pub class: PriorityClass,
    /// How long it has waited.
    pub waited: SignedDuration,
    /// About how long until somebody takes it: its position × the median time of the last services ÷ the agents who serve now.
    /// `None` while nobody serves, and before the first service is over.
    pub estimated_wait: Option<SignedDuration>,
}

/// How many sessions an agent has now.
pub type Load = BTreeMap<AgentId, u64>;

const WAITING: &str = "select id, class, waiting_since from session where status = 'pending_manual'";
const LENGTH: &str = "select count(*), min(waiting_since) from session where status = 'pending_manual'";
const SERVING: &str = "select count(distinct agent) from session where agent is not null";
const LOAD: &str = "select agent, count(*) from session where agent is not null group by agent";

/// What a waiting session is ordered by, and how long it has waited.
struct Waiting {
    order: (PriorityClass, Timestamp, SessionId),
    waited: SignedDuration,
}

/// What waits are estimated from.
#[derive(Clone, Copy)]
struct Pace {
    handling: SignedDuration,
    agents: u64,
}

impl Reading {
    /// A page of the queue as of now, of those for one group or all; positions count among these.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn queue(
        &mut self,
        group: Option<&Skill>,
        now: Timestamp,
        limit: u32,
        offset: u64,
    ) -> Result<Queue, ViewsError> {
        let waiting = self.waiting(group, now).await?;
        let pace = self.pace().await?;
        let page = (1..).zip(&waiting).skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(limit as usize);
        let places: Vec<(SessionId, QueuePlace)> =
            page.map(|(position, one)| (one.order.2, one.place(position, pace))).collect();
        let mut summaries = self.summaries(places.iter().map(|(session, _)| *session)).await?;
        let entries = places
            .into_iter()
            .filter_map(|(session, place)| summaries.remove(&session).map(|session| QueueEntry { place, session }));
        Ok(Queue { entries: entries.collect(), total: waiting.len() as u64 })
    }

    /// Where each session stands that waits.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn queue_places(&mut self, now: Timestamp) -> Result<HashMap<SessionId, QueuePlace>, ViewsError> {
        let (waiting, pace) = (self.waiting(None, now).await?, self.pace().await?);
        Ok((1..).zip(&waiting).map(|(position, one)| (one.order.2, one.place(position, pace))).collect())
    }

    /// How many sessions wait, and since when the one does that has waited longest.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn queue_length(&mut self) -> Result<(u64, Option<Timestamp>), ViewsError> {
        let rows = self.rows.fetch(LENGTH, &[]).await?;
        let length = |row: &Row| Ok::<_, SqlError>((row.count(0)?, rows::optional_time(row, 1)?));
        Ok(rows.first().map(length).transpose()?.unwrap_or_default())
    }

    /// How many sessions each agent has who has any.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn load(&mut self) -> Result<Load, ViewsError> {
        let rows = self.rows.fetch(LOAD, &[]).await?;
        Ok(rows.iter().map(|row| Ok((rows::id(row, 0)?, row.count(1)?))).collect::<Result<_, SqlError>>()?)
    }

    /// The sessions that an agent has, in the order in which it got them.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn sessions_of(&mut self, agent: AgentId) -> Result<Vec<SessionSummary>, ViewsError> {
        let sql = format!("{SUMMARY} where s.agent = $1 order by s.taken_over_at, s.id");
        let rows = self.rows.fetch(&sql, &[(&*agent.to_string()).into()]).await?;
        Ok(rows.iter().map(SessionSummary::from_row).collect::<Result<_, _>>()?)
    }

    /// All that wait, in the queue's order.
    async fn waiting(&mut self, group: Option<&Skill>, now: Timestamp) -> Result<Vec<Waiting>, ViewsError> {
        let filter: Vec<Value<'_>> = group.iter().map(|group| group.as_str().into()).collect();
        let sql = if group.is_some() { format!("{WAITING} and skill_group = $1") } else { WAITING.to_owned() };
        let rows = self.rows.fetch(&sql, &filter).await?;
        let mut waiting = rows.iter().map(|row| Waiting::from_row(row, now)).collect::<Result<Vec<_>, _>>()?;
        waiting.sort_by_key(|one| one.order);
        Ok(waiting)
    }

    async fn pace(&mut self) -> Result<Option<Pace>, ViewsError> {
        let Some(handling) = self.median_service().await? else { return Ok(None) };
        let agents = self.rows.fetch(SERVING, &[]).await?.first().map_or(Ok(0), |row| row.count(0))?;
        Ok((agents > 0).then_some(Pace { handling, agents }))
    }

    pub(crate) async fn summaries(
        &mut self,
        sessions: impl Iterator<Item = SessionId>,
    ) -> Result<BTreeMap<SessionId, SessionSummary>, ViewsError> {
        let ids: Vec<String> = sessions.map(|session| session.to_string()).collect();
        let found = rows::with_ids(&mut self.rows, SUMMARY, "s.id", &ids).await?;
        let summaries = found.iter().map(SessionSummary::from_row);
        Ok(summaries.map(|one| one.map(|one| (one.session, one))).collect::<Result<_, _>>()?)
    }
}

impl Waiting {
    fn from_row(row: &Row, now: Timestamp) -> Result<Self, SqlError> {
        let (session, class, since) = (rows::id(row, 0)?, rows::coded(row, 1)?, rows::time(row, 2)?);
        // Where clocks differ it may have begun later than now.
        let waited = now.duration_since(since).max(SignedDuration::ZERO);
        Ok(Self { order: (effective_class(class, waited), since, session), waited })
    }

    fn place(&self, position: u64, pace: Option<Pace>) -> QueuePlace {
        let estimated_wait = pace.map(|pace| pace.wait_at(position));
        QueuePlace { position, class: self.order.0, waited: self.waited, estimated_wait }
    }
}

impl Pace {
    /// In whole seconds.
    fn wait_at(self, position: u64) -> SignedDuration {
        let seconds =
            u128::from(self.handling.as_secs().unsigned_abs()) * u128::from(position) / u128::from(self.agents);
        SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}
