//! The one way to change a stream: find what the key did before, load, decide, append; on a conflict load and decide again.
//!
//! Invariants: what is appended was decided at the very version it is appended after; a no, or a "nothing to do", that came
//! from a remembered state is decided again on the stream's end before anyone hears it.

use std::{
    fmt::Debug,
    hash::Hash,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Class, DomainEvent, Encoded};
use event_store::{
    Actor, AppendError, Expected, KeyClass, Log, NewEvent, PersonalPart, Position, RecordedEvent, StreamName,
    StreamVersion, log::LogError,
};
use futures::StreamExt as _;
use journal::{Decoded, Journal};
use moka::{future::Cache, policy::EvictionPolicy};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{error::CommandError, event_id::CommandId};

/// How long conflicts with other nodes are retried.
const CONTENTION: Duration = Duration::from_secs(2);
/// What one try counts of that at most: a try that took longer waited for the log, not for others.
const LONGEST_TRY: Duration = Duration::from_millis(200);
/// How long a command waits for its stream's earlier ones: while the log is away each of them takes its time to fail.
const QUEUED: Duration = Duration::from_secs(4);
/// Commands of one stream queue within a node; so many queues there are.
const QUEUES: usize = 1024;

/// The rules of one kind of stream, as the domain has them.
pub trait Decider: Send + Sync + 'static {
    /// Names a stream of this kind.
    type Id: Copy + Eq + Hash + Debug + Send + Sync + Into<Uuid> + 'static;
    /// What its events add up to.
    type State: Default + Clone + Debug + Send + Sync + 'static;
    /// What can have happened.
    type Event: Clone + Debug + Send + Sync + 'static;
    /// What can be wanted.
    type Command: Clone + Debug + Send + Sync + 'static;

    /// The first part of the stream's name.
    const CATEGORY: &'static str;
    /// Whether the state needs what is sealed; where it does not, nothing is opened for it.
    const NEEDS_PERSONAL: bool;
    /// States that are remembered.
    const CACHE_CAPACITY: u64;

    /// From a state and a command to events, or to no.
    ///
    /// # Errors
    /// A rule was not met.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, CommandError>;

    /// The state after an event.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// An event as it is stored.
    fn encode(event: &Self::Event) -> Encoded;

    /// An event of a stream of this kind; `None` for any other kind.
    fn event_of(event: &DomainEvent) -> Option<&Self::Event>;

    /// Whose personal data the new events hold.
    ///
    /// # Errors
    /// Nobody's: there is no such stream.
    fn subject(id: Self::Id, state: &Self::State, events: &[Self::Event]) -> Result<Uuid, CommandError>;

    /// The stream of this id: by default its name ends in the id.
    fn stream(id: Self::Id) -> StreamName {
        StreamName::of(Self::CATEGORY, id.into())
    }

    /// What is recorded of a command under a key that changes nothing, so that its repeat is recognised.
    fn confirmation(metadata: &CommandMetadata, command: &Self::Command) -> Option<Self::Event>;
}

/// Who wants something, and by which ids it will be known.
#[derive(Debug, Clone)]
pub struct CommandMetadata {
    /// From a token or a policy, never from a body.
    pub actor: Actor,
    /// One request, or what it led to.
    pub correlation_id: Uuid,
    /// The event that led to this.
    pub causation_id: Option<Uuid>,
    /// The ids of the events to come.
    pub id: CommandId,
}

/// A stream's state and where in the stream that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadedState<S> {
    /// The last event folded.
    pub version: StreamVersion,
    /// Its position.
    pub position: Position,
    /// What they add up to.
    pub state: S,
}

/// What a command came to.
#[derive(Debug, Clone)]
pub struct Executed<S, E> {
    /// The stream after it.
    pub state: Arc<LoadedState<S>>,
    /// What was added; empty when there was nothing to add.
    pub events: Vec<E>,
    /// Where the log stood when the last of it was written, or when it was found that there was nothing to add.
    pub position: Position,
}

/// What [`Executor::execute`] answers.
#[derive(Debug)]
pub enum Execution<S, E> {
    /// The command was decided now.
    Done(Executed<S, E>),
    /// The same command was recorded before: its first event.
    Repeated(Arc<RecordedEvent>),
}

/// Executes the commands of one kind of stream.
pub struct Executor<R: Decider> {
    log: Log,
    journal: Journal,
    log_id: Uuid,
    folded: Cache<R::Id, Arc<LoadedState<R::State>>>,
    queues: Vec<tokio::sync::Mutex<()>>,
}

type Executions<R> = Execution<<R as Decider>::State, <R as Decider>::Event>;
type States<R> = Arc<LoadedState<<R as Decider>::State>>;

impl<R: Decider> Executor<R> {
    /// Commands over a log with this id.
    #[must_use]
    pub fn new(log: Log, log_id: Uuid) -> Self {
        let queues = (0..QUEUES).map(|_| tokio::sync::Mutex::new(())).collect();
        let journal = Journal::new(log.reader(), log.vault().clone());
        Self { log, journal, log_id, folded: newest(R::CACHE_CAPACITY), queues }
    }

