//! The views of staff: one row per account, one per sign-in, one per API key.
//!
//! Invariant: what the rows say about access (active, role, sign-ins that are not over) is what the domain's fold
//! says at the same position (a property test); the program's directory of staff is loaded from them.

mod api_keys;
mod change;
mod names;
mod write;

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    AgentId, DeviceId, Language, SignInId,
    agent::{Presence, PresenceCause, Role},
};
use event_store::{
    Position,
    sql::{Row, SqlError, Transaction},
};
use jiff::Timestamp;
use journal::Decoded;

use crate::{error::ViewsError, projection::Projection, reading::Reading, rows, views::Views};

pub use api_keys::ApiKeyView;
use change::Change;
pub use names::AgentNames;

/// An account as staff sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentView {
    /// Its id.
    pub agent: AgentId,
    /// What it signs in with; `None` once erased.
    pub username: Option<String>,
    /// What customers and colleagues see; `None` once erased.
    pub name: Option<String>,
    /// Its address for mail.
    pub email: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Its fields of knowledge.
    pub skills: Vec<String>,
    /// The languages that it speaks.
    pub languages: Vec<Language>,
    /// Sessions at a time.
    pub capacity: u32,
    /// Whether it may be used.
    pub is_active: bool,
    /// Whether an administrator chose its password.
    pub must_change_password: bool,
    /// Whether a code is needed beside the password.
    pub has_second_factor: bool,
    /// Whether it is there, as last recorded; nobody is without a good sign-in.
    pub presence: Presence,
    /// Why.
    pub presence_cause: PresenceCause,
    /// Since when.
    pub presence_since: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When somebody last signed in with it.
    pub last_sign_in_at: Option<Timestamp>,
    /// Position of the newest event that changed it.
    pub position: Position,
}

/// A sign-in that is not over; it may have expired.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInView {
    /// Its id.
    pub sign_in: SignInId,
    /// The account.
    pub agent: AgentId,
    /// The browser or program, if it sent its id.
    pub device: Option<DeviceId>,
    /// When it began.
    pub since: Timestamp,
    /// When its tokens were last renewed.
    pub renewed_at: Timestamp,
    /// When its refresh token ends.
    pub expires_at: Timestamp,
    /// The address that it began from; `None` once erased.
    pub address: Option<String>,
    /// What the program called itself.
    pub user_agent: Option<String>,
}

const AGENT: &str = "select id, username, name, email, role, skills, languages, capacity, active, must_change_password,
    second_factor, presence, presence_cause, presence_since, created_at, updated_at, last_sign_in_at, position from agent";
const LIVE_SESSIONS: &str =
    "select agent, count(*) from session where status = 'manual_live' and agent is not null group by agent";
const SIGN_IN: &str = "select id, agent, device, since, renewed_at, expires_at, address, user_agent from sign_in
    where ended_at is null";

impl Reading {
    /// All accounts, oldest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn agents(&mut self) -> Result<Vec<AgentView>, ViewsError> {
        let rows = self.rows.fetch(&format!("{AGENT} order by created_at, id"), &[]).await?;
        Ok(rows.iter().map(AgentView::from_row).collect::<Result<_, _>>()?)
    }

    /// How many sessions each agent serves, of those who serve any.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn live_sessions(&mut self) -> Result<HashMap<AgentId, u64>, ViewsError> {
        let rows = self.rows.fetch(LIVE_SESSIONS, &[]).await?;
        let counts = rows.iter().map(|row| Ok((rows::id(row, 0)?, row.count(1)?)));
        Ok(counts.collect::<Result<_, SqlError>>()?)
    }

    /// An account by id.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn agent(&mut self, agent: AgentId) -> Result<Option<AgentView>, ViewsError> {
        let rows = self.rows.fetch(&format!("{AGENT} where id = $1"), &[(&*agent.to_string()).into()]).await?;
        Ok(rows.first().map(AgentView::from_row).transpose()?)
    }

    /// The sign-ins of an account that are neither over nor expired, newest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn sign_ins_of(&mut self, agent: AgentId, now: Timestamp) -> Result<Vec<SignInView>, ViewsError> {
        let sql = format!("{SIGN_IN} and agent = $1 and expires_at > $2 order by since desc, id");
        let rows = self.rows.fetch(&sql, &[(&*agent.to_string()).into(), now.as_microsecond().into()]).await?;
        Ok(rows.iter().map(SignInView::from_row).collect::<Result<_, _>>()?)
    }

    /// All sign-ins that are neither over nor expired.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn open_sign_ins(&mut self, now: Timestamp) -> Result<Vec<SignInView>, ViewsError> {
        let sql = format!("{SIGN_IN} and expires_at > $1");
        let rows = self.rows.fetch(&sql, &[now.as_microsecond().into()]).await?;
        Ok(rows.iter().map(SignInView::from_row).collect::<Result<_, _>>()?)
    }
}

impl Views {
    /// [`Reading::agent`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn agent(&self, agent: AgentId) -> Result<Option<AgentView>, ViewsError> {
        self.reading().await?.agent(agent).await
    }
}

/// Folds the events of accounts and API keys.
#[derive(Debug)]
pub struct AgentsProjection;

const SCHEMA: &[&str] = &[
    include_str!("sql/agent.sql"),
    include_str!("sql/sign_in.sql"),
    include_str!("sql/api_key.sql"),
    // An account's sign-ins: to list them, and to end them with the account.
    "create index sign_in_by_agent on sign_in (agent, since)",
];
const PLAIN: &[&str] = &[
    "id",
    "role",
    "skills",
    "languages",
    "agent",
    "device",
    "ended_by",
    "permissions",
    "digest",
    "created_by",
    "presence",
    "presence_cause",
];

#[async_trait]
impl Projection for AgentsProjection {
    fn name(&self) -> &'static str {
        "agent"
    }

    fn version(&self) -> u32 {
        3
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        for decoded in events {
            if let Some((agent, event)) = decoded.opened_event().agent() {
                write::apply(tx, &Change::of(agent, decoded), event).await?;
            }
        }
        Ok(())
    }
}

impl AgentView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            agent: rows::id(row, 0)?,
            username: row.optional_text(1)?,
            name: row.optional_text(2)?,
            email: row.optional_text(3)?,
            role: rows::coded(row, 4)?,
            skills: rows::json(row, 5)?,
            languages: rows::json(row, 6)?,
            capacity: u32::try_from(row.int(7)?).map_err(rows::malformed)?,
            is_active: row.int(8)? != 0,
            must_change_password: row.int(9)? != 0,
            has_second_factor: row.int(10)? != 0,
            presence: rows::coded(row, 11)?,
            presence_cause: rows::coded(row, 12)?,
            presence_since: rows::time(row, 13)?,
            created_at: rows::time(row, 14)?,
            updated_at: rows::time(row, 15)?,
            last_sign_in_at: rows::optional_time(row, 16)?,
            position: rows::position(row, 17)?,
        })
    }
}

impl SignInView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            sign_in: rows::id(row, 0)?,
            agent: rows::id(row, 1)?,
            device: rows::optional_id(row, 2)?,
            since: rows::time(row, 3)?,
            renewed_at: rows::time(row, 4)?,
            expires_at: rows::time(row, 5)?,
            address: row.optional_text(6)?,
            user_agent: row.optional_text(7)?,
        })
    }
}

impl std::fmt::Debug for AgentView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentView").field("agent", &self.agent).field("role", &self.role).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SignInView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInView").field("sign_in", &self.sign_in).field("agent", &self.agent).finish_non_exhaustive()
    }
}
