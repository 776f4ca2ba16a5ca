//! The view of episodes: one row for each time that a customer came, from the first message to the close. What else is told of an
//! episode (messages, agents, escalations) is counted from the other views when it is read.

mod fold;

use std::{collections::BTreeMap, fmt};

use domain::{
    AgentId, Language, SessionId, VisitorId,
    session::{event::EscalationReason, rating::Score},
};
use event_store::{
    Position,
    sql::{Row, SqlError},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{error::ViewsError, reading::Reading, rows, session_detail::score};
pub use fold::EpisodesProjection;

/// An episode, as staff is told of it beside another.
#[derive(Clone, PartialEq, Eq)]
pub struct EpisodeView {
    /// Its session.
    pub session: SessionId,
    /// What the client calls that; `None` once erased.
    pub name: Option<String>,
    /// From 1.
    pub episode: u32,
    /// Position of the first message, and when that was.
    pub began: (Position, Timestamp),
    /// Position and time of the close; `None` while it lasts.
    pub ended: Option<(Position, Timestamp)>,
    /// The customer's last rating, and the position of its event.
    pub rating: Option<(Score, Position)>,
    /// What customer, assistant and agents said in it; neither notices nor what was withheld.
    pub messages: u64,
    /// Why a person was last asked for since the episode before.
    pub escalation_reason: Option<EscalationReason>,
    /// The agents who wrote in it, the first to write first.
    pub agents: Vec<AgentId>,
}

/// What a visitor's sessions tell of it.
#[derive(Clone, PartialEq)]
pub struct VisitorView {
    /// When the first session was opened.
    pub first_seen_at: Timestamp,
    /// Sessions.
    pub sessions: u64,
    /// The language of the newest message in the session that something happened in last.
    pub language: Option<Language>,
    /// What the shop's page last passed along; empty once erased.
    pub parameters: Map<String, Value>,
}

impl fmt::Debug for EpisodeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpisodeView")
            .field("session", &self.session)
            .field("episode", &self.episode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VisitorView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitorView").field("sessions", &self.sessions).finish_non_exhaustive()
    }
}

const OF_VISITOR: &str = include_str!("sql/episode_of_visitor.sql");
const AGENTS: &str = include_str!("sql/episode_agents.sql");
const SEEN: &str = "select count(*), min(created_at) from session where visitor = $1";
const SPOKE: &str = "select language from session where visitor = $1 and language is not null
    order by updated_at desc, position desc limit 1";
const PASSED: &str = "select parameters from session where visitor = $1 and parameters_at is not null
    order by parameters_at desc limit 1";

impl Reading {
    /// The newest episodes of all sessions of a visitor, newest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn episodes_of(&mut self, visitor: VisitorId, limit: u32) -> Result<Vec<EpisodeView>, ViewsError> {
        let visitor = visitor.to_string();
        let rows = self.rows.fetch(OF_VISITOR, &[(&*visitor).into(), u64::from(limit).into()]).await?;
        let mut agents = self.agents_of_episodes(&visitor).await?;
        let episodes = rows.iter().map(|row| {
            let mut episode = EpisodeView::from_row(row)?;
            episode.agents = agents.remove(&(episode.session, episode.episode)).unwrap_or_default();
            Ok(episode)
        });
        Ok(episodes.collect::<Result<_, SqlError>>()?)
    }

    async fn agents_of_episodes(&mut self, visitor: &str) -> Result<Agents, ViewsError> {
        let rows = self.rows.fetch(AGENTS, &[visitor.into()]).await?;
        let mut agents = Agents::new();
        for row in &rows {
            let episode = row.int(1)?.try_into().map_err(rows::malformed)?;
            agents.entry((rows::id(row, 0)?, episode)).or_default().push(rows::id(row, 2)?);
        }
        Ok(agents)
    }

    /// What the sessions of a visitor tell of it; `None` where it has none.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn visitor(&mut self, visitor: VisitorId) -> Result<Option<VisitorView>, ViewsError> {
        let visitor = visitor.to_string();
        let key = [(&*visitor).into()];
        let seen = self.rows.fetch(SEEN, &key).await?;
        let Some(seen) = seen.first().filter(|row| row.count(0).is_ok_and(|sessions| sessions > 0)) else {
            return Ok(None);
        };
        let spoke = self.rows.fetch(SPOKE, &key).await?;
        let passed = self.rows.fetch(PASSED, &key).await?;
        let parameters = passed.first().map(|row| row.optional_text(0)).transpose()?.flatten();
        Ok(Some(VisitorView {
            first_seen_at: rows::time(seen, 1)?,
            sessions: seen.count(0)?,
            language: spoke.first().map(|row| rows::coded(row, 0)).transpose()?,
            parameters: parameters
                .map_or(Ok(Map::new()), |json| serde_json::from_str(&json))
                .map_err(rows::malformed)?,
        }))
    }
}

/// Who wrote in which episode.
type Agents = BTreeMap<(SessionId, u32), Vec<AgentId>>;

impl EpisodeView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        let position = |column| Ok::<_, SqlError>(row.optional_int(column)?.map(|at| Position(at.unsigned_abs())));
        Ok(Self {
            session: rows::id(row, 0)?,
            name: row.optional_text(1)?,
            episode: row.int(2)?.try_into().map_err(rows::malformed)?,
            began: (rows::position(row, 3)?, rows::time(row, 4)?),
            ended: rows::both("close", position(5)?, rows::optional_time(row, 6)?)?,
            rating: rows::both("rating", score(row, 7)?, position(8)?)?,
            messages: row.count(9)?,
            escalation_reason: rows::optional_coded(row, 10)?,
            agents: Vec::new(),
        })
    }
}
