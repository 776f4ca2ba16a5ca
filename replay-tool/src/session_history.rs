//! A session up to a moment: its events, the folded state, and what customer and staff saw of it.
//!
//! Invariants: the state is folded by the same `evolve` that runs live; what was seen comes from the same views and queries that
//! serve live.

use std::collections::HashMap;

use domain::{
    AgentId, Personal, PersonalText,
    session::{Event, Phase, Session},
    texts::{self, Names},
};
use event_store::{Identity, Position, RecordedEvent};
use jiff::tz::TimeZone;
use journal::Decoded;
use projections::{Audience, MessageView, SessionAt, SessionView, ViewsError, as_of::Decision};

use crate::{
    agent_names,
    cli::SessionArgs,
    failure::Failure,
    history::{self, HistoryEvent},
    point::Point,
    source::Source,
};

/// A session up to a moment.
pub struct SessionHistory {
    /// The log it is from.
    pub identity: Identity,
    /// The log's head.
    pub head: Position,
    /// Its events; at least one.
    pub events: Vec<HistoryEvent>,
    /// Number of events that the session has now.
    pub events_now: usize,
    /// What agents are called, for notices.
    pub names: Names,
    /// What was seen of it at that moment.
    pub seen: Seen,
}

/// What the views showed at that moment.
pub struct Seen {
    /// The session's row, if it had been opened.
    pub session: Option<SessionView>,
    /// Messages that the customer's own routes showed.
    pub by_customer: Vec<MessageView>,
    /// Messages shown to staff, including cleared and withheld ones.
    pub by_staff: Vec<MessageView>,
    /// The last escalation decision.
    pub decision: Option<Decision>,
}

impl SessionHistory {
    /// Reads the requested session up to the requested moment.
    ///
    /// # Errors
    /// There is no such session or moment, or its history cannot be read.
    pub async fn read(source: &Source, wanted: &SessionArgs) -> Result<Self, Failure> {
        let history = history::find(source, &wanted.session).await?;
        let head = source.reader().head().await?;
        let events = history::fold(source, Point::of(wanted, source.maps())?.cut(&history, head)?).await?;
        let zone = wanted.time_zone.clone().unwrap_or(TimeZone::UTC);
        let names = agent_names::read(source, &events, zone).await?;
        Self::of(source.reader().identity().await?, head, events, history.len(), names).await
    }

    /// Combines the events with what was seen of the session.
    pub(crate) async fn of(
        identity: Identity,
        head: Position,
        events: Vec<HistoryEvent>,
        events_now: usize,
        names: Names,
    ) -> Result<Self, Failure> {
        let seen = Seen::of(&events, &names).await?;
        Ok(Self { identity, head, events, events_now, names, seen })
    }

    /// Its first event.
    #[must_use]
    pub fn first(&self) -> &RecordedEvent {
        &self.events.first().expect("a moment before the first event is refused earlier").recorded
    }

    /// Its last event.
    #[must_use]
    pub fn last(&self) -> &RecordedEvent {
        &self.last_event().recorded
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        self.last().stream.id().map(|id| id.to_string()).unwrap_or_default()
    }

