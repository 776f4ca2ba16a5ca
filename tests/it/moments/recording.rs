//! What staff and customers were shown right after each event was committed.

use std::collections::BTreeMap;

use domain::{SessionId, VisitorId};
use event_store::{Expected, Position, StreamVersion};
use serde_json::Value;
use tests::shop::{Append, Step, write};

use super::fixture::{Answer, Caller, Fixture};

/// A session as its customer knows it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) visitor: VisitorId,
    pub(super) name: String,
}

/// What was shown when an event of a session was the newest of the log.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) position: Position,
    pub(super) recorded_at: String,
    pub(super) to_staff: String,
    pub(super) to_customer: String,
}

/// All that was shown.
#[derive(Default)]
pub(super) struct Recording {
    pub(super) sessions: BTreeMap<SessionId, Known>,
    pub(super) moments: BTreeMap<SessionId, Vec<Moment>>,
    pub(super) erased: Vec<VisitorId>,
    pub(super) head: Position,
}

impl Recording {
    /// Appends the events one at a time, and asks after each.
    pub(super) async fn of(fixture: &Fixture, steps: impl Iterator<Item = Step>) -> Self {
        let mut recording = Self::default();
        for step in steps {
            match &step {
                Step::Appended(append) => recording.append(fixture, append).await,
                Step::Erased { subject, .. } => {
                    write::through(&fixture.log, &step).await.unwrap();
                    recording.head = fixture.log.reader().head().await.unwrap();
                    recording.erased.push(*subject);
                }
            }
        }
        recording
    }

    async fn append(&mut self, fixture: &Fixture, append: &Append) {
        let of_session = append.stream.id().filter(|_| append.stream.category() == "session").map(SessionId);
        for (place, event) in append.events.iter().enumerate() {
            if let (Some(session), "session.opened") = (of_session, event.event_type) {
                self.sessions.insert(session, Known::of(event));
            }
            let expected = after(append.expected, place);
            let one = Append { expected, events: vec![event.clone()], ..append.clone() };
            write::through(&fixture.log, &Step::Appended(one)).await.unwrap();
            self.head = self.head.next();
            if let Some(session) = of_session {
                self.ask(fixture, session).await;
            }
        }
    }

    async fn ask(&mut self, fixture: &Fixture, session: SessionId) {
        let (known, position) = (&self.sessions[&session], self.head);
        let at = position.to_string();
        let query = [("min_position", &*at)];
        let (id, customer) = (session.to_string(), Caller::Customer(known.visitor));
        let (to_staff, to_customer) =
            tokio::join!(fixture.ask(&Caller::Staff, &id, &query), fixture.ask(&customer, &known.name, &query));
        let newest = fixture.log.reader().read_all(Position(position.0 - 1), 1).await.unwrap();
        let moment = Moment {
            position,
            recorded_at: newest[0].recorded_at_text(),
            to_staff: shown(to_staff, position),
            to_customer: shown(to_customer, position),
        };
        self.moments.entry(session).or_default().push(moment);
    }

    /// What was shown of a session last, up to a position.
    pub(super) fn at(&self, session: SessionId, position: Position) -> Option<&Moment> {
        self.moments[&session].iter().rev().find(|moment| moment.position <= position)
    }

    /// What was shown of a session last.
    pub(super) fn last(&self, session: SessionId) -> &Moment {
        self.moments[&session].last().unwrap()
    }
}

impl Known {
    fn of(opened: &event_store::NewEvent) -> Self {
        let data: Value = serde_json::from_str(&opened.data).unwrap();
        let personal: Value = serde_json::from_str(&opened.personal.as_ref().unwrap().json).unwrap();
        let name = personal["session_name"].as_str().unwrap().to_owned();
        Self { visitor: data["visitor"].as_str().unwrap().parse().unwrap(), name }
    }
}

/// The expected version of one of several events of an append.
fn after(expected: Expected, place: usize) -> Expected {
    let more = place as u64;
    match expected {
        Expected::NoStream if place > 0 => Expected::Exact(StreamVersion(more)),
        Expected::Exact(version) => Expected::Exact(StreamVersion(version.0 + more)),
        Expected::NoStream | Expected::Any => expected,
    }
}

/// The bytes between the head of an answer and the position at its end: session and audit trail. Who waits is told a place in the
/// queue behind that, which is of now alone.
fn shown(answer: Answer, position: Position) -> String {
    let (head, tail) = (r#"{"success":true,"data":{"#, format!(r#"}},"position":{position}"#));
    let data = answer.body.strip_prefix(head).and_then(|body| body.rsplit_once(&*tail));
    match data {
        Some((data, "}")) => data.to_owned(),
        Some((data, queue)) if queue.starts_with(r#","queue":{"#) => data.to_owned(),
        _ => panic!("at position {position}: {answer:?}"),
    }
}
