//! The rows of API keys: how they are read, and how events change them.

use domain::{
    AgentId,
    agent::{
        Permission,
        event::{ApiKeyDigest, ApiKeyIssued},
    },
};
use event_store::sql::{Row, SqlError, Transaction};
use jiff::Timestamp;

use super::change::Change;
use crate::{error::ViewsError, reading::Reading, rows};

/// An API key as staff sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyView {
    /// Its id.
    pub id: AgentId,
    /// What it is for; `None` once erased.
    pub name: Option<String>,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// What a presented key is checked against.
    pub digest: ApiKeyDigest,
    /// When it was issued.
    pub created_at: Timestamp,
    /// By whom, as an actor.
    pub created_by: String,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

const ISSUE: &str =
    "insert into api_key (id, name, permissions, digest, created_at, created_by, expires_at, revoked_at,
    position) values ($1, $2, $3, $4, $5, $6, $7, null, $8) on conflict (id) do nothing";
const REVOKE: &str = "update api_key set revoked_at = $2, position = $3 where id = $1 and position < $3";
const ALL: &str = "select id, name, permissions, digest, created_at, created_by, expires_at, revoked_at from api_key
    order by created_at, id";

impl Reading {
    /// All keys, revoked ones as well, oldest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn api_keys(&mut self) -> Result<Vec<ApiKeyView>, ViewsError> {
        let rows = self.rows.fetch(ALL, &[]).await?;
        Ok(rows.iter().map(ApiKeyView::from_row).collect::<Result<_, _>>()?)
    }
}

impl ApiKeyView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            id: rows::id(row, 0)?,
            name: row.optional_text(1)?,
            permissions: rows::json(row, 2)?,
            digest: ApiKeyDigest(row.text(3)?),
            created_at: rows::time(row, 4)?,
            created_by: row.text(5)?,
            expires_at: rows::optional_time(row, 6)?,
            revoked_at: rows::optional_time(row, 7)?,
        })
    }
}

impl std::fmt::Debug for ApiKeyView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKeyView").field("id", &self.id).finish_non_exhaustive()
    }
}

pub(super) async fn issue(tx: &mut Transaction, change: &Change<'_>, issued: &ApiKeyIssued) -> Result<(), SqlError> {
    let permissions = rows::to_json(&issued.permissions);
    let values = [
        change.agent(),
        issued.label.known().map(|label| label.name.as_str()).into(),
        (&*permissions).into(),
        (&*issued.digest.0).into(),
        change.at(),
        change.actor(),
        issued.expires_at.map(Timestamp::as_microsecond).into(),
        change.position(),
    ];
    tx.execute(ISSUE, &values).await.map(drop)
}

pub(super) async fn revoke(tx: &mut Transaction, change: &Change<'_>) -> Result<(), SqlError> {
    tx.execute(REVOKE, &[change.agent(), change.at(), change.position()]).await.map(drop)
}
