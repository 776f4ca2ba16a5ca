//! The list of sessions, and sessions by name.

use std::{cmp::Reverse, collections::BTreeSet};

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Newest, Oracle, Rating, Shown, Told, messages};

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `Shown`, and `preview` for the newest message")]
pub struct Row {
    pub stream: String,
    pub visitor: String,
    pub name: Option<String>,
    pub status: String,
    pub updated_at: Timestamp,
    pub last_message: Option<Newest>,
    /// Reason, rule, severity, and when it was asked for.
    pub escalation: Option<(String, String, String, Timestamp)>,
    pub waiting_since: Option<Timestamp>,
    pub class: String,
    pub group: Option<String>,
    pub agent: Option<String>,
    pub position: Position,
    pub tags: BTreeSet<String>,
    pub notes: u64,
    pub rating: Option<Rating>,
}

impl Row {
    /// The row of a session.
    #[must_use]
    pub fn of(events: &[&Told]) -> Self {
        let shown = Shown::of(events);
        Self {
            stream: shown.stream,
            visitor: shown.visitor,
            name: shown.name,
            status: shown.status,
            updated_at: shown.updated_at,
            last_message: messages::preview(events),
            escalation: shown.escalation.map(|one| (one.reason, one.rule, one.severity, one.trigger_at)),
            waiting_since: shown.waiting_since,
            class: shown.class,
            group: shown.group,
            agent: shown.agent,
            position: shown.position,
            tags: shown.tags,
            notes: shown.notes,
            rating: shown.rating,
        }
    }
}

/// All sessions, or those of a status, newest updated first; of two that were updated at once the one with the newer event.
#[must_use]
pub fn list(oracle: &Oracle, status: Option<&str>) -> Vec<Row> {
    let mut rows: Vec<Row> = oracle.by_session().values().map(|events| Row::of(events)).collect();
    rows.retain(|row| status.is_none_or(|status| row.status == status));
    rows.sort_by_key(|row| Reverse((row.updated_at, row.position)));
    rows
}

/// The streams of the sessions with exactly this name, oldest first.
#[must_use]
pub fn named(oracle: &Oracle, name: &str) -> Vec<String> {
    let sessions = oracle.by_session();
    let mut found: Vec<Shown> = sessions.values().map(|events| Shown::of(events)).collect();
    found.retain(|shown| shown.name.as_deref() == Some(name));
    found.sort_by(|one, other| (one.created_at, &one.stream).cmp(&(other.created_at, &other.stream)));
    found.into_iter().map(|shown| shown.stream).collect()
}
