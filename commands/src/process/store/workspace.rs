//! The rows of what agents keep for themselves in sessions: sealed, found by their place, and removed by many.

use std::{collections::BTreeSet, sync::Arc};

use domain::{AgentId, SessionId};
use event_store::{
    sql::{Row, SqlError, Transaction, Value as Sql},
    vault::SealedRow,
};
use jiff::Timestamp;

use super::{ProcessStore, StoreError};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkspaceKind {
    /// How far the agent has read.
    Read,
    /// What it was about to write to the customer.
    Reply,
    /// What it was about to note.
    Note,
}

impl WorkspaceKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Reply, Self::Note];

    /// As in the row.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Reply => "reply",
            Self::Note => "note",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or(StoreError::Malformed { what: "row of a workspace" })
    }
}

/// The place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspacePlace {
    /// In which session.
    pub session: SessionId,
    /// Whose.
    pub agent: AgentId,
    /// What.
    pub kind: WorkspaceKind,
}

impl WorkspacePlace {
    /// What a row is sealed for.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.session.0.as_bytes(), self.agent.0.as_bytes(), self.kind.as_str().as_bytes()].concat()
    }

    fn values(&self) -> [Sql<'static>; 3] {
        [self.session.0.into(), self.agent.0.into(), self.kind.as_str().into()]
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Its place.
    pub place: WorkspacePlace,
    /// What is in it.
    pub sealed: SealedRow,
    /// When it was last written, to the millisecond.
    pub updated_at: Timestamp,
}

pub(super) const OF_AGENT: &str =
    "select session, kind, key_id, sealed, updated_at from workspace where agent = $1 and kind = $2";
pub(super) const OLD: &str = "delete from workspace where updated_at < $1";
pub(super) const OF_KEY: &str = "delete from workspace where key_id = $1";
const ONE: &str = "select session, kind, key_id, sealed, updated_at from workspace
    where session = $1 and agent = $2 and kind = $3";
const SAVE: &str = "insert into workspace (session, agent, kind, key_id, sealed, updated_at)
    values ($1, $2, $3, $4, $5, $6) on conflict (session, agent, kind) do update
    set key_id = excluded.key_id, sealed = excluded.sealed, updated_at = excluded.updated_at";
const REMOVE: &str = "delete from workspace where session = $1 and agent = $2 and kind = $3";

impl ProcessStore {
    /// Writes a row in the place of what was there.
    ///
    /// # Errors
    /// The database is away.
    pub async fn save_workspace_row(&self, row: &WorkspaceRow) -> Result<(), StoreError> {
        let [session, agent, kind] = row.place.values();
        let (key_id, sealed) = ((&*row.sealed.key_id).into(), row.sealed.bytes.as_slice().into());
        let values = [session, agent, kind, key_id, sealed, row.updated_at.as_millisecond().into()];
        let mut tx = self.0.begin().await?;
        tx.execute(SAVE, &values).await?;
        Ok(tx.commit().await?)
    }

    /// A row, if there is one.
    ///
    /// # Errors
    /// The database is away.
    pub async fn workspace_row(&self, place: &WorkspacePlace) -> Result<Option<WorkspaceRow>, StoreError> {
        let rows = self.0.fetch(ONE, &place.values()).await?;
        rows.first().map(|row| row_of(row, place.agent)).transpose()
    }

    /// An agent's rows of one kind, of these sessions or of all.
    ///
    /// # Errors
    /// The database is away.
    pub async fn workspace_rows(
        &self,
        agent: AgentId,
        kind: WorkspaceKind,
        sessions: Option<&[SessionId]>,
    ) -> Result<Vec<WorkspaceRow>, StoreError> {
        let mut values: Vec<Sql<'_>> = vec![agent.0.into(), kind.as_str().into()];
        let sql = match sessions {
            None => OF_AGENT.to_owned(),
            Some([]) => return Ok(Vec::new()),
            Some(sessions) => {
                values.extend(sessions.iter().map(|session| Sql::from(session.0)));
                let places: Vec<String> = (3..sessions.len() + 3).map(|number| format!("${number}")).collect();
                format!("{OF_AGENT} and session in ({})", places.join(", "))
            }
        };
        self.0.fetch(&sql, &values).await?.iter().map(|row| row_of(row, agent)).collect()
    }

    /// Removes a row, if there is one.
    ///
    /// # Errors
    /// The database is away.
    pub async fn remove_workspace_row(&self, place: &WorkspacePlace) -> Result<(), StoreError> {
        self.remove(REMOVE, &place.values()).await
    }

    /// Removes rows that were last written before a time.
    ///
    /// # Errors
    /// The database is away.
    pub async fn remove_old_workspace_rows(&self, before: Timestamp) -> Result<(), StoreError> {
        self.remove(OLD, &[before.as_millisecond().into()]).await
    }

    /// Removes rows that a key sealed.
    ///
    /// # Errors
    /// The database is away.
    pub async fn remove_workspace_rows_of(&self, key_id: &str) -> Result<(), StoreError> {
        self.remove(OF_KEY, &[key_id.into()]).await
    }

    /// The keys that seal any row.
    ///
    /// # Errors
    /// The database is away.
    pub async fn workspace_keys(&self) -> Result<BTreeSet<Arc<str>>, StoreError> {
        let rows = self.0.fetch("select distinct key_id from workspace", &[]).await?;
        rows.iter().map(|row| Ok(row.text(0)?.into())).collect()
    }

    async fn remove(&self, sql: &str, values: &[Sql<'_>]) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        tx.execute(sql, values).await?;
        Ok(tx.commit().await?)
    }
}

fn row_of(row: &Row, agent: AgentId) -> Result<WorkspaceRow, StoreError> {
    let place = WorkspacePlace { session: SessionId(row.uuid(0)?), agent, kind: WorkspaceKind::parse(&row.text(1)?)? };
    let sealed = SealedRow { key_id: row.text(2)?.into(), bytes: row.bytes(3)? };
    let updated_at = Timestamp::from_millisecond(row.int(4)?);
    let updated_at = updated_at.map_err(|_| StoreError::Malformed { what: "row of a workspace" })?;
    Ok(WorkspaceRow { place, sealed, updated_at })
}

/// What was sent is no draft any more; one that was begun after it is.
pub(super) async fn forget_draft(
    tx: &mut Transaction,
    place: &WorkspacePlace,
    sent_at: Timestamp,
) -> Result<(), SqlError> {
    let [session, agent, kind] = place.values();
    let sql = format!("{REMOVE} and updated_at <= $4");
    tx.execute(&sql, &[session, agent, kind, sent_at.as_millisecond().into()]).await.map(drop)
}
