//! The audit trail: every event of every session with who did it and how the status moved. Only plain data, so it says the
//! same before and after an erasure.
//!
//! Invariant: an entry per event, in the log's order, none left out.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{SessionId, session::Status};
use event_store::{
    Position,
    sql::{Row, SqlError, Transaction, Value},
};
use jiff::Timestamp;

use crate::{
    fact::Fact,
    reading::Reading,
    rows,
    view::View,
    views::{Views, ViewsError},
};

/// One event as an auditor reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub position: Position,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who did it, `<kind>:<id>`.
    pub actor: String,
    /// The stored type, `session.agent_took_over`.
    pub event_type: String,
    /// The session's status before it; `None` before the first event.
    pub status_from: Option<Status>,
    /// The session's status after it.
    pub status_to: Option<Status>,
    /// The event's plain data.
    pub details: serde_json::Value,
}

const PAGE: &str = "select position, at, actor, event_type, status_from, status_to, details
    from audit_entry where session = $1 and position > $2 order by position limit $3";

impl Reading {
    /// Up to `limit` events of a session after a position, in order.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn audit_trail(
        &mut self,
        session: SessionId,
        after: Position,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, ViewsError> {
        let session = session.to_string();
        let after = i64::try_from(after.0).unwrap_or(i64::MAX);
        let values = [(&*session).into(), after.into(), u64::from(limit).into()];
        let rows = self.rows.fetch(PAGE, &values).await?;
        Ok(rows.iter().map(AuditEntry::from_row).collect::<Result<_, _>>()?)
    }
}

impl Views {
    /// [`Reading::audit_trail`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn audit_trail(
        &self,
        session: SessionId,
        after: Position,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, ViewsError> {
        self.reading().await?.audit_trail(session, after, limit).await
    }
}

impl AuditEntry {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            position: rows::position(row, 0)?,
            at: rows::time(row, 1)?,
            actor: row.text(2)?,
            event_type: row.text(3)?,
            status_from: rows::optional_coded(row, 4)?,
            status_to: rows::optional_coded(row, 5)?,
            details: serde_json::from_str(&row.text(6)?).map_err(rows::malformed)?,
        })
    }
}

/// The view.
#[derive(Debug)]
pub struct AuditView;

const SCHEMA: &[&str] = &[
    include_str!("sql/audit_entry.sql"),
    // A session's trail; its newest entry is asked for with every batch.
    "create index audit_entry_by_session on audit_entry (session, position)",
];
const PLAIN: &[&str] = &["session", "actor", "event_type", "status_from", "status_to", "details"];
const INSERT: &str =
    "insert into audit_entry (position, session, at, actor, event_type, status_from, status_to, details)";
const KEEP: &str = "on conflict (position) do nothing";

#[async_trait]
impl View for AuditView {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, facts: &[Fact]) -> Result<(), SqlError> {
        let mut statuses = load_statuses(tx, facts).await?;
        let entries: Vec<Entry<'_>> = facts.iter().map(|fact| Entry::of(fact, &mut statuses)).collect();
        let values: Vec<_> = entries.iter().map(Entry::values).collect();
        rows::insert(tx, INSERT, KEEP, &values).await
    }
}

type Statuses = BTreeMap<SessionId, Status>;

/// The status after the newest entry of each session that the facts speak of.
async fn load_statuses(tx: &mut Transaction, facts: &[Fact]) -> Result<Statuses, SqlError> {
    let ids: BTreeSet<SessionId> = facts.iter().map(|fact| fact.session).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut statuses = Statuses::new();
    for piece in rows::pieces(&ids) {
        let sql = format!(
            "select a.session, a.status_to from (values {}) as touched join audit_entry a on a.position =
                (select max(position) from audit_entry newest where newest.session = touched.column1)",
            rows::placeholders(tx, piece.len(), 1)
        );
        let values: Vec<Value<'_>> = piece.iter().map(|id| (&**id).into()).collect();
        for row in tx.fetch(&sql, &values).await? {
            let session: SessionId = rows::id(&row, 0)?;
            let status: Option<Status> = rows::optional_coded(&row, 1)?;
            statuses.extend(status.map(|status| (session, status)));
        }
    }
    Ok(statuses)
}

/// A row to be.
struct Entry<'a> {
    fact: &'a Fact,
    session: String,
    from: Option<Status>,
    to: Option<Status>,
}

impl<'a> Entry<'a> {
    fn of(fact: &'a Fact, statuses: &mut Statuses) -> Self {
        let from = statuses.get(&fact.session).copied();
        let to = fact.status_after(from);
        statuses.extend(to.map(|to| (fact.session, to)));
        Self { fact, session: fact.session.to_string(), from, to }
    }

    fn values(&self) -> Vec<Value<'_>> {
        let stored = &self.fact.recorded.event;
        vec![
            self.fact.position().0.into(),
            (&*self.session).into(),
            self.fact.at_us().into(),
            stored.actor.as_str().into(),
            (&*stored.event_type).into(),
            self.from.map(Status::as_str).into(),
            self.to.map(Status::as_str).into(),
            (&*stored.data).into(),
        ]
    }
}
