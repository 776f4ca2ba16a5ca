//! `GET /api/agent/events`: what it shows somebody, worked out from the domain's state of each session.
//!
//! A session is one's own while one has it, while it is offered to one, and while one is asked to take it; what is accepted stays
//! so until it is handed over. Of other sessions what changes the queue is shown, and notes that mention one; and of accounts who is
//! there.

use std::{collections::HashMap, time::Duration};

use domain::{
    AgentId, SessionId,
    agent::Permission::{SessionRead, SessionSupervise},
    session::{
        Event, State,
        event::TransferTarget,
        state::{Phase, Session},
    },
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::desk::{EventFrame, Frames};

use super::{SSE, readers::Reader, said::Logged, staff, world::World};

/// Which sessions somebody asks for.
enum Scope {
    Own,
    Watched(Vec<SessionId>),
    All,
}

impl Scope {
    fn query(&self) -> String {
        match self {
            Self::Own => String::new(),
            Self::Watched(sessions) => {
                let ids: Vec<String> = sessions.iter().map(ToString::to_string).collect();
                format!("&watch={}", ids.join(","))
            }
            Self::All => "&scope=all".to_owned(),
        }
    }

    fn is_open_to(&self, reader: &Reader) -> bool {
        reader.may(SessionRead) && (reader.may(SessionSupervise) || !matches!(self, Self::All))
    }

    fn has(&self, session: SessionId) -> bool {
        match self {
            Self::Own => false,
            Self::Watched(sessions) => sessions.contains(&session),
            Self::All => true,
        }
    }
}

/// How a session stands to somebody.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Standing {
    /// Why it is one's own.
    tie: Option<&'static str>,
    waits: bool,
}

/// A session on its way through the log.
#[derive(Default)]
struct Course {
    state: State,
    is_accepted: bool,
    standing: Standing,
}

impl Course {
    /// How it stands before and after its next event.
    fn apply(&mut self, event: &Event, reader: &Reader) -> (Standing, Standing) {
        let before = self.standing;
        self.state = std::mem::take(&mut self.state).evolve(event);
        match event {
            Event::OfferAccepted(_) | Event::TransferAccepted(_) => self.is_accepted = true,
            Event::AgentTookOver(_) | Event::Transferred(_) | Event::OfferExpired(_) | Event::TransferDeclined(_) => {
                self.is_accepted = false
            }
            _neither_begins_nor_ends_it => {}
        }
        let session = self.state.session().expect("it begins with its opening");
        let tie = if self.is_accepted { before.tie } else { tie(session, reader) };
        self.standing = Standing { tie, waits: session.phase == Phase::PendingManual };
        (before, self.standing)
    }
}

fn tie(session: &Session, reader: &Reader) -> Option<&'static str> {
    let is_asked = session.transfer.as_ref().is_some_and(|transfer| match &transfer.to {
        TransferTarget::Agent(agent) => *agent == reader.id,
        TransferTarget::Group(group) => reader.skills.contains(group),
    });
    if session.phase == (Phase::ManualLive { agent: reader.id }) {
        return Some("owner");
    }
    if session.offer.is_some_and(|offer| offer.agent == reader.id) {
        return Some("offer");
    }
    is_asked.then_some("transfer")
}

/// The workbench's stream from the beginning of the log on, with every scope.
pub(super) async fn is_as_the_domain_says(world: &World, reader: &Reader) {
    let watched = world.sessions.iter().step_by(2).map(|session| session.id).collect();
    for scope in [Scope::Own, Scope::Watched(watched), Scope::All] {
        let (query, what) = (scope.query(), format!("the workbench of {}", reader.name));
        let answer = world.served.get(&reader.token, &format!("/api/agent/events?after=0{query}"), SSE).await;
        if !scope.is_open_to(reader) {
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{what}{query}");
            continue;
        }
        let (read, expected) = (up_to_the_head(world, answer).await, frames(world, reader, &scope));
        for (read, expected) in read.iter().zip(&expected) {
            assert_eq!(read, expected, "{what}{query}");
        }
        assert_eq!(read.len(), expected.len(), "{what}{query}");
    }
}

/// The last event of the log is shown to everybody who may read the stream.
async fn up_to_the_head(world: &World, answer: reqwest::Response) -> Vec<EventFrame> {
    let mut frames = Frames::of(answer.error_for_status().unwrap());
    let mut read: Vec<EventFrame> = Vec::new();
    while read.last().is_none_or(|last| last.data["position"] != world.head()) {
        read.push(frames.next_within(Duration::from_secs(20)).await.expect("it goes on"));
    }
    read
}

fn frames(world: &World, reader: &Reader, scope: &Scope) -> Vec<EventFrame> {
    let mut sessions: HashMap<SessionId, Course> = HashMap::new();
    let mut frames = Vec::new();
    for logged in &world.log {
        let notes = match logged.decoded.event().session() {
            None => (logged.event_type() == "agent.presence_changed").then(Vec::new),
            Some((session, event)) => {
                let (before, after) = sessions.entry(session).or_default().apply(event, reader);
                if scope.has(session) {
                    Some(Vec::new())
                } else {
                    notes(logged, session, event, reader.id, before, after)
                }
            }
        };
        let envelope = world.rendered.envelope(logged, staff(&[SessionRead]));
        if let (Some(notes), Some(envelope)) = (notes, envelope) {
            frames.extend(notes);
            frames.push(of_event(logged, envelope));
        }
    }
    frames
}

/// What is said before an event that is shown; `None` where it is not.
fn notes(
    logged: &Logged,
    session: SessionId,
    event: &Event,
    reader: AgentId,
    before: Standing,
    after: Standing,
) -> Option<Vec<EventFrame>> {
    let (session, position) = (session.to_string(), logged.position());
    let note = |event: &str, data: Value| EventFrame { id: None, event: Some(event.to_owned()), data };
    match (before.tie, after.tie) {
        (None, Some(reason)) => {
            let data = json!({"session_id": session, "position": position, "reason": reason});
            Some(vec![note("session_visible", data)])
        }
        (Some(_), None) => Some(vec![note("session_hidden", json!({"session_id": session, "position": position}))]),
        (Some(_), Some(_)) => Some(Vec::new()),
        (None, None) => {
            let moves = matches!(event, Event::Escalated(_) | Event::PriorityChanged(_));
            let moved = before.waits != after.waits || (after.waits && moves);
            (moved || mentioned(event).contains(&reader)).then(Vec::new)
        }
    }
}

/// Whom a note is for.
fn mentioned(event: &Event) -> &[AgentId] {
    match event {
        Event::NoteAdded(added) => &added.mentions,
        Event::NoteEdited(edited) => &edited.mentions,
        _no_note => &[],
    }
}

fn of_event(logged: &Logged, data: Value) -> EventFrame {
    let (id, event) = (format!("1-{}", logged.position()), logged.event_type().to_owned());
    EventFrame { id: Some(id), event: Some(event), data }
}
