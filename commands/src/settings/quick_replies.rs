//! Quick replies as streams, and their use cases: write one, write it anew, take it away, once per key.
//!
//! Invariant: whether somebody may was asked before; whose a quick reply is follows from the stream that it is in.

use std::sync::Arc;

use domain::{
    AgentId, DomainEvent, Encoded, Personal, QuickReplyId,
    settings::{
        Event, encode,
        quick_reply::{Command, QuickReply, QuickReplyWords, State, decide, first_set},
    },
};
use event_store::{Actor, Position, RecordedEvent, StreamName};
use journal::{Decoded, JournalError};
use uuid::Uuid;

use super::SettingsDecider;
use crate::{
    accounts::actor_of,
    error::CommandError,
    event_id::{CommandId, IdempotencyKey},
    executor::{CommandMetadata, Decider, Execution, Executor},
};

/// The use cases of quick replies.
pub type QuickReplies = Executor<QuickReplyDecider>;

/// Whose quick replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    /// The shop's.
    Shared,
    /// An agent's own.
    Of(AgentId),
}

impl Collection {
    /// Whose they are; `None` for the shop's.
    #[must_use]
    pub fn owner(self) -> Option<AgentId> {
        match self {
            Self::Shared => None,
            Self::Of(agent) => Some(agent),
        }
    }

    fn stream(self) -> StreamName {
        let name = match self {
            Self::Shared => "settings-quick_replies".to_owned(),
            Self::Of(agent) => format!("settings-quick_replies-{agent}"),
        };
        StreamName::parse(&name).expect("a word and an id are a good name")
    }
}

impl From<Collection> for Uuid {
    fn from(collection: Collection) -> Self {
        match collection {
            Collection::Shared => Self::new_v5(&Self::NAMESPACE_OID, b"quick_replies"),
            Collection::Of(agent) => agent.0,
        }
    }
}

/// Who wants something of a quick reply.
#[derive(Debug, Clone)]
pub struct QuickReplyRequest {
    /// Who acts.
    pub agent: AgentId,
    /// The client's key.
    pub key: Option<IdempotencyKey>,
    /// The request.
    pub correlation_id: Uuid,
}

/// What a command left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedQuickReply {
    /// Which.
    pub reply: QuickReplyId,
    /// Its version after the command.
    pub version: u32,
    /// Where the log stood.
    pub position: Position,
}

