//! The audit trail's rows: one per event.
//!
//! Invariant: this projection takes a batch before that of the sessions, whose rows say which status a session had before it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{SessionId, session::Status};
use event_store::sql::{SqlError, Transaction, Value};
use journal::Decoded;

use crate::{projection::Projection, rows};

/// Folds every event of every stream.
#[derive(Debug)]
pub struct AuditProjection;

const SCHEMA: &[&str] = &[include_str!("../sql/audit_entry.sql")];
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
impl Projection for AuditProjection {
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

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let mut statuses = load_statuses(tx, events).await?;
        let values: Vec<_> = events.iter().map(|event| values(event, change(event, &mut statuses))).collect();
        rows::insert(tx, INSERT, KEEP, &values).await
    }
}

type Statuses = BTreeMap<SessionId, Status>;

/// The status of each session of a batch before it: the rows of sessions are written later.
async fn load_statuses(tx: &mut Transaction, events: &[Decoded]) -> Result<Statuses, SqlError> {
    let ids: BTreeSet<SessionId> = events.iter().filter_map(|event| Some(event.event().session()?.0)).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = rows::with_ids(tx, "select id, status from session", "id", &ids).await?;
    found.iter().map(|row| Ok((rows::id(row, 0)?, rows::coded(row, 1)?))).collect()
}

/// The status of an event's session before and after it; neither for events of other streams.
fn change(event: &Decoded, statuses: &mut Statuses) -> [Option<Status>; 2] {
    let Some((session, happened)) = event.event().session() else { return [None; 2] };
    let before = statuses.get(&session).copied();
    let after = happened.status_after(before);
    statuses.extend(after.map(|after| (session, after)));
    [before, after]
}

fn values(event: &Decoded, [from, to]: [Option<Status>; 2]) -> Vec<Value<'_>> {
    let recorded = event.recorded();
    let stored = &recorded.event;
    vec![
        event.position().0.into(),
        recorded.stream.as_str().into(),
        event.at_us().into(),
        stored.actor.as_str().into(),
        (&*stored.event_type).into(),
        from.map(Status::as_str).into(),
        to.map(Status::as_str).into(),
        (&*stored.data).into(),
    ]
}
