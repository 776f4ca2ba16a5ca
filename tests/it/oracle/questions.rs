//! Every query of the views for a log, the oracle's answers, and the differences.

mod assistants;
mod finding;
mod keeping;
mod people;

use std::{collections::BTreeSet, fmt};

use domain::{AgentId, SessionId, VisitorId, session::Status};
use event_store::Position;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use projections::{Audience, Reading, SessionPage, Views, ViewsError};
use serde::Serialize;
use serde_json::Value;
use tests::oracle::{Entry, Figures, Oracle, Said, Shown, Told, day_start, list, named, notes, services};

use super::served;

/// No limit.
const ALL: u32 = 1_000_000;
/// Rows of a page of the list.
const ROWS: u32 = 7;
/// Escalations around which figures are asked; more than the log has in which a mistake in any of them must show.
const ESCALATIONS: usize = 100;
/// Time zones without and with summer time, one where a day began at one o'clock, and one with an offset of 45 minutes.
const ZONES: [&str; 5] = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu"];

/// One question to the views.
#[derive(Debug, Clone)]
pub(super) enum Question {
    Session(SessionId),
    Messages { session: SessionId, audience: Audience, before: Option<Position>, limit: u32 },
    Audit { session: SessionId, after: Position, limit: u32 },
    List { status: Option<Status>, limit: u32, offset: u64 },
    Named(String),
    Statistics { now: Timestamp, day_start: Timestamp },
    Services(SessionId),
    Notes(SessionId),
    Tags,
    Visitor(VisitorId),
    Episodes { visitor: VisitorId, limit: u32 },
    Assistants(assistants::Asked),
    Queue { group: Option<String>, now: Timestamp, limit: u32, offset: u64 },
    Place { session: SessionId, now: Timestamp },
    Load,
    SessionsOf(AgentId),
    Today { agent: AgentId, now: Timestamp, day_start: Timestamp },
    Open,
    Find(Box<SessionPage>),
    Counts(AgentId),
    QuickReplies,
    Unread { read: Vec<(SessionId, Position)>, since: Timestamp },
}

impl Question {
    fn session(&self) -> Option<SessionId> {
        match self {
            Self::Session(session)
            | Self::Messages { session, .. }
            | Self::Audit { session, .. }
            | Self::Services(session)
            | Self::Notes(session) => Some(*session),
            Self::Assistants(asked) => asked.session(),
            Self::List { .. }
            | Self::Named(_)
            | Self::Statistics { .. }
            | Self::Queue { .. }
            | Self::Place { .. }
            | Self::Load
            | Self::SessionsOf(_)
            | Self::Today { .. }
            | Self::Open
            | Self::Find(_)
            | Self::Counts(_)
            | Self::QuickReplies
            | Self::Unread { .. }
            | Self::Tags
            | Self::Visitor(_)
            | Self::Episodes { .. } => None,
        }
    }
}

/// A difference between views and oracle.
#[derive(Debug)]
pub(super) struct Difference {
    question: Question,
    field: String,
    expected: Value,
    served: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { question, field, expected, served } = self;
        write!(f, "{question:?}: {field} is {served}, by its definition {expected}")
    }
}

/// Questions and the oracle's answers, for one state of a log.
pub(super) struct Examination(Vec<(Question, Value)>);

