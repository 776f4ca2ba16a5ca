//! `stats`: counts the contents of a log.

use std::{
    collections::{BTreeMap, HashMap},
    pin::pin,
    sync::Arc,
};

use domain::session::{Session, State};
use event_store::{Identity, Position, RecordedEvent, StreamName, pages::pages_up_to, verify::Flaw};
use futures::StreamExt as _;
use journal::Decoded;
use serde::Serialize;

use crate::{Finding, failure::Failure, link_check::LinkCheck, progress::Progress, render::Screen, source::Source};

/// The counters.
#[derive(Default)]
struct Tally {
    events: u64,
    first: Option<String>,
    last: Option<String>,
    types: BTreeMap<String, u64>,
    categories: BTreeMap<String, u64>,
    streams: HashMap<StreamName, State>,
    classes: BTreeMap<String, u64>,
    data_bytes: u64,
    sealed_bytes: u64,
    /// The events that do not prove themselves: how many, and the first.
    unproved: u64,
    first_unproved: Option<Unproved>,
}

#[derive(Serialize)]
struct Unproved {
    position: Position,
    #[serde(flatten)]
    flaw: Flaw,
}

#[derive(Serialize)]
struct Document {
    log_id: uuid::Uuid,
    generation: u64,
    head: Position,
    events: u64,
    first_recorded_at: Option<String>,
    last_recorded_at: Option<String>,
    data_bytes: u64,
    sealed_bytes: u64,
    events_by_type: BTreeMap<String, u64>,
    streams_by_category: BTreeMap<String, u64>,
    sessions_by_status: BTreeMap<String, u64>,
    personal_parts_by_class: BTreeMap<String, u64>,
    unproved_events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_unproved: Option<Unproved>,
}

/// Counts the log up to its head.
///
/// # Errors
/// An event cannot be read or understood.
pub async fn stats(source: &Source, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let reader = source.reader();
    let head = reader.head().await?;
    let progress = Progress::new("counting", head);
    let mut tally = Tally::default();
    let mut links = LinkCheck::new(true);
    let mut pages = pin!(pages_up_to(reader, Position::START, head));
    while let Some(page) = pages.next().await {
        for event in &page? {
            tally.note_flaw(event, links.flaw_of(event));
            tally.add(event)?;
            progress.reached(event.position);
        }
    }
    drop(progress);
    let document = tally.document(reader.identity().await?, head);
    if screen.json_wanted() {
        screen.json(&document)?
    } else {
        print(&document, screen)?
    }
    Ok(if document.unproved_events == 0 { Finding::AsExpected } else { Finding::Differences })
}

impl Tally {
    fn note_flaw(&mut self, event: &RecordedEvent, flaw: Option<Flaw>) {
        if let Some(flaw) = flaw {
            self.unproved += 1;
            self.first_unproved.get_or_insert(Unproved { position: event.position, flaw });
        }
    }

    fn add(&mut self, recorded: &Arc<RecordedEvent>) -> Result<(), Failure> {
        let event = &recorded.event;
        self.events += 1;
        self.first.get_or_insert_with(|| recorded.recorded_at_text());
        self.last = Some(recorded.recorded_at_text());
        *self.types.entry(event.event_type.to_string()).or_default() += 1;
        self.data_bytes += event.data.len() as u64;
        if let Some(sealed) = &event.personal {
            self.sealed_bytes += sealed.len() as u64;
            let class = event.key_id.as_deref().and_then(class_of).unwrap_or("unknown");
            *self.classes.entry(class.to_owned()).or_default() += 1;
        }
        self.fold(recorded)
    }

    fn fold(&mut self, recorded: &Arc<RecordedEvent>) -> Result<(), Failure> {
        let state = self.streams.remove(&recorded.stream);
        if state.is_none() {
            *self.categories.entry(recorded.stream.category().to_owned()).or_default() += 1;
        }
        let mut state = state.unwrap_or_default();
        if recorded.stream.category() == "session" {
            // A session's status does not depend on personal parts, so none is opened.
            let decoded = Decoded::decode(recorded.clone())?;
            if let Some((_, event)) = decoded.event().session() {
                state = state.evolve(event);
            }
        }
        self.streams.insert(recorded.stream.clone(), state);
        Ok(())
    }

    fn document(self, identity: Identity, head: Position) -> Document {
        let mut sessions_by_status = BTreeMap::new();
        for session in self.streams.values().filter_map(State::session) {
            *sessions_by_status.entry(Session::status(session).to_string()).or_default() += 1;
        }
        Document {
            log_id: identity.log_id,
            generation: identity.generation,
            head,
            events: self.events,
            first_recorded_at: self.first,
            last_recorded_at: self.last,
            data_bytes: self.data_bytes,
            sealed_bytes: self.sealed_bytes,
            events_by_type: self.types,
            streams_by_category: self.categories,
            sessions_by_status,
            personal_parts_by_class: self.classes,
            unproved_events: self.unproved,
            first_unproved: self.first_unproved,
        }
    }
}

/// The class in a key id, `<subject>/<class>/<yyyy-mm>`.
fn class_of(key_id: &str) -> Option<&str> {
    key_id.split('/').nth(1)
}

fn print(document: &Document, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.field("log", &format!("{}, generation {}", document.log_id, document.generation))?;
    screen.field("events", &document.events.to_string())?;
    if let (Some(first), Some(last)) = (&document.first_recorded_at, &document.last_recorded_at) {
        screen.field("recorded", &format!("{first} to {last}"))?;
    }
    if let Some(Unproved { position, flaw }) = &document.first_unproved {
        let count = document.unproved_events;
        screen.field(
            "unproved",
            &format!("{count} events do not prove themselves, the first at position {position}: {flaw}"),
        )?;
    }
    screen.field("bytes", &format!("{} plain data, {} sealed", document.data_bytes, document.sealed_bytes))?;
    for (title, counts) in [
        ("events by type", &document.events_by_type),
        ("streams by category", &document.streams_by_category),
        ("sessions by status", &document.sessions_by_status),
        ("sealed parts by class of key", &document.personal_parts_by_class),
    ] {
        screen.line("")?;
        screen.line(title)?;
        for (what, count) in counts {
            screen.count(what, *count)?;
        }
    }
    Ok(())
}