    /// The folded state, if the session had been opened.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.last_event().after.session()
    }

    /// The name given by the client.
    #[must_use]
    pub fn name(&self) -> Personal<&str> {
        match self.events.first().map(|first| &first.event) {
            Some(Event::Opened(opened)) => opened.name.as_ref().map(|named| named.session_name.as_str()),
            _not_opened_yet => Personal::Sealed,
        }
    }

    /// The text of a message, or why it cannot be read.
    #[must_use]
    pub fn text<'a>(&self, message: &'a MessageView) -> Personal<&'a str> {
        match &message.content {
            Some(text) => Personal::Known(text),
            None => self.unreadable(message.position),
        }
    }

    /// The text of an event at a position, or the placeholder that stands for it.
    #[must_use]
    pub fn shown_at<'a>(&self, position: Position, text: Personal<&'a str>) -> &'a str {
        let shown = readable(text);
        self.at(position).map_or(shown, |entry| entry.shown(shown))
    }

    /// `known`, `erased`, `sealed` or `destroyed_without_record`: the state of a text of the event at a position.
    #[must_use]
    pub fn state_at<T>(&self, position: Position, text: &Personal<T>) -> &'static str {
        let is_lost = self.at(position).is_some_and(|entry| entry.is_lost);
        match state_word(text) {
            "erased" if is_lost => "destroyed_without_record",
            word => word,
        }
    }

    /// Number of personal parts whose keys are gone without an erasure on record.
    #[must_use]
    pub fn lost_parts(&self) -> usize {
        self.events.iter().filter(|entry| entry.is_lost).count()
    }

    fn at(&self, position: Position) -> Option<&HistoryEvent> {
        let at = self.events.binary_search_by_key(&position, |entry| entry.recorded.position).ok()?;
        self.events.get(at)
    }

    /// Number of personal parts that cannot be read: erased and sealed.
    #[must_use]
    pub fn unread_parts(&self) -> (usize, usize) {
        let count = |state: &PersonalText| self.events.iter().filter(|entry| entry.personal == *state).count();
        (count(&PersonalText::Erased), count(&PersonalText::Sealed))
    }

    fn unreadable<T>(&self, position: Position) -> Personal<T> {
        let at = self.events.binary_search_by_key(&position, |entry| entry.recorded.position);
        match at.map(|at| &self.events[at].personal) {
            Ok(PersonalText::Sealed) => Personal::Sealed,
            Ok(PersonalText::Absent | PersonalText::Known(_) | PersonalText::Erased) | Err(_) => Personal::Erased,
        }
    }

    fn last_event(&self) -> &HistoryEvent {
        self.events.last().expect("a moment before the first event is refused earlier")
    }
}

impl Seen {
    async fn of(events: &[HistoryEvent], names: &Names) -> Result<Self, Failure> {
        let decoded: Vec<Decoded> = events.iter().map(|event| event.decoded.clone()).collect();
        let then = SessionAt::fold(&decoded).await.map_err(ViewsError::from)?.ok_or(Failure::NoSession)?;
        let (id, _) = decoded[0].event().session().ok_or(Failure::NoSession)?;
        let mut reading = then.reading().await?;
        let mut by_customer = reading.messages(id, Audience::Customer, None, u32::MAX).await?;
        let mut by_staff = reading.messages(id, Audience::Staff, None, u32::MAX).await?;
        give_texts(&mut by_customer, names, &HashMap::new());
        give_texts(&mut by_staff, names, &reasons(events));
        Ok(Self { session: reading.session(id).await?, by_customer, by_staff, decision: then.decision })
    }
}

/// Gives notices their texts, for staff with the reason.
fn give_texts(messages: &mut [MessageView], names: &Names, reasons: &HashMap<Position, &str>) {
    for message in messages {
        if let Some(given) = message.notice {
            let reason = reasons.get(&message.position).copied();
            message.content = Some(texts::notice_for_staff(&given.notice, given.language, names, reason));
        }
    }
}

/// Why a session was transferred, by the position of the notice: the event behind it says so.
fn reasons(events: &[HistoryEvent]) -> HashMap<Position, &str> {
    let notices = events.iter().zip(events.iter().skip(1)).filter_map(|(notice, entry)| {
        let Event::Transferred(transferred) = &entry.event else { return None };
        let reason = transferred.remark.known()?.reason.as_ref()?;
        Some((notice.recorded.position, reason.as_str()))
    });
    notices.collect()
}

/// The agent who serves a session, if any.
#[must_use]
pub fn owner(session: &Session) -> Option<AgentId> {
    match session.phase {
        Phase::ManualLive { agent } => Some(agent),
        Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => None,
    }
}

/// The text, or a placeholder for why it cannot be read.
#[must_use]
pub fn readable(text: Personal<&str>) -> &str {
    match text {
        Personal::Known(text) => text,
        Personal::Erased => "[erased]",
        Personal::Sealed => "[sealed]",
    }
}

/// `known`, `erased` or `sealed`.
#[must_use]
pub fn state_word<T>(text: &Personal<T>) -> &'static str {
    match text {
        Personal::Known(_) => "known",
        Personal::Erased => "erased",
        Personal::Sealed => "sealed",
    }
}
