//! What the shop publishes, as streams named after their topic (`settings-policy`), and their use cases: publish a document, go
//! back to an earlier one.
//!
//! Invariant: nothing is published that this program cannot read; what is in force ([`SettingsInForce`]) is the log's newest.

pub mod budget;
mod in_force;
pub mod quick_replies;

use domain::{
    DomainEvent, Encoded,
    settings::{Command, Document, Event, State, Topic, decide, encode},
    text::MessageText,
};
use event_store::{Actor, Position, StreamName, StreamVersion};
use journal::Decoded;
use uuid::Uuid;

use crate::{
    error::CommandError,
    event_id::CommandId,
    executor::{CommandMetadata, Decider, Execution, Executor},
};

pub use in_force::{SettingsError, SettingsInForce, VersionZero};
pub use quick_replies::QuickReplies;

/// The use cases of settings.
pub type PublishedSettings = Executor<SettingsDecider>;

/// The stream of a topic.
#[must_use]
pub fn stream_of(topic: Topic) -> StreamName {
    StreamName::parse(&format!("{}-{topic}", SettingsDecider::CATEGORY)).expect("a topic is a good name")
}

/// What a command left in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The version.
    pub version: u32,
    /// Where the log stood.
    pub position: Position,
}

impl PublishedSettings {
    /// Puts a document into force. `seen` is the version that its author saw.
    ///
    /// # Errors
    /// The document is not right, another version is in force than was seen, or the log did not take it.
    pub async fn publish<D: Document>(
        &self,
        by: Actor,
        document: String,
        reason: Option<MessageText>,
        seen: Option<u32>,
        correlation_id: Uuid,
    ) -> Result<Published, CommandError> {
        D::parse(&document, 0)?;
        self.change(D::TOPIC, by, Command::Publish { document, reason, seen }, correlation_id).await
    }

    /// Puts an earlier document into force again; 0 is what the program brings.
    ///
    /// # Errors
    /// There is no such version, this program no longer reads it, another version is in force than was seen, or the log did not
    /// take it.
    pub async fn roll_back<D: Document>(
        &self,
        by: Actor,
        to_version: u32,
        reason: Option<MessageText>,
        seen: Option<u32>,
        correlation_id: Uuid,
    ) -> Result<Published, CommandError> {
        if let Some(Some(document)) = self.current(D::TOPIC).await?.state.document(to_version) {
            D::parse(document, 0)?;
        }
        self.change(D::TOPIC, by, Command::RollBack { to_version, reason, seen }, correlation_id).await
    }

    /// Everything that was published of a topic, oldest first.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn history(&self, topic: Topic) -> Result<Vec<Decoded>, CommandError> {
        Ok(self.journal().whole_stream(&stream_of(topic), StreamVersion::NONE).await?)
    }

    async fn change(
        &self,
        topic: Topic,
        by: Actor,
        command: Command,
        correlation_id: Uuid,
    ) -> Result<Published, CommandError> {
        let id = CommandId::random(self.log_id());
        let metadata = CommandMetadata { actor: by, correlation_id, causation_id: None, id };
        match self.execute(topic, &metadata, command).await? {
            Execution::Done(done) => Ok(Published { version: done.state.state.version(), position: done.position }),
            Execution::Repeated(recorded) => {
                let version = self.current(topic).await?.state.version();
                Ok(Published { version, position: recorded.position })
            }
        }
    }
}

/// The rules of settings.
#[derive(Debug)]
pub struct SettingsDecider;

impl Decider for SettingsDecider {
    type Id = Topic;
    type State = State;
    type Event = Event;
    type Command = Command;

    const CATEGORY: &'static str = "settings";
    const NEEDS_PERSONAL: bool = false;
    // There are fewer topics.
    const CACHE_CAPACITY: u64 = 16;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, CommandError> {
        Ok(decide(state, command)?)
    }

    fn evolve(state: State, event: &Event) -> State {
        state.evolve(event)
    }

    fn encode(event: &Event) -> Encoded {
        encode(event)
    }

    fn event_of(event: &DomainEvent) -> Option<&Event> {
        event.settings()
    }

    /// Nothing in settings is personal.
    fn subject(topic: Topic, _: &State, _: &[Event]) -> Result<Uuid, CommandError> {
        Ok(topic.into())
    }

    fn stream(topic: Topic) -> StreamName {
        stream_of(topic)
    }

    /// None: what is wanted is the document that is in force, so that a repeat changes nothing either.
    fn confirmation(_: &CommandMetadata, _: &Command) -> Option<Event> {
        None
    }
}
