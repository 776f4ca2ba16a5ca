//! The audit trail: every event with who did it to what, and how a session's status moved. Only plain data, so it says the same
//! before and after an erasure.
//!
//! Invariants: an entry per event, in the log's order, none left out; a batch comes to this view before it comes to that of
//! the sessions, whose rows say how a session stood before it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use domain::{SessionId, session::Status};
use event_store::{
    Position, RecordedEvent,
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
    /// The stream that it is in: `session-<id>`, `agent-<id>`, `access-<agent>-<day>`, …
    pub target: String,
    /// The session's status before it; `None` before the first event.
    pub status_from: Option<Status>,
    /// The session's status after it.
    pub status_to: Option<Status>,
    /// The event's plain data.
    pub details: serde_json::Value,
}

const COLUMNS: &str =
    "select position, at, actor, event_type, target, status_from, status_to, details from audit_entry";

/// What is looked for; what is absent matters not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Exactly this one, `<kind>:<id>`.
    pub actor: Option<String>,
    /// The stored type of the event.
    pub event_type: Option<String>,
    /// The stream.
    pub target: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    /// Conditions with their values, which begin at `$1`.
    fn conditions(&self) -> (Vec<String>, Vec<Value<'_>>) {
        let texts = [("actor", &self.actor), ("event_type", &self.event_type), ("target", &self.target)];
        let texts = texts.into_iter().filter_map(|(column, text)| Some((column, "=", text.as_deref()?.into())));
        let times = [(">=", self.from), ("<", self.to)];
        let times = times.into_iter().filter_map(|(sign, time)| Some(("at", sign, time?.as_microsecond().into())));
        let all: Vec<(&str, &str, Value<'_>)> = texts.chain(times).collect();
        let place = |(number, (column, sign, _)): (usize, &(&str, &str, _))| format!("{column} {sign} ${}", number + 1);
        (all.iter().enumerate().map(place).collect(), all.iter().map(|(_, _, value)| *value).collect())
    }
}

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
        let filter = AuditFilter { target: Some(target_of(session)), ..AuditFilter::default() };
        self.audit(&filter, after, limit).await
    }

    /// Up to `limit` entries after a position, in the log's order.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn audit(
        &mut self,
        filter: &AuditFilter,
        after: Position,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, ViewsError> {
        let (mut conditions, mut values) = filter.conditions();
        conditions.push(format!("position > ${}", values.len() + 1));
        values.push(i64::try_from(after.0).unwrap_or(i64::MAX).into());
        values.push(u64::from(limit).into());
        let conditions = conditions.join(" and ");
        let sql = format!("{COLUMNS} where {conditions} order by position limit ${}", values.len());
        let rows = self.rows.fetch(&sql, &values).await?;
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
            target: row.text(4)?,
            status_from: rows::optional_coded(row, 5)?,
            status_to: rows::optional_coded(row, 6)?,
            details: serde_json::from_str(&row.text(7)?).map_err(rows::malformed)?,
        })
    }
}

/// The view.
#[derive(Debug)]
pub struct AuditView;

const SCHEMA: &[&str] = &[include_str!("sql/audit_entry.sql")];
const INDEXES: &[&str] = &[
    // A session's trail.
    "create index if not exists audit_entry_by_target on audit_entry (target, position)",
    "create index if not exists audit_entry_by_actor on audit_entry (actor, position)",
    "create index if not exists audit_entry_by_type on audit_entry (event_type, position)",
    "create index if not exists audit_entry_by_time on audit_entry (at, position)",
];
const PLAIN: &[&str] = &["target", "actor", "event_type", "status_from", "status_to", "details"];
const INSERT: &str =
    "insert into audit_entry (position, target, at, actor, event_type, status_from, status_to, details)";
const KEEP: &str = "on conflict (position) do nothing";

#[async_trait]
impl View for AuditView {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn version(&self) -> u32 {
        2
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
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

    async fn apply_others(&self, tx: &mut Transaction, events: &[Arc<RecordedEvent>]) -> Result<(), SqlError> {
        let values: Vec<_> = events.iter().map(|event| values(event, event.stream.as_str(), None, None)).collect();
        rows::insert(tx, INSERT, KEEP, &values).await
    }
}

/// How a session stands in the trail.
fn target_of(session: SessionId) -> String {
    format!("session-{session}")
}

fn values<'a>(
    recorded: &'a RecordedEvent,
    target: &'a str,
    from: Option<Status>,
    to: Option<Status>,
) -> Vec<Value<'a>> {
    let stored = &recorded.event;
    vec![
        recorded.position.0.into(),
        target.into(),
        recorded.recorded_at.as_microsecond().into(),
        stored.actor.as_str().into(),
        (&*stored.event_type).into(),
        from.map(Status::as_str).into(),
        to.map(Status::as_str).into(),
        (&*stored.data).into(),
    ]
}

type Statuses = BTreeMap<SessionId, Status>;

/// How each session that the facts speak of stood before them: the rows of sessions are written after these.
async fn load_statuses(tx: &mut Transaction, facts: &[Fact]) -> Result<Statuses, SqlError> {
    let ids: BTreeSet<SessionId> = facts.iter().map(|fact| fact.session).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = rows::with_ids(tx, "select id, status from session", &ids).await?;
    found.iter().map(|row| Ok((rows::id(row, 0)?, rows::coded(row, 1)?))).collect()
}

/// A row to be.
struct Entry<'a> {
    fact: &'a Fact,
    from: Option<Status>,
    to: Option<Status>,
}

impl<'a> Entry<'a> {
    fn of(fact: &'a Fact, statuses: &mut Statuses) -> Self {
        let from = statuses.get(&fact.session).copied();
        let to = fact.status_after(from);
        statuses.extend(to.map(|to| (fact.session, to)));
        Self { fact, from, to }
    }

    fn values(&self) -> Vec<Value<'_>> {
        values(&self.fact.recorded, self.fact.recorded.stream.as_str(), self.from, self.to)
    }
}
