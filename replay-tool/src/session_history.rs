//! A session up to a moment: what happened, what that adds up to, and what customer and staff saw of it.
//!
//! Invariants: the state is folded by the same `evolve` that decides live; what was seen is answered by the same views, and
//! the same questions to them, that answer live.

use domain::{
    AgentId, Personal, PersonalText, SessionId,
    session::{Event, Phase, Session},
};
use event_store::{Identity, Position, RecordedEvent};
use projections::{Audience, Fact, MessageView, SessionAt, SessionView, ViewsError, moment::Decision};

use crate::{
    cli::SessionArgs,
    failure::Failure,
    history::{self, Told},
    point::Point,
    source::Source,
};

/// A session up to a moment.
pub struct SessionHistory {
    /// Which log it is from.
    pub identity: Identity,
    /// Where that log ended.
    pub head: Position,
    /// What had happened; at least one event.
    pub told: Vec<Told>,
    /// Events that the session has now.
    pub events_now: usize,
    /// What was seen of it then.
    pub seen: Seen,
}

/// What the views said then.
pub struct Seen {
    /// The session's row, where it had been opened.
    pub session: Option<SessionView>,
    /// Messages that the customer's own routes showed.
    pub by_customer: Vec<MessageView>,
    /// Messages that staff was shown: also those that were cleared or withheld.
    pub by_staff: Vec<MessageView>,
    /// The last decision that a person is wanted.
    pub decision: Option<Decision>,
}

impl SessionHistory {
    /// Reads the session that is meant, up to the moment that is meant.
    ///
    /// # Errors
    /// There is no such session or moment, or its history cannot be read.
    pub async fn read(source: &Source, wanted: &SessionArgs) -> Result<Self, Failure> {
        let history = history::find(source, &wanted.session).await?;
        let head = source.reader().head().await?;
        let told = history::tell(source, Point::of(wanted, source.maps())?.cut(&history, head)?).await?;
        Self::of(source.reader().identity().await?, head, told, history.len()).await
    }

    /// Puts together what was told and what was seen of it.
    pub(crate) async fn of(
        identity: Identity,
        head: Position,
        told: Vec<Told>,
        events_now: usize,
    ) -> Result<Self, Failure> {
        let seen = Seen::of(&told).await?;
        Ok(Self { identity, head, told, events_now, seen })
    }

    /// Its first event.
    #[must_use]
    pub fn first(&self) -> &RecordedEvent {
        &self.told.first().expect("a moment with no events is refused before this").recorded
    }

    /// Its newest event of then.
    #[must_use]
    pub fn last(&self) -> &RecordedEvent {
        &self.last_told().recorded
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        self.last().stream.id().map(|id| id.to_string()).unwrap_or_default()
    }

    /// What its events add up to, where it had been opened.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.last_told().after.session()
    }

    /// What the client calls it.
    #[must_use]
    pub fn name(&self) -> Personal<&str> {
        match self.told.first().map(|first| &first.event) {
            Some(Event::Opened(opened)) => opened.name.as_ref().map(|named| named.session_name.as_str()),
            _not_opened_yet => Personal::Sealed,
        }
    }

    /// What a message says, told apart where it cannot be read.
    #[must_use]
    pub fn text<'a>(&self, message: &'a MessageView) -> Personal<&'a str> {
        match &message.content {
            Some(text) => Personal::Known(text),
            None => self.unreadable(message.position),
        }
    }

    /// Personal parts that this reader cannot read: erased, and sealed.
    #[must_use]
    pub fn unread_parts(&self) -> (usize, usize) {
        let count = |state: &PersonalText| self.told.iter().filter(|told| told.personal == *state).count();
        (count(&PersonalText::Erased), count(&PersonalText::Sealed))
    }

    fn unreadable<T>(&self, position: Position) -> Personal<T> {
        let at = self.told.binary_search_by_key(&position, |told| told.recorded.position);
        match at.map(|at| &self.told[at].personal) {
            Ok(PersonalText::Sealed) => Personal::Sealed,
            Ok(PersonalText::Absent | PersonalText::Known(_) | PersonalText::Erased) | Err(_) => Personal::Erased,
        }
    }

    fn last_told(&self) -> &Told {
        self.told.last().expect("a moment with no events is refused before this")
    }
}

impl Seen {
    async fn of(told: &[Told]) -> Result<Self, Failure> {
        let facts: Vec<Fact> = told.iter().filter_map(fact).collect();
        let then = SessionAt::fold(&facts).await.map_err(ViewsError::from)?.ok_or(Failure::NoSession)?;
        let id = facts[0].session;
        let mut reading = then.reading().await?;
        Ok(Self {
            session: reading.session(id).await?,
            by_customer: reading.messages(id, Audience::Customer, None, u32::MAX).await?,
            by_staff: reading.messages(id, Audience::Staff, None, u32::MAX).await?,
            decision: then.decision,
        })
    }
}

fn fact(told: &Told) -> Option<Fact> {
    let session = SessionId(told.recorded.stream.id()?);
    Some(Fact { recorded: told.recorded.clone(), session, event: told.event.clone() })
}

/// Who serves a session, while somebody does.
#[must_use]
pub fn owner(session: &Session) -> Option<AgentId> {
    match session.phase {
        Phase::ManualLive { agent } => Some(agent),
        Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => None,
    }
}

/// The text, or a word for why it cannot be read.
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
