//! A recorded event of a session, its personal part opened, decoded: what views are folded from.
//!
//! Invariant: what cannot be opened or decoded is an error that names its position, never a fact that lacks something. Only
//! a destroyed key gives a fact without its personal part.

use std::sync::Arc;

use domain::{
    DecodeError, PersonalText, SessionId,
    session::{Event, Status, decode},
};
use event_store::{Opened, Position, RecordedEvent, Vault, vault::VaultError};

/// One event of one session.
#[derive(Debug, Clone)]
pub struct Fact {
    /// As it stands in the log.
    pub recorded: Arc<RecordedEvent>,
    /// Whose it is.
    pub session: SessionId,
    /// What happened.
    pub event: Event,
}

/// Why an event gave no fact.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// The personal part could not be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The event is unknown or malformed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The stream's name does not end in a session's id.
    #[error("stream {0} is not named after a session")]
    Stream(String),
}

impl Fact {
    /// Reads an event; `None` for streams that are no session's.
    pub(crate) async fn read(recorded: &Arc<RecordedEvent>, vault: &Vault) -> Result<Option<Self>, FactError> {
        if recorded.stream.category() != "session" {
            return Ok(None);
        }
        let id = recorded.stream.id().ok_or_else(|| FactError::Stream(recorded.stream.to_string()))?;
        let personal = match vault.open(recorded).await? {
            Opened::Nothing => PersonalText::Absent,
            Opened::Known(text) => PersonalText::Known(text),
            Opened::Erased => PersonalText::Erased,
        };
        let stored = &recorded.event;
        let event = decode(&stored.event_type, stored.schema, &stored.data, personal)?;
        Ok(Some(Self { recorded: recorded.clone(), session: SessionId(id), event }))
    }

    /// Its place in the log.
    #[must_use]
    pub fn position(&self) -> Position {
        self.recorded.position
    }

    /// When it was recorded, in microseconds since 1970.
    #[must_use]
    pub fn at_us(&self) -> i64 {
        self.recorded.recorded_at.as_microsecond()
    }

    /// The session's status after the event, given the one before it; as the domain's fold has it, nothing but `opened`
    /// brings a session into being, and nothing opens it twice.
    #[must_use]
    pub fn status_after(&self, before: Option<Status>) -> Option<Status> {
        match &self.event {
            Event::Opened(_) => before.or(Some(Status::BotActive)),
            Event::EscalationCancelled(_) | Event::Released(_) | Event::Reopened(_) => {
                before.and(Some(Status::BotActive))
            }
            Event::Escalated(_) | Event::ReturnedToQueue(_) => before.and(Some(Status::PendingManual)),
            Event::AgentTookOver(_) => before.and(Some(Status::ManualLive)),
            Event::AfterHoursNoticeGiven(_) => before.and(Some(Status::AfterHoursEmail)),
            Event::Closed(_) => before.and(Some(Status::Closed)),
            Event::CustomerMessageSent(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantReplied(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::CommandConfirmed(_) => before,
        }
    }
}