impl QuickReplies {
    /// The collection of a quick reply, also of one that was removed, as an agent finds it: the shop's or its own; `None` where it
    /// is in neither.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn find(&self, reply: QuickReplyId, agent: AgentId) -> Result<Option<Collection>, CommandError> {
        if first_set::find(reply).is_some() {
            return Ok(Some(Collection::Shared));
        }
        for collection in [Collection::Shared, Collection::Of(agent)] {
            if self.current(collection).await?.state.knows(reply) {
                return Ok(Some(collection));
            }
        }
        Ok(None)
    }

    /// Writes a new one.
    ///
    /// # Errors
    /// There is no room for another, the key was used with another body, or the log did not take it.
    pub async fn create(
        &self,
        collection: Collection,
        request: &QuickReplyRequest,
        says: QuickReply,
    ) -> Result<SavedQuickReply, CommandError> {
        let metadata = self.metadata("create_quick_reply", collection.into(), request);
        let reply = QuickReplyId(metadata.id.derive_id("quick_reply"));
        let command = Command::Create { reply, owner: collection.owner(), says };
        self.command(collection, reply, &metadata, command).await
    }

    /// Writes one anew. `seen` is the version that its author saw.
    ///
    /// # Errors
    /// There is none, it has another version, the key was used with another body, or the log did not take it.
    pub async fn change(
        &self,
        (collection, reply): (Collection, QuickReplyId),
        request: &QuickReplyRequest,
        says: QuickReply,
        seen: u32,
    ) -> Result<SavedQuickReply, CommandError> {
        let metadata = self.metadata("change_quick_reply", reply.0, request);
        let command = Command::Change { reply, owner: collection.owner(), says, seen };
        self.command(collection, reply, &metadata, command).await
    }

    /// Takes one away. `seen` is the version that was seen.
    ///
    /// # Errors
    /// There is none, it has another version, or the log did not take it.
    pub async fn remove(
        &self,
        (collection, reply): (Collection, QuickReplyId),
        request: &QuickReplyRequest,
        seen: u32,
    ) -> Result<SavedQuickReply, CommandError> {
        let metadata = self.metadata("remove_quick_reply", reply.0, request);
        self.command(collection, reply, &metadata, Command::Remove { reply, seen }).await
    }

    fn metadata(&self, route: &str, target: Uuid, request: &QuickReplyRequest) -> CommandMetadata {
        let (actor, correlation_id): (Actor, Uuid) = (actor_of(request.agent), request.correlation_id);
        let id = match &request.key {
            Some(key) => CommandId::keyed(self.log_id(), &actor, route, target, key),
            None => CommandId::random(self.log_id()),
        };
        CommandMetadata { actor, correlation_id, causation_id: None, id }
    }

    async fn command(
        &self,
        collection: Collection,
        reply: QuickReplyId,
        metadata: &CommandMetadata,
        command: Command,
    ) -> Result<SavedQuickReply, CommandError> {
        match self.execute(collection, metadata, command.clone()).await? {
            Execution::Done(done) => {
                let version = done.events.first().and_then(version_of).unwrap_or_default();
                Ok(SavedQuickReply { reply, version, position: done.position })
            }
            Execution::Repeated(recorded) => self.recorded(reply, &command, recorded).await,
        }
    }

    /// What the same command recorded before.
    async fn recorded(
        &self,
        reply: QuickReplyId,
        command: &Command,
        recorded: Arc<RecordedEvent>,
    ) -> Result<SavedQuickReply, CommandError> {
        let decoded = Decoded::decode(recorded).map_err(JournalError::from)?;
        self.journal().open(&decoded).await?;
        let event = decoded.opened_event().settings();
        match event.filter(|event| says_the_same(command, event)).and_then(version_of) {
            Some(version) => Ok(SavedQuickReply { reply, version, position: decoded.position() }),
            None => Err(CommandError::KeyReused),
        }
    }
}

/// Whether a command that comes again under its key says what it said the first time; words that were erased cannot be compared.
fn says_the_same(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (Command::Create { says, .. } | Command::Change { says, .. }, Event::QuickReplySaved(saved)) => {
            let words = QuickReplyWords { title: saved.title.clone(), content: saved.content.clone() };
            *says == QuickReply { words, category: saved.category.clone(), language: saved.language }
        }
        (Command::Create { says, .. } | Command::Change { says, .. }, Event::PersonalQuickReplySaved(saved)) => {
            let is_same_words = |words: &QuickReplyWords| *words == says.words;
            (&says.category, says.language) == (&saved.category, saved.language)
                && Personal::known(&saved.words).is_none_or(is_same_words)
        }
        (Command::Remove { .. }, Event::QuickReplyRemoved(_)) => true,
        _another_command => false,
    }
}

fn version_of(event: &Event) -> Option<u32> {
    match event {
        Event::QuickReplySaved(saved) => Some(saved.version),
        Event::PersonalQuickReplySaved(saved) => Some(saved.version),
        Event::QuickReplyRemoved(removed) => Some(removed.version),
        Event::Published(_) | Event::RolledBack(_) | Event::BudgetReached(_) | Event::LogRestored(_) => None,
    }
}

/// The rules of one collection.
#[derive(Debug)]
pub struct QuickReplyDecider;

impl Decider for QuickReplyDecider {
    type Id = Collection;
    type State = State;
    type Event = Event;
    type Command = Command;

    const CATEGORY: &'static str = SettingsDecider::CATEGORY;
    const NEEDS_PERSONAL: bool = false;
    // The shop's and those of the agents who wrote one lately; a state is about 64 bytes for each of at most 1,000.
    const CACHE_CAPACITY: u64 = 256;

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

    /// An agent's own words are the agent's; nothing of the shop's is personal.
    fn subject(collection: Collection, _: &State, _: &[Event]) -> Result<Uuid, CommandError> {
        Ok(collection.into())
    }

    fn stream(collection: Collection) -> StreamName {
        collection.stream()
    }

    /// None: every command that is taken changes something.
    fn confirmation(_: &CommandMetadata, _: &Command) -> Option<Event> {
        None
    }
}
