//! An event of the log, decoded: its envelope, what happened, and its personal part for those who ask for it.
//!
//! Invariants: [`Decoded::event`] never holds anything personal; a personal part is opened at most once for all who hold the same
//! decoded event, and only a destroyed key gives an event without it.

use std::{fmt, sync::Arc};

use domain::{DecodeError, DomainEvent, PersonalText};
use event_store::{Position, RecordedEvent};
use tokio::sync::OnceCell;

use crate::{
    error::{JournalError, Unreadable},
    personal::PersonalAccess,
};

/// One event. Copies are cheap and share what has been opened.
#[derive(Clone)]
pub struct Decoded(Arc<Inner>);

struct Inner {
    recorded: Arc<RecordedEvent>,
    /// Its personal part, where it has one, is [`domain::Personal::Sealed`].
    event: DomainEvent,
    opened: OnceCell<Opened>,
}

/// An event with its personal part.
pub struct Opened {
    text: PersonalText,
    /// `None` where the event has no personal part, so that it is the event as decoded.
    event: Option<DomainEvent>,
}

impl Opened {
    /// The personal part as JSON text, if the event has one and its key is not destroyed.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.text {
            PersonalText::Known(text) => Some(text),
            PersonalText::Absent | PersonalText::Erased | PersonalText::Sealed => None,
        }
    }

    /// Whether the event had a personal part whose key is destroyed.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self.text, PersonalText::Erased)
    }
}

impl Decoded {
    /// Decodes a recorded event without its personal part.
    ///
    /// # Errors
    /// The event is unknown or malformed.
    pub fn decode(recorded: Arc<RecordedEvent>) -> Result<Self, Unreadable> {
        let stored = &recorded.event;
        let personal = if stored.personal.is_some() { PersonalText::Sealed } else { PersonalText::Absent };
        let stream = &recorded.stream;
        let event = DomainEvent::decode(
            stream.category(),
            stream.id(),
            &stored.event_type,
            stored.schema,
            &stored.data,
            personal,
        );
        match event {
            Ok(event) => Ok(Self(Arc::new(Inner { recorded, event, opened: OnceCell::new() }))),
            Err(source) => Err(Unreadable { recorded, source: Arc::new(source) }),
        }
    }

    /// Decodes a recorded event whose personal part the caller has opened by other means, or knows to be erased or sealed.
    ///
    /// # Errors
    /// The event or its personal part is unknown or malformed.
    pub fn with_text(recorded: Arc<RecordedEvent>, text: PersonalText) -> Result<Self, Unreadable> {
        let decoded = Self::decode(recorded)?;
        let opened = decoded.opened(text)?;
        // Nobody else holds this event yet, so nobody has opened it.
        drop(decoded.0.opened.set(opened));
        Ok(decoded)
    }

    /// As it stands in the log.
    #[must_use]
    pub fn recorded(&self) -> &Arc<RecordedEvent> {
        &self.0.recorded
    }

    /// Its place in the log.
    #[must_use]
    pub fn position(&self) -> Position {
        self.0.recorded.position
    }

    /// When it was recorded, in microseconds since 1970.
    #[must_use]
    pub fn at_us(&self) -> i64 {
        self.0.recorded.recorded_at.as_microsecond()
    }

    /// What happened, without the personal part.
    #[must_use]
    pub fn event(&self) -> &DomainEvent {
        &self.0.event
    }

    /// What happened, with the personal part if it has been opened (see [`crate::Journal::open`]), otherwise without.
    #[must_use]
    pub fn opened_event(&self) -> &DomainEvent {
        self.0.opened.get().and_then(|opened| opened.event.as_ref()).unwrap_or(&self.0.event)
    }

    /// The same event with nothing opened: what has been opened is forgotten when its last holder is gone.
    #[must_use]
    pub(crate) fn sealed_again(&self) -> Self {
        let Inner { recorded, event, .. } = &*self.0;
        Self(Arc::new(Inner { recorded: recorded.clone(), event: event.clone(), opened: OnceCell::new() }))
    }

    /// Whether the personal part has been opened.
    pub(crate) fn is_opened(&self) -> bool {
        self.0.opened.initialized()
    }

    /// Opens the personal part, once.
    pub(crate) async fn open(&self, access: &PersonalAccess) -> Result<&Opened, JournalError> {
        self.0.opened.get_or_try_init(|| self.unseal(access)).await
    }

    async fn unseal(&self, access: &PersonalAccess) -> Result<Opened, JournalError> {
        Ok(self.opened(access.personal(self.recorded()).await?)?)
    }

    fn opened(&self, text: PersonalText) -> Result<Opened, Unreadable> {
        let schema = self.recorded().event.schema;
        let event = match &text {
            PersonalText::Absent => None,
            part => Some(self.event().with_personal(schema, part).map_err(|error| self.unreadable(error))?),
        };
        Ok(Opened { text, event })
    }

    fn unreadable(&self, source: DecodeError) -> Unreadable {
        Unreadable { recorded: self.recorded().clone(), source: Arc::new(source) }
    }
}

/// Personal data is in no log line, not even by accident.
impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded").field("position", &self.position()).field("event", self.event()).finish()
    }
}
