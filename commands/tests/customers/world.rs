//! One log, any number of nodes on it; its answers can be lost, and it can go away. It numbers with holes and knows an event id
//! in its stream only, so that a token is good once because it is claimed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use commands::{
    Customers,
    customers::{Identify, TokenId},
};
use domain::{
    VisitorId,
    customer::{command::Identity, event::Profile},
    text::ShopCustomerId,
};
use event_store::{
    AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity as LogIdentity, Log, Position,
    Positions, ReadError, RecordedEvent, SealedEvent, StreamName, StreamVersion, Vault, memory::MemoryStore,
};
use uuid::Uuid;

const LOG_ID: Uuid = Uuid::from_u128(1);

/// A log that takes what it is given and does not say so, or takes so much and no more.
pub(crate) struct Flaky {
    store: MemoryStore,
    lost: AtomicUsize,
    left: AtomicUsize,
}

#[derive(Debug, thiserror::Error)]
#[error("away")]
struct Away;

fn takes_one(of: &AtomicUsize) -> bool {
    of.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl EventReader for Flaky {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        self.store.find(stream, event_id).await
    }
    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        self.store.owner(event_id).await
    }
    async fn head(&self) -> Result<Position, ReadError> {
        self.store.head().await
    }
    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        self.store.identity().await
    }
    fn positions(&self) -> Positions {
        self.store.positions()
    }
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        // lets the others go on between a read and an append
        tokio::task::yield_now().await;
        self.store.read_stream(stream, after, limit).await
    }
    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.store.read_stream_after_position(stream, after, limit).await
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.store.read_all(after, limit).await
    }
    fn subscribe(&self, after: Position) -> EventStream {
        self.store.subscribe(after)
    }
}

#[async_trait]
impl EventStore for Flaky {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        if !takes_one(&self.left) {
            return Err(AppendError::Unavailable(Arc::new(Away)));
        }
        let appended = self.store.append(stream, expected, events).await?;
        if takes_one(&self.lost) { Err(AppendError::Unavailable(Arc::new(Away))) } else { Ok(appended) }
    }

    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        if self.left.load(Ordering::SeqCst) == 0 {
            return Err(AppendError::Unavailable(Arc::new(Away)));
        }
        self.store.reserve(event_id, stream).await
    }
}

pub(crate) struct World {
    store: Arc<Flaky>,
    pub(crate) log: Log,
}

impl World {
    pub(crate) fn new() -> Self {
        let store = MemoryStore::numbering(LOG_ID, Positions::Increasing);
        let store = Arc::new(Flaky { store, lost: AtomicUsize::new(0), left: AtomicUsize::new(usize::MAX) });
        let log = Log::new(store.clone(), Arc::new(Vault::in_memory()));
        Self { store, log }
    }

    /// The use cases of another node, or of the same after a kill: it remembers nothing.
    pub(crate) fn node(&self) -> Customers {
        Customers::new(self.log.clone(), LOG_ID)
    }

    /// Lets the next so many appends be taken without an answer.
    pub(crate) fn lose_answers(&self, count: usize) {
        self.store.lost.store(count, Ordering::SeqCst);
    }

    /// Lets so many appends be taken and no more.
    pub(crate) fn fail_appends_after(&self, count: usize) {
        self.store.left.store(count, Ordering::SeqCst);
    }

    pub(crate) async fn head(&self) -> Position {
        self.store.head().await.unwrap()
    }

    /// The types of all events, in the log's order.
    pub(crate) async fn types(&self) -> Vec<String> {
        let all = self.store.read_all(Position::START, 1000).await.unwrap();
        all.iter().map(|recorded| recorded.event.event_type.to_string()).collect()
    }
}

pub(crate) fn visitor(n: u128) -> VisitorId {
    VisitorId(Uuid::from_u128(n))
}

pub(crate) fn as_visitor(sub: &str) -> Profile {
    Profile { sub: ShopCustomerId::parse(sub).unwrap(), email: None, name: None }
}

/// A token of this number says that its bearer is this customer.
pub(crate) fn identify(visitor: Option<VisitorId>, sub: &str, jti: &str) -> Identify {
    Identify {
        visitor,
        identity: Identity { profile: as_visitor(sub), vip: false },
        token: TokenId { audience: "fiido-desk".to_owned(), jti: jti.to_owned() },
        correlation_id: Uuid::new_v4(),
    }
}
