//! Reads the events of a session, found by id or name, completely and in order.
//!
//! Invariant: no event is skipped: a missing or changed version is an error that names it.

use std::{pin::pin, sync::Arc};

use domain::{
    PersonalText,
    session::{Event, State},
};
use event_store::{
    RecordedEvent, StreamName, StreamVersion, hash,
    pages::{pages, stream_pages},
    sequencer::StreamHead,
    verify::Flaw,
};
use futures::StreamExt as _;
use journal::Decoded;
use uuid::Uuid;

use crate::{erasures::WITHOUT_RECORD, failure::Failure, progress::Progress, source::Source};

const CATEGORY: &str = "session";
const OPENED: &str = "session.opened";

/// A decoded event of a session.
pub struct HistoryEvent {
    /// The recorded event.
    pub recorded: Arc<RecordedEvent>,
    /// The event as projections take it.
    pub decoded: Decoded,
    /// Its personal part, as far as this reader may see it.
    pub personal: PersonalText,
    /// Whether its key is gone without an erasure on record.
    pub is_lost: bool,
    /// The decoded event.
    pub event: Event,
    /// The session after it.
    pub after: State,
}

impl HistoryEvent {
    /// A text of this event, or the placeholder that stands for it.
    #[must_use]
    pub fn shown<'a>(&self, text: &'a str) -> &'a str {
        if self.is_lost && text == "[erased]" { WITHOUT_RECORD } else { text }
    }
}

/// The whole history of a session, found by id, stream or name.
///
/// # Errors
/// There is none, several have this name, or the history was changed.
pub async fn find(source: &Source, wanted: &str) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
    let id = wanted.strip_prefix("session-").unwrap_or(wanted);
    if let Ok(id) = Uuid::try_parse(id) {
        let history = load(source, &StreamName::of(CATEGORY, id)).await?;
        if !history.is_empty() {
            return Ok(history);
        }
    }
    if !source.opens_personal_parts() {
        return Err(if Uuid::try_parse(id).is_ok() { Failure::NoSession } else { Failure::NameNeedsKey });
    }
    match find_by_name(source, wanted).await?.as_slice() {
        [] => Err(Failure::NoSession),
        [stream] => load(source, stream).await,
        several => Err(Failure::AmbiguousName(several.iter().filter_map(StreamName::id).collect())),
    }
}

/// All events of a stream, each checked against the previous one.
///
/// # Errors
/// An event is missing or was changed.
pub async fn load(source: &Source, stream: &StreamName) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
    let mut history: Vec<Arc<RecordedEvent>> = Vec::new();
    let mut pages = pin!(stream_pages(source.reader(), stream, StreamVersion::NONE));
    while let Some(page) = pages.next().await {
        for event in page? {
            check_link(history.last(), &event)?;
            history.push(event);
        }
    }
    Ok(history)
}

fn check_link(before: Option<&Arc<RecordedEvent>>, event: &RecordedEvent) -> Result<(), Failure> {
    let head = before.map_or(StreamHead::NONE, |before| StreamHead::of(before));
    let flaw = match (hash::is_intact(event), head.precedes(event)) {
        (true, true) => return Ok(()),
        (false, _) => Flaw::Changed,
        (true, false) => Flaw::Misplaced,
    };
    let version = head.version.next();
    Err(Failure::BrokenChain { stream: event.stream.clone(), version, position: event.position, flaw })
}

async fn find_by_name(source: &Source, name: &str) -> Result<Vec<StreamName>, Failure> {
    let progress = Progress::new("looking for the name", source.reader().head().await?);
    let mut found = Vec::new();
    let mut pages = pin!(pages(source.reader()));
    while let Some(page) = pages.next().await {
        let page = page?;
        for recorded in page.iter().filter(|event| &*event.event.event_type == OPENED) {
            let decoded = Decoded::with_text(recorded.clone(), source.personal(recorded).await?)?;
            let Some((_, Event::Opened(opened))) = decoded.opened_event().session() else { continue };
            if opened.name.known().is_some_and(|named| named.session_name.as_str() == name) {
                found.push(recorded.stream.clone());
            }
        }
        page.last().into_iter().for_each(|last| progress.reached(last.position));
    }
    Ok(found)
}

/// Opens and folds a history, keeping the state after each event.
///
/// # Errors
/// An event cannot be opened or decoded.
pub async fn fold(source: &Source, history: &[Arc<RecordedEvent>]) -> Result<Vec<HistoryEvent>, Failure> {
    let mut events: Vec<HistoryEvent> = Vec::with_capacity(history.len());
    for recorded in history {
        let personal = source.personal(recorded).await?;
        let is_lost = source.is_lost(recorded, &personal).await?;
        let decoded = Decoded::with_text(recorded.clone(), personal.clone())?;
        let (_, event) = decoded.opened_event().session().ok_or(Failure::NoSession)?;
        let (event, state) = (event.clone(), events.last().map_or(State::New, |before| before.after.clone()));
        let after = state.evolve(&event);
        events.push(HistoryEvent { recorded: recorded.clone(), decoded, personal, is_lost, event, after });
    }
    Ok(events)
}
