//! The audit trail: every event with who did it to what, and how a session's status changed. Only plain data, so it says the
//! same before and after an erasure.
//!
//! Invariant: one entry per event, in the log's order, none left out.

mod fold;
mod order;

use domain::{SessionId, session::Status};
use event_store::{
    Position,
    sql::{Row, SqlError, Value},
};
use jiff::Timestamp;

use crate::{error::ViewsError, reading::Reading, rows, views::Views};
pub use fold::AuditProjection;
pub use order::AuditOrder;

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

/// Which entries are wanted. Absent fields do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// This actor, `<kind>:<id>`.
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
        self.audit(&filter, AuditOrder::Oldest, Some(after), limit).await
    }

    /// Up to `limit` entries, from one end of the log or from beyond a position.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn audit(
        &mut self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, ViewsError> {
        let (mut conditions, mut values) = filter.conditions();
        let after = after.unwrap_or_else(|| order.before_all());
        conditions.push(format!("position {} ${}", order.sign(), values.len() + 1));
        values.push(i64::try_from(after.0).unwrap_or(i64::MAX).into());
        values.push(u64::from(limit).into());
        let conditions = conditions.join(" and ");
        let direction = order.direction();
        let sql = format!("{COLUMNS} where {conditions} order by position {direction} limit ${}", values.len());
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

/// A session's target in the trail.
fn target_of(session: SessionId) -> String {
    format!("session-{session}")
}
