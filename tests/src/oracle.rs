//! Each figure a second time, by its definition and nothing else: loops over all events as they are stored, from the first
//! to the last. Slow, and without a line of the code that it is compared with: types and fields are read from the stored
//! JSON, not through the domain's codec, and nothing is kept from one question to the next.
//!
//! Invariant: nothing here is shared with `projections`, `domain` or `commands` but the form of the answers.

mod attempts;
mod audit;
mod day;
mod decision;
mod find;
mod keeping;
mod list;
mod messages;
mod queue;
mod quick_replies;
mod services;
mod sessions;
mod statistics;

use std::{collections::BTreeMap, sync::Arc};

use event_store::{EventReader, Position, RecordedEvent, Unsealed, Vault};
use jiff::Timestamp;
use serde_json::Value;

pub use attempts::{Attempt, Group, Sums, attempts, session_usage, usage};
pub use audit::Entry;
pub use day::day_start;
pub use decision::Decided;
pub use find::{Asked, Counts, Customer, counts, find, unread};
pub use keeping::{Episode, Note, Rating, Visitor, notes, tag_counts, tags, visitors};
pub use list::{Row, list, named};
pub use messages::{Newest, Said, preview};
pub use queue::{InQueue, load, queue, sessions_of};
pub use quick_replies::{QuickReply, quick_replies, uses};
pub use services::{Service, Today, services, today};
pub use sessions::{Escalation, Mail, Offer, Shown, Transfer, open_offers, open_transfers};
pub use statistics::Figures;

/// One event of one session, as stored and opened.
#[derive(Clone)]
pub struct Told {
    /// Its place in the log.
    pub position: Position,
    /// When it was recorded.
    pub at: Timestamp,
    /// The stream, `session-<uuid>`.
    pub stream: String,
    /// `<kind>:<id>`
    pub actor: String,
    /// Its id.
    pub event_id: String,
    /// The stored type without `session.`
    pub what: String,
    /// The plain part.
    pub data: Value,
    /// The personal part; `Null` where there is none, or none any more.
    pub personal: Value,
}

impl Told {
    /// A text of the plain part.
    fn text(&self, field: &str) -> Option<String> {
        self.data[field].as_str().map(str::to_owned)
    }

    /// A text of the personal part.
    fn said(&self, field: &str) -> Option<String> {
        self.personal[field].as_str().map(str::to_owned)
    }

    /// The status that the event brings about, where it brings one.
    fn brings(&self) -> Option<&'static str> {
        match &*self.what {
            "opened" | "escalation_cancelled" | "released" | "reopened" => Some("bot_active"),
            "escalated" | "returned_to_queue" => Some("pending_manual"),
            "agent_took_over" | "transferred" => Some("manual_live"),
            "after_hours_notice_given" => Some("after_hours_email"),
            "closed" => Some("closed"),
            _ => None,
        }
    }
}

/// The log as far as it was heard, told.
#[derive(Default)]
pub struct Oracle(Vec<Told>);

impl Oracle {
    /// Reads a log up to a position and opens what can be opened.
    ///
    /// # Panics
    /// An event cannot be read or opened.
    pub async fn of(reader: &dyn EventReader, vault: &Vault, up_to: Position) -> Self {
        let mut oracle = Self::default();
        oracle.hear(reader, vault, up_to).await;
        oracle
    }

    /// Reads on, up to a position. What was heard before stays as it was heard, though it be erased since.
    ///
    /// # Panics
    /// An event cannot be read or opened.
    pub async fn hear(&mut self, reader: &dyn EventReader, vault: &Vault, up_to: Position) {
        loop {
            let after = self.0.last().map_or(Position::START, |last| last.position);
            let page = reader.read_all(after, 1_000).await.expect("the log can be read");
            let wanted: Vec<&Arc<RecordedEvent>> = page.iter().filter(|event| event.position <= up_to).collect();
            if wanted.is_empty() {
                return;
            }
            for event in wanted {
                self.0.push(tell(event, vault).await);
            }
        }
    }

    /// All that was heard, in order.
    #[must_use]
    pub fn events(&self) -> &[Told] {
        &self.0
    }

    /// The events of each session, in order, by stream.
    #[must_use]
    pub fn by_session(&self) -> BTreeMap<&str, Vec<&Told>> {
        let mut groups: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
        for told in self.0.iter().filter(|told| told.stream.starts_with("session-")) {
            groups.entry(&told.stream).or_default().push(told);
        }
        groups
    }
}

async fn tell(event: &RecordedEvent, vault: &Vault) -> Told {
    let personal = match vault.open(event).await.expect("the vault belongs to the log") {
        Unsealed::Known(json) => serde_json::from_str(&json).expect("a personal part is JSON"),
        Unsealed::Nothing | Unsealed::Erased => Value::Null,
    };
    let stored = &event.event;
    Told {
        position: event.position,
        at: event.recorded_at,
        stream: event.stream.to_string(),
        actor: stored.actor.to_string(),
        event_id: stored.event_id.to_string(),
        what: stored.event_type.trim_start_matches("session.").to_owned(),
        data: serde_json::from_str(&stored.data).expect("a plain part is JSON"),
        personal,
    }
}

/// The status that a session's events add up to; none before the first.
fn status(events: &[&Told]) -> Option<&'static str> {
    events.iter().rev().find_map(|told| told.brings())
}

/// A moment of the plain part, without what is less than a microsecond: views keep none of that.
fn time(told: &Told, field: &str) -> Timestamp {
    let exact: Timestamp = told.data[field].as_str().and_then(|text| text.parse().ok()).expect("the field is a time");
    Timestamp::from_microsecond(exact.as_microsecond()).expect("it is next to a time")
}

/// The last event of a kind.
fn last_of<'a>(events: &[&'a Told], what: &str) -> Option<&'a Told> {
    events.iter().rev().find(|told| told.what == what).copied()
}