fn json(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

impl Examination {
    /// Everything that can be asked.
    pub(super) fn of(oracle: &Oracle) -> Self {
        let mut asked = Self(Vec::new());
        asked.about_figures(oracle);
        asked.about_lists(oracle);
        asked.about_queue(oracle);
        asked.about_agents(oracle);
        asked.about_usage(oracle);
        asked.about_finding(oracle);
        asked.about_visitors(oracle);
        for (stream, events) in oracle.by_session() {
            asked.about_session(stream.trim_start_matches("session-").parse().unwrap(), &events);
        }
        asked
    }

    /// What can be asked about one session.
    pub(super) fn of_session(session: SessionId, events: &[&Told]) -> Self {
        let mut asked = Self(Vec::new());
        asked.about_session(session, events);
        asked
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn about_session(&mut self, session: SessionId, events: &[&Told]) {
        self.0.push((Question::Session(session), json(Some(Shown::of(events)))));
        self.0.push((Question::Services(session), json(services(events))));
        self.0.push((Question::Notes(session), json(notes(events))));
        self.about_attempts(session, events);
        let middle = events[events.len() / 2].position;
        for (before, limit) in [(None, ALL), (Some(middle), ALL), (None, 2), (Some(middle), 1)] {
            for audience in [Audience::Customer, Audience::Staff] {
                let all = match audience {
                    Audience::Customer => Said::for_customer(events),
                    Audience::Staff => Said::for_staff(events),
                };
                let page = Said::page(all, before, limit as usize);
                self.0.push((Question::Messages { session, audience, before, limit }, json(page)));
            }
        }
        for (after, limit) in [(Position::START, ALL), (middle, 2)] {
            let trail = Entry::all(events).into_iter().filter(|entry| entry.position > after);
            let trail: Vec<Entry> = trail.take(limit as usize).collect();
            self.0.push((Question::Audit { session, after, limit }, json(trail)));
        }
    }

    fn about_lists(&mut self, oracle: &Oracle) {
        for status in [None].into_iter().chain(Status::ALL.map(Some)) {
            let all = list(oracle, status.map(Status::as_str));
            let total = all.len();
            self.0.push((Question::List { status, limit: ALL, offset: 0 }, json((&all, total))));
            for (page, rows) in all.chunks(ROWS as usize).enumerate().skip(1).take(3) {
                let question = Question::List { status, limit: ROWS, offset: page as u64 * u64::from(ROWS) };
                self.0.push((question, json((rows, total))));
            }
            self.0.push((Question::List { status, limit: ROWS, offset: total as u64 }, json((&all[total..], total))));
        }
        let names: BTreeSet<String> = list(oracle, None).into_iter().filter_map(|row| row.name).collect();
        for name in names.into_iter().chain(["no session has this name".to_owned()]) {
            self.0.push((Question::Named(name.clone()), json(named(oracle, &name))));
        }
    }

    /// At and after the end of the log for the day of each time zone, and right before, at and after escalations.
    fn about_figures(&mut self, oracle: &Oracle) {
        let Some((first, last)) = oracle.events().first().zip(oracle.events().last()) else { return };
        let mut moments = Vec::new();
        for now in [0, 1, 3_600_000_000, 36 * 3_600_000_000].map(|later| last.at + SignedDuration::from_micros(later)) {
            let zones = ZONES.map(|zone| TimeZone::get(zone).unwrap());
            moments.extend(zones.map(|zone| (now, day_start(now, &zone))));
        }
        let escalations: Vec<Timestamp> =
            oracle.events().iter().filter(|told| told.what == "escalated").map(|told| told.at).collect();
        let step = SignedDuration::from_micros(1);
        for at in escalations.iter().step_by(escalations.len().div_ceil(ESCALATIONS).max(1)).copied() {
            moments.extend([(last.at, at), (last.at, at + step), (at, first.at), (at - step, first.at)]);
        }
        for (now, day_start) in moments {
            let figures = Figures::of(oracle, now, day_start);
            self.0.push((Question::Statistics { now, day_start }, json(figures)));
        }
    }

    /// Asks all questions; returns at most so many differences.
    pub(super) async fn put_to(&self, views: &Views, at_most: usize) -> Vec<Difference> {
        let mut found = Vec::new();
        for (question, expected) in &self.0 {
            note(question, expected, ask(views, question).await, &mut found);
            if found.len() >= at_most {
                break;
            }
        }
        found
    }

    /// Asks the questions about one session; returns at most one difference.
    pub(super) async fn put_to_about(&self, session: SessionId, views: &Views) -> Vec<Difference> {
        let mut found = Vec::new();
        for (question, expected) in self.0.iter().filter(|(question, _)| question.session() == Some(session)) {
            note(question, expected, ask(views, question).await, &mut found);
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// Asks one state of a session.
    pub(super) async fn put_to_reading(&self, reading: &mut Reading) -> Vec<Difference> {
        let mut found = Vec::new();
        for (question, expected) in &self.0 {
            note(question, expected, ask_reading(reading, question).await, &mut found);
        }
        found
    }
}

fn note(question: &Question, expected: &Value, served: Result<Value, ViewsError>, found: &mut Vec<Difference>) {
    let served = served.unwrap_or_else(|error| format!("an error: {error:?}").into());
    let mut fields = Vec::new();
    compare("", expected, &served, &mut fields);
    found.extend(fields.into_iter().map(|(field, expected, served)| Difference {
        question: question.clone(),
        field,
        expected,
        served,
    }));
}

async fn ask(views: &Views, question: &Question) -> Result<Value, ViewsError> {
    match question {
        Question::Session(_)
        | Question::Messages { .. }
        | Question::Audit { .. }
        | Question::Services(_)
        | Question::Notes(_) => ask_reading(&mut views.reading().await?, question).await,
        Question::Tags | Question::Visitor(_) | Question::Episodes { .. } => {
            keeping::ask(&mut views.reading().await?, question).await
        }
        Question::Assistants(asked) => assistants::ask(&mut views.reading().await?, asked).await,
        Question::List { status, limit, offset } => {
            let (rows, total) = views.list(*status, *limit, *offset).await?;
            Ok(json((rows.into_iter().map(served::row).collect::<Vec<_>>(), total)))
        }
        Question::Named(name) => {
            let sessions = views.find_by_name(name).await?;
            Ok(json(sessions.into_iter().map(served::stream).collect::<Vec<_>>()))
        }
        Question::Statistics { now, day_start } => Ok(json(served::figures(views.statistics(*now, *day_start).await?))),
        Question::Queue { .. }
        | Question::Place { .. }
        | Question::Load
        | Question::SessionsOf(_)
        | Question::Today { .. }
        | Question::Open => people::ask(&mut views.reading().await?, question).await,
        Question::Find(_) | Question::Counts(_) | Question::QuickReplies | Question::Unread { .. } => {
            finding::ask(&mut views.reading().await?, question).await
        }
    }
}

async fn ask_reading(reading: &mut Reading, question: &Question) -> Result<Value, ViewsError> {
    Ok(match question {
        Question::Session(session) => json(reading.session(*session).await?.map(served::shown)),
        Question::Messages { session, audience, before, limit } => {
            let messages = reading.messages(*session, *audience, *before, *limit).await?;
            json(messages.into_iter().map(served::said).collect::<Vec<_>>())
        }
        Question::Audit { session, after, limit } => {
            let trail = reading.audit_trail(*session, *after, *limit).await?;
            json(trail.into_iter().map(served::entry).collect::<Vec<_>>())
        }
        Question::Services(session) => {
            json(reading.services(*session).await?.into_iter().map(served::service).collect::<Vec<_>>())
        }
        Question::Notes(_) => keeping::ask(reading, question).await?,
        Question::Assistants(asked) => assistants::ask(reading, asked).await?,
        Question::List { .. }
        | Question::Named(_)
        | Question::Statistics { .. }
        | Question::Queue { .. }
        | Question::Place { .. }
        | Question::Load
        | Question::SessionsOf(_)
        | Question::Today { .. }
        | Question::Open
        | Question::Find(_)
        | Question::Counts(_)
        | Question::QuickReplies
        | Question::Unread { .. }
        | Question::Tags
        | Question::Visitor(_)
        | Question::Episodes { .. } => unreachable!("not of one session"),
    })
}

/// The paths at which two answers differ, with both values.
fn compare(path: &str, expected: &Value, served: &Value, found: &mut Vec<(String, Value, Value)>) {
    match (expected, served) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
                compare(&format!("{path}.{key}"), &of(ours), &of(theirs), found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare(&format!("{path}[{place}]"), ours, theirs, found);
            }
        }
        (expected, served) if is_same(expected, served) => {}
        (expected, served) => found.push((path.to_owned(), expected.clone(), served.clone())),
    }
}

/// Means are summed in another order, so some units in the last place are no difference.
fn is_same(expected: &Value, served: &Value) -> bool {
    match (expected.as_f64(), served.as_f64()) {
        (Some(ours), Some(theirs)) if expected.is_f64() && served.is_f64() => {
            (ours - theirs).abs() <= ours.abs().max(1.0) * 16.0 * f64::EPSILON
        }
        _ => expected == served,
    }
}
