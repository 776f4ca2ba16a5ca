//! A recorded event, its personal part opened, decoded: what views are folded from.
//!
//! Invariant: what cannot be opened or decoded is an error that names its position, never a fact that lacks something. Only
//! a destroyed key gives a fact without its personal part.

use std::sync::Arc;

use domain::{
    AgentId, DecodeError, PersonalText, SessionId, agent,
    session::{Event, Status, decode},
};
use event_store::{Position, RecordedEvent, Unsealed, Vault, vault::VaultError};
use uuid::Uuid;

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

/// One event of one account of staff.
#[derive(Debug, Clone)]
pub struct AccountFact {
    /// As it stands in the log.
    pub recorded: Arc<RecordedEvent>,
    /// Whose account.
    pub agent: AgentId,
    /// What happened.
    pub event: agent::Event,
}

/// Facts of a part of the log, each kind in the log's order.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Of sessions.
    pub sessions: Vec<Fact>,
    /// Of accounts.
    pub accounts: Vec<AccountFact>,
    /// Every event of streams that are no session's, those of accounts among them, as it stands in the log.
    pub others: Vec<Arc<RecordedEvent>>,
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
    /// The stream's name does not end in an id.
    #[error("stream {0} is not named after an id")]
    Stream(String),
}

impl Facts {
    /// Adds what an event says.
    pub(crate) async fn read(&mut self, recorded: &Arc<RecordedEvent>, vault: &Vault) -> Result<(), FactError> {
        match recorded.stream.category() {
            "session" => {
                self.sessions.push(Fact::read(recorded, vault).await?);
                return Ok(());
            }
            "agent" => self.accounts.push(AccountFact::read(recorded, vault).await?),
            _other => {}
        }
        self.others.push(recorded.clone());
        Ok(())
    }

    /// Where the first of them stands.
    pub(crate) fn first(&self) -> Option<Position> {
        let session = self.sessions.first().map(Fact::position);
        let other = self.others.first().map(|event| event.position);
        session.into_iter().chain(other).min()
    }
}

/// The id in the stream's name, and the personal part as decoding takes it.
async fn open(recorded: &RecordedEvent, vault: &Vault) -> Result<(Uuid, PersonalText), FactError> {
    let id = recorded.stream.id().ok_or_else(|| FactError::Stream(recorded.stream.to_string()))?;
    let personal = match vault.open(recorded).await? {
        Unsealed::Nothing => PersonalText::Absent,
        Unsealed::Known(text) => PersonalText::Known(text),
        Unsealed::Erased => PersonalText::Erased,
    };
    Ok((id, personal))
}

impl AccountFact {
    async fn read(recorded: &Arc<RecordedEvent>, vault: &Vault) -> Result<Self, FactError> {
        let (id, personal) = open(recorded, vault).await?;
        let stored = &recorded.event;
        let event = agent::decode(&stored.event_type, stored.schema, &stored.data, personal)?;
        Ok(Self { recorded: recorded.clone(), agent: AgentId(id), event })
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
}

impl Fact {
    /// Reads an event of a session.
    pub(crate) async fn read(recorded: &Arc<RecordedEvent>, vault: &Vault) -> Result<Self, FactError> {
        let (id, personal) = open(recorded, vault).await?;
        let stored = &recorded.event;
        let event = decode(&stored.event_type, stored.schema, &stored.data, personal)?;
        Ok(Self { recorded: recorded.clone(), session: SessionId(id), event })
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