    /// The log they write to.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The same log, read as the domain's events.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Its id.
    #[must_use]
    pub fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// Decides a command and records what comes of it.
    ///
    /// # Errors
    /// A rule said no, or the log did not take it.
    pub async fn execute(
        &self,
        id: R::Id,
        metadata: &CommandMetadata,
        command: R::Command,
    ) -> Result<Executions<R>, CommandError> {
        let _turn = self.turn(id).await?;
        let mut tries = Tries::begin();
        loop {
            match self.attempt(id, metadata, &command, None).await {
                // A key that is in use may be one that another stream has claimed and is about to append under.
                Err(CommandError::Contention | CommandError::KeyReused) if tries.may_go_on() => pause().await,
                answer => return answer,
            }
        }
    }

    /// Tries a command that was made for this version of its stream, by whoever has the stream's turn.
    ///
    /// # Errors
    /// As [`Self::execute`]; [`CommandError::Contention`] at once if the stream has moved on.
    pub(crate) async fn execute_at(
        &self,
        _turn: &Turn<'_>,
        id: R::Id,
        metadata: &CommandMetadata,
        command: R::Command,
        version: StreamVersion,
    ) -> Result<Executions<R>, CommandError> {
        self.attempt(id, metadata, &command, Some(version)).await
    }

    /// The stream as this node last saw it; it may have gone on since.
    pub async fn remembered(&self, id: R::Id) -> Option<States<R>> {
        self.folded.get(&id).await
    }

    /// The stream as it is now, read to its end.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn current(&self, id: R::Id) -> Result<States<R>, CommandError> {
        let mut folded = self.folded.get(&id).await.unwrap_or_default();
        let stream = R::stream(id);
        let mut pages = pin!(self.journal.read_stream(&stream, folded.version));
        while let Some(page) = pages.next().await {
            folded = Arc::new(self.fold(Arc::unwrap_or_clone(folded), &page?).await?);
            self.folded.insert(id, folded.clone()).await;
        }
        Ok(folded)
    }

    /// The stream as it was right after this version.
    pub(crate) async fn as_of(&self, id: R::Id, version: StreamVersion) -> Result<LoadedState<R::State>, CommandError> {
        let stream = R::stream(id);
        let mut folded = LoadedState::default();
        let mut pages = pin!(self.journal.read_stream(&stream, folded.version));
        while let Some(page) = pages.next().await
            && folded.version < version
        {
            let mut page = page?;
            page.retain(|decoded| decoded.recorded().version <= version);
            folded = self.fold(folded, &page).await?;
        }
        Ok(folded)
    }

    /// Waits for the stream's earlier commands.
    pub(crate) async fn turn(&self, id: R::Id) -> Result<Turn<'_>, CommandError> {
        timeout(QUEUED, self.queue(id).lock()).await.map(Turn).map_err(|_| queued_in_vain())
    }

    fn queue(&self, id: R::Id) -> &tokio::sync::Mutex<()> {
        let id: Uuid = id.into();
        let spread = usize::from(id.as_bytes()[14]) << 8 | usize::from(id.as_bytes()[15]);
        &self.queues[spread % QUEUES]
    }

    async fn recorded_before(
        &self,
        id: R::Id,
        metadata: &CommandMetadata,
    ) -> Result<Option<Arc<RecordedEvent>>, CommandError> {
        if !metadata.id.is_keyed() {
            return Ok(None);
        }
        let (reader, own, event_id) = (self.log.reader(), R::stream(id), metadata.id.event(0));
        if !metadata.id.is_once() {
            return Ok(reader.find(&own, event_id).await?);
        }
        let Some(owner) = reader.owner(event_id).await? else { return Ok(None) };
        match reader.find(&owner, event_id).await? {
            None if owner != own => Err(CommandError::KeyReused),
            recorded => Ok(recorded),
        }
    }

    async fn attempt(
        &self,
        id: R::Id,
        metadata: &CommandMetadata,
        command: &R::Command,
        made_for: Option<StreamVersion>,
    ) -> Result<Executions<R>, CommandError> {
        match self.recorded_before(id, metadata).await? {
            Some(recorded) => Ok(Execution::Repeated(recorded)),
            None => self.try_execute(id, metadata, command, made_for).await.map(Execution::Done),
        }
    }

    async fn try_execute(
        &self,
        id: R::Id,
        metadata: &CommandMetadata,
        command: &R::Command,
        made_for: Option<StreamVersion>,
    ) -> Result<Executed<R::State, R::Event>, CommandError> {
        let (folded, events) = self.decide(id, command, made_for).await?;
        let events = confirm_if_keyed::<R>(metadata, events, command);
        if events.is_empty() {
            return Ok(Executed { position: folded.position, state: folded, events });
        }
        match self.append(id, metadata, &folded, &events).await {
            Ok(state) => Ok(Executed { position: state.position, state, events }),
            Err(error) => {
                self.folded.invalidate(&id).await;
                Err(error)
            }
        }
    }

    async fn decide(
        &self,
        id: R::Id,
        command: &R::Command,
        made_for: Option<StreamVersion>,
    ) -> Result<(States<R>, Vec<R::Event>), CommandError> {
        let is_for = |state: &States<R>| made_for.is_none_or(|version| version == state.version);
        if let Some(remembered) = self.folded.get(&id).await.filter(is_for)
            && let Some(events) = R::decide(&remembered.state, command.clone()).ok().filter(|events| !events.is_empty())
        {
            return Ok((remembered, events));
        }
        let current = self.current(id).await?;
        if !is_for(&current) {
            return Err(CommandError::Contention);
        }
        let events = R::decide(&current.state, command.clone())?;
        Ok((current, events))
    }

    async fn append(
        &self,
        id: R::Id,
        metadata: &CommandMetadata,
        folded: &LoadedState<R::State>,
        events: &[R::Event],
    ) -> Result<States<R>, CommandError> {
        let subject = R::subject(id, &folded.state, events)?;
        let stream = R::stream(id);
        let new: Vec<NewEvent> =
            events.iter().enumerate().map(|(place, event)| new_event::<R>(metadata, subject, place, event)).collect();
        let expected = match folded.version {
            StreamVersion::NONE => Expected::NoStream,
            version => Expected::Exact(version),
        };
        let appended = if metadata.id.is_once() {
            self.log.append_once(&stream, expected, &new).await
        } else {
            self.log.append(&stream, expected, &new).await
        };
        let appended = match appended {
            Err(LogError::Append(AppendError::WrongExpectedVersion { .. })) => return Err(CommandError::Contention),
            answer => answer?,
        };
        let state = events.iter().fold(folded.state.clone(), R::evolve);
        let after = Arc::new(LoadedState { version: appended.last_version, position: appended.last_position, state });
        self.folded.insert(id, after.clone()).await;
        Ok(after)
    }

    async fn fold(
        &self,
        folded: LoadedState<R::State>,
        page: &[Decoded],
    ) -> Result<LoadedState<R::State>, CommandError> {
        if R::NEEDS_PERSONAL {
            self.journal.open_all(page).await?;
        }
        let LoadedState { mut version, mut position, mut state } = folded;
        for decoded in page {
            let event = if R::NEEDS_PERSONAL { decoded.opened_event() } else { decoded.event() };
            state = R::evolve(state, R::event_of(event).expect("a stream's category says what its events are"));
            (version, position) = (decoded.recorded().version, decoded.position());
        }
        Ok(LoadedState { version, position, state })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the stream's earlier commands are not done after {QUEUED:?}")]
struct QueuedInVain;

/// A cache that makes room for what is new. moka's own policy keeps what was used often and refuses the rest, which are here the
/// sessions of the last minutes.
fn newest<K, V>(capacity: u64) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(capacity).eviction_policy(EvictionPolicy::lru()).build()
}

