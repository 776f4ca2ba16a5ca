//! The audit trail of a session: every event once, with the status before and after it.

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Told, status};

/// One event, as an auditor reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Of the event.
    pub position: Position,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who did it, `<kind>:<id>`.
    pub actor: String,
    /// As stored.
    pub event_type: String,
    /// What all events before it add up to; nothing before the first.
    pub status_from: Option<String>,
    /// What all events up to it add up to.
    pub status_to: Option<String>,
    /// The plain part, and never the personal one.
    pub details: Value,
}

impl Entry {
    /// One for each event of a session, in order.
    #[must_use]
    pub fn all(events: &[&Told]) -> Vec<Self> {
        let entry = |(place, told): (usize, &&Told)| Self {
            position: told.position,
            at: told.at,
            actor: told.actor.clone(),
            event_type: format!("session.{}", told.what),
            status_from: status(&events[..place]).map(str::to_owned),
            status_to: status(&events[..=place]).map(str::to_owned),
            details: told.data.clone(),
        };
        events.iter().enumerate().map(entry).collect()
    }
}
