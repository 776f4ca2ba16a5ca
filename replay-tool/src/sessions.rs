//! `sessions`: lists every session of the log, in the order of their first events.
//!
//! Names need the master key. Each event is checked on the way; a session with one that does not prove itself is marked.

use std::{collections::HashMap, pin::pin, sync::Arc};

use domain::{
    PersonalText,
    session::{Event, Session, State, Status},
};
use event_store::{Position, RecordedEvent, StreamName, pages::pages_up_to};
use futures::StreamExt as _;
use journal::Decoded;
use serde::Serialize;

use crate::{
    Finding, erasures::WITHOUT_RECORD, failure::Failure, link_check::LinkCheck, progress::Progress, render::Screen,
    source::Source,
};

/// A session so far.
#[derive(Serialize)]
struct Listed {
    session_id: Option<uuid::Uuid>,
    /// What the client called it; null where it is erased or sealed.
    name: Option<String>,
    /// `known`, `erased`, `sealed` or `destroyed_without_record`.
    name_state: &'static str,
    status: Option<Status>,
    events: u64,
    first_position: Position,
    first_recorded_at: String,
    last_position: Position,
    last_recorded_at: String,
    /// The first of its events that does not prove itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    unproved_at: Option<Position>,
    #[serde(skip)]
    state: State,
}

/// Lists the sessions; `Differences` if an event does not prove itself.
///
/// # Errors
/// The log cannot be read, or an event cannot be understood.
pub async fn sessions(source: &Source, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let reader = source.reader();
    let head = reader.head().await?;
    let progress = Progress::new("listing", head);
    let (mut sessions, mut places, mut links) = (Vec::new(), HashMap::new(), LinkCheck::new(true));
    let mut pages = pin!(pages_up_to(reader, Position::START, head));
    while let Some(page) = pages.next().await {
        for event in &page? {
            let flaw = links.flaw_of(event);
            if event.stream.category() == "session" {
                add(source, &mut sessions, &mut places, event, flaw.is_some()).await?;
            }
            progress.reached(event.position);
        }
    }
    drop(progress);
    sessions.iter().try_for_each(|listed| print(listed, screen))?;
    let is_proved = sessions.iter().all(|listed| listed.unproved_at.is_none());
    Ok(if is_proved { Finding::AsExpected } else { Finding::Differences })
}

async fn add(
    source: &Source,
    sessions: &mut Vec<Listed>,
    places: &mut HashMap<StreamName, usize>,
    event: &Arc<RecordedEvent>,
    is_flawed: bool,
) -> Result<(), Failure> {
    let place = *places.entry(event.stream.clone()).or_insert(sessions.len());
    if place == sessions.len() {
        sessions.push(Listed::begin(event));
    }
    let listed = &mut sessions[place];
    let decoded = Decoded::decode(event.clone())?;
    if let Some((_, happened)) = decoded.event().session() {
        if matches!(happened, Event::Opened(_)) {
            listed.open(source, event).await?;
        }
        listed.state = std::mem::take(&mut listed.state).evolve(happened);
    }
    listed.events += 1;
    (listed.last_position, listed.last_recorded_at) = (event.position, event.recorded_at_text());
    listed.status = listed.state.session().map(Session::status);
    if is_flawed {
        listed.unproved_at.get_or_insert(event.position);
    }
    Ok(())
}

impl Listed {
    fn begin(event: &RecordedEvent) -> Self {
        Self {
            session_id: event.stream.id(),
            name: None,
            name_state: "sealed",
            status: None,
            events: 0,
            first_position: event.position,
            first_recorded_at: event.recorded_at_text(),
            last_position: event.position,
            last_recorded_at: event.recorded_at_text(),
            unproved_at: None,
            state: State::default(),
        }
    }

    async fn open(&mut self, source: &Source, event: &Arc<RecordedEvent>) -> Result<(), Failure> {
        let personal = source.personal(event).await?;
        self.name_state = match &personal {
            PersonalText::Known(_) => "known",
            PersonalText::Erased if source.is_lost(event, &personal).await? => "destroyed_without_record",
            PersonalText::Erased => "erased",
            PersonalText::Absent | PersonalText::Sealed => "sealed",
        };
        let decoded = Decoded::with_text(event.clone(), personal)?;
        if let Some((_, Event::Opened(opened))) = decoded.opened_event().session() {
            self.name = opened.name.known().map(|named| named.session_name.as_str().to_owned());
        }
        Ok(())
    }

    fn shown_name(&self) -> &str {
        match (&self.name, self.name_state) {
            (Some(name), _) => name,
            (None, "destroyed_without_record") => WITHOUT_RECORD,
            (None, "erased") => "[erased]",
            (None, _sealed) => "[sealed]",
        }
    }
}

fn print(listed: &Listed, screen: &mut Screen<'_>) -> Result<(), Failure> {
    if screen.json_wanted() {
        return screen.json(listed);
    }
    let id = listed.session_id.map(|id| id.to_string()).unwrap_or_default();
    let status = listed.status.map_or("not open".to_owned(), |status| status.to_string());
    let (first, last, events) = (&listed.first_recorded_at, &listed.last_recorded_at, listed.events);
    let mark = listed.unproved_at.map(|position| format!("  !! position {position} does not prove itself"));
    let mark = mark.unwrap_or_default();
    screen.line(&format!("{id}  {status:<17}  {events:>5} events  {first} to {last}  {}{mark}", listed.shown_name()))
}