/// The right to change a stream within this node, until it is dropped.
pub(crate) struct Turn<'a>(#[expect(dead_code, reason = "it is held")] tokio::sync::MutexGuard<'a, ()>);

/// How long a command has been retried.
pub(crate) struct Tries {
    contended: Duration,
    since: Instant,
}

impl Tries {
    pub(crate) fn begin() -> Self {
        Self { contended: Duration::ZERO, since: Instant::now() }
    }

    /// Whether there is to be one more try.
    pub(crate) fn may_go_on(&mut self) -> bool {
        self.contended += self.since.elapsed().min(LONGEST_TRY);
        self.since = Instant::now();
        self.contended < CONTENTION
    }
}

/// Between two tries: the others had theirs, and not all come back at once.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(rand::random_range(1..20))).await;
}

fn queued_in_vain() -> CommandError {
    CommandError::Unavailable(Arc::new(QueuedInVain))
}

/// A keyed command that changes nothing still leaves a trace, so that its repeat is recognised.
#[must_use]
pub fn confirm_if_keyed<R: Decider>(
    metadata: &CommandMetadata,
    events: Vec<R::Event>,
    command: &R::Command,
) -> Vec<R::Event> {
    if !events.is_empty() || !metadata.id.is_keyed() {
        return events;
    }
    R::confirmation(metadata, command).into_iter().collect()
}

/// The event at this place of a command's, as the log takes it.
#[must_use]
pub fn new_event<R: Decider>(metadata: &CommandMetadata, subject: Uuid, place: usize, event: &R::Event) -> NewEvent {
    let encoded = R::encode(event);
    let personal = encoded.personal.map(|(class, json)| PersonalPart { subject, class: key_class(class), json });
    NewEvent {
        event_id: metadata.id.event(place),
        event_type: encoded.event_type,
        schema: encoded.schema,
        actor: metadata.actor.clone(),
        correlation_id: metadata.correlation_id,
        causation_id: metadata.causation_id,
        data: encoded.data,
        personal,
    }
}

/// The vault's class of a personal part.
#[must_use]
pub fn key_class(class: Class) -> KeyClass {
    match class {
        Class::Message => KeyClass::Message,
        Class::Contact => KeyClass::Contact,
        Class::Note => KeyClass::Note,
        Class::Staff => KeyClass::Staff,
    }
}
