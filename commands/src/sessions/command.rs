//! What every command of a person to a session does alike: ids from the key, the decision, and for a repeat what was recorded
//! the first time.

use std::sync::Arc;

use domain::{
    AgentId, SessionId, VisitorId,
    session::{Command, Event, command::Staff},
};
use event_store::{Actor, Position, RecordedEvent, StreamVersion};
use uuid::Uuid;

use super::{CommandMetadata, Execution, Sessions, repeated::says_the_same, stream_of};
use crate::{
    accounts::actor_of,
    error::CommandError,
    event_id::{CommandId, IdempotencyKey},
};

/// Who wants something of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Its customer.
    Customer(VisitorId),
    /// A member of staff.
    Staff(Staff),
}

impl Author {
    /// The member of staff, if it is one.
    #[must_use]
    pub fn staff(self) -> Option<Staff> {
        match self {
            Self::Customer(_) => None,
            Self::Staff(staff) => Some(staff),
        }
    }

    fn actor(self) -> Actor {
        match self {
            Self::Customer(visitor) => Actor::new("customer", &visitor.to_string()),
            Self::Staff(Staff { agent, .. }) => actor_of(agent),
        }
    }
}

/// A person's request about a session.
#[derive(Debug, Clone)]
pub struct Request<A = Author> {
    /// Which.
    pub session: SessionId,
    /// Who acts.
    pub by: A,
    /// The client's key.
    pub key: Option<IdempotencyKey>,
    /// The request.
    pub correlation_id: Uuid,
}

/// A request of staff.
pub type StaffRequest = Request<Staff>;

impl StaffRequest {
    /// Who acts.
    pub(super) fn agent(&self) -> AgentId {
        self.by.agent
    }

    fn general(self) -> Request {
        let Self { session, by, key, correlation_id } = self;
        Request { session, by: Author::Staff(by), key, correlation_id }
    }
}

/// What a command came to.
#[derive(Debug, Clone)]
pub struct Commanded {
    /// The session.
    pub session: SessionId,
    /// The last event that it recorded, or where the log stood when it was found that there was nothing to record.
    pub position: Position,
    /// What it recorded.
    pub events: Vec<Event>,
    /// Whether it was done before, under the same key.
    pub is_repeat: bool,
}

impl Sessions {
    /// Has a command of a person decided, once per key.
    ///
    /// # Errors
    /// A rule said no, the key was used with another body, or the log did not take it.
    pub(super) async fn command(
        &self,
        route: &str,
        request: Request,
        command: impl FnOnce(&CommandId) -> Command,
    ) -> Result<Commanded, CommandError> {
        let Request { session, by, key, correlation_id } = request;
        let metadata = metadata(self.log_id(), by.actor(), session, route, key.as_ref(), correlation_id);
        let command = command(&metadata.id);
        match self.execute(session, &metadata, command.clone()).await? {
            Execution::Done(done) => {
                Ok(Commanded { session, position: done.position, events: done.events, is_repeat: false })
            }
            Execution::Repeated(first) => self.recorded(session, &metadata, &command, &first).await,
        }
    }

    /// As [`Self::command`], by a member of staff.
    pub(super) async fn staff_command(
        &self,
        route: &str,
        request: StaffRequest,
        command: impl FnOnce(&CommandId) -> Command,
    ) -> Result<Commanded, CommandError> {
        self.command(route, request.general(), command).await
    }

    /// What the same command recorded before, behind its first event.
    async fn recorded(
        &self,
        session: SessionId,
        metadata: &CommandMetadata,
        command: &Command,
        first: &Arc<RecordedEvent>,
    ) -> Result<Commanded, CommandError> {
        let before = StreamVersion(first.version.0.saturating_sub(1));
        let mut recorded = self.journal().whole_stream(&stream_of(session), before).await?;
        let own = recorded.iter().enumerate();
        let own = own.take_while(|(place, decoded)| decoded.recorded().event.event_id == metadata.id.event(*place));
        recorded.truncate(own.count());
        self.journal().open_all(&recorded).await?;
        let events = recorded.iter().filter_map(|decoded| Some(decoded.opened_event().session()?.1.clone()));
        let events: Vec<Event> = events.collect();
        if !says_the_same(command, &events) {
            return Err(CommandError::KeyReused);
        }
        let position = recorded.last().map_or(first.position, journal::Decoded::position);
        Ok(Commanded { session, position, events, is_repeat: true })
    }
}

/// The metadata of a person's command: the key makes it repeatable.
pub(super) fn metadata(
    log_id: Uuid,
    actor: Actor,
    session: SessionId,
    route: &str,
    key: Option<&IdempotencyKey>,
    correlation_id: Uuid,
) -> CommandMetadata {
    let id = match key {
        Some(key) => CommandId::keyed(log_id, &actor, route, session.0, key),
        None => CommandId::random(log_id),
    };
    CommandMetadata { actor, correlation_id, causation_id: None, id }
}
