//! The view of services: one row for each time that an agent had a session, from the takeover or transfer that gave it to the
//! event that ended it. Analysts count from it; agents' figures and the queue's estimates are read from it.
//!
//! Invariant: a session has at most one service that is not over, and it has one exactly while it is live.

mod fold;

use domain::{AgentId, SessionId};
use event_store::{
    Position,
    sql::{Row, SqlError},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{error::ViewsError, reading::Reading, rows};
pub use fold::ServicesProjection;

/// One agent's service in one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceView {
    /// Position of the event that gave the agent the session.
    pub began: Position,
    /// The session.
    pub session: SessionId,
    /// Who.
    pub agent: AgentId,
    /// Since when.
    pub began_at: Timestamp,
    /// How the agent got it.
    pub began_by: ServiceStart,
    /// How and when it ended; `None` while it lasts.
    pub ended: Option<(ServiceEnd, Timestamp)>,
    /// The agent's first message in it.
    pub first_message_at: Option<Timestamp>,
    /// The first of the customer's messages in it that the agent has not answered.
    pub asked_at: Option<Timestamp>,
    /// How often the agent wrote after the customer had.
    pub answers: u64,
    /// How long the customer waited for these answers in all, each time from the first message that was not answered.
    pub answer_time: SignedDuration,
    /// Position of the newest event that changed it.
    pub position: Position,
}

/// How an agent got a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceStart {
    /// From the queue or the assistant.
    TookOver,
    /// From another agent.
    Transferred,
}

/// How a service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceEnd {
    /// The assistant has the session again.
    Released,
    /// The session was closed.
    Closed,
    /// Another agent has it.
    Transferred,
    /// It waits for somebody of another group.
    TransferredToGroup,
    /// It waits again.
    HandedBack,
    /// It waits again, for the agent went away unexpectedly.
    AgentLost,
}

/// What an agent did on a day. Durations are seconds, 0 where there is nothing to count.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AgentToday {
    /// Sessions of which a service by the agent ended that day, up to now.
    pub processed_count: u64,
    /// Mean, over the answers in these services, of: the agent's message − the first of the customer's since the agent's
    /// message before. Messages from before the service do not count.
    pub avg_response_time: f64,
    /// Mean, over these services, of: end − beginning, at least 0.
    pub avg_duration: f64,
}

/// The services that estimates are made from.
const LAST: u32 = 50;
const COLUMNS: &str =
    "select session, began, agent, began_at, began_by, ended_at, ended_by, first_message_at, asked_at,
    answers, answer_time, position from service";
const TODAY: &str = include_str!("sql/service_today.sql");
const LAST_TIMES: &str =
    "select began_at, ended_at from service where ended_at is not null order by ended_at desc, began desc limit $1";

impl Reading {
    /// All services of a session, oldest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn services(&mut self, session: SessionId) -> Result<Vec<ServiceView>, ViewsError> {
        let sql = format!("{COLUMNS} where session = $1 order by began");
        let rows = self.rows.fetch(&sql, &[(&*session.to_string()).into()]).await?;
        Ok(rows.iter().map(ServiceView::from_row).collect::<Result<_, _>>()?)
    }

    /// An agent's figures as of now, for the day that began at `day_start`.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn agent_today(
        &mut self,
        agent: AgentId,
        now: Timestamp,
        day_start: Timestamp,
    ) -> Result<AgentToday, ViewsError> {
        let agent = agent.to_string();
        let values = [(&*agent).into(), day_start.as_microsecond().into(), now.as_microsecond().into()];
        let rows = self.rows.fetch(TODAY, &values).await?;
        let Some(row) = rows.first() else { return Ok(AgentToday::default()) };
        let (answers, answer_time) = (row.float(2)?, row.float(3)?);
        let avg_response_time = if answers > 0.0 { answer_time / answers } else { 0.0 };
        Ok(AgentToday { processed_count: row.count(0)?, avg_duration: row.float(1)?, avg_response_time })
    }

    /// The median time of the last 50 services that are over; of an even number the longer of the two in the middle.
    pub(crate) async fn median_service(&mut self) -> Result<Option<SignedDuration>, ViewsError> {
        let rows = self.rows.fetch(LAST_TIMES, &[u64::from(LAST).into()]).await?;
        let lasted = |row: &Row| Ok(rows::time(row, 1)?.duration_since(rows::time(row, 0)?).max(SignedDuration::ZERO));
        let mut times = rows.iter().map(lasted).collect::<Result<Vec<_>, SqlError>>()?;
        times.sort();
        Ok(times.get(times.len() / 2).copied())
    }
}

impl ServiceView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            session: rows::id(row, 0)?,
            began: rows::position(row, 1)?,
            agent: rows::id(row, 2)?,
            began_at: rows::time(row, 3)?,
            began_by: rows::coded(row, 4)?,
            ended: match (rows::optional_coded(row, 6)?, rows::optional_time(row, 5)?) {
                (Some(how), Some(at)) => Some((how, at)),
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err(rows::malformed("a part of an end")),
            },
            first_message_at: rows::optional_time(row, 7)?,
            asked_at: rows::optional_time(row, 8)?,
            answers: row.count(9)?,
            answer_time: SignedDuration::from_micros(row.int(10)?),
            position: rows::position(row, 11)?,
        })
    }
}
