//! The log in a real PostgreSQL under what a network, a server and other people's transactions do to it: a subscriber sees
//! every position once and in order, is not frozen, and what was acknowledged is there once.
//!
//! `conformance` beside that: the promises of the port, as on every adapter.

mod conformance;
mod faults;
mod guards;
mod nodes;
mod start;

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration};

use event_store::{
    AppendError, Appended, EventReader, EventStore, Expected, Position, ReadError, RecordedEvent, SealedEvent,
    StreamName, postgres::PostgresStore,
};
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};
use testkit::sealed_event;
use tests::postgres::FreshDatabase;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Far beyond what anything here takes; a test that waits this long has found a freeze.
const PATIENCE: Duration = Duration::from_secs(60);
/// A lost hint costs a second; twice that and some for a busy machine.
const BEYOND_THE_POLL: Duration = Duration::from_secs(3);

fn event(event_type: &str) -> SealedEvent {
    SealedEvent { event_type: event_type.into(), ..sealed_event() }
}

fn any_event() -> SealedEvent {
    event("test.happened")
}

fn new_stream() -> StreamName {
    StreamName::of("session", Uuid::new_v4())
}

/// An event that was acknowledged.
#[derive(Debug)]
struct Acknowledged {
    event_id: Uuid,
    position: Position,
}

/// Appends one event after whatever is there; while the log is unavailable, the same one again.
async fn append_patiently(store: &PostgresStore, stream: &StreamName, event: SealedEvent) -> Acknowledged {
    let event_id = event.event_id;
    let tries = async {
        loop {
            match store.append(stream, Expected::Any, vec![event.clone()]).await {
                Ok(Appended { last_position, .. }) => return last_position,
                Err(AppendError::Unavailable(_)) => sleep(Duration::from_millis(100)).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    Acknowledged { event_id, position: within(PATIENCE, "the append", tries).await }
}

async fn append_one(store: &PostgresStore, stream: &StreamName) -> Acknowledged {
    append_patiently(store, stream, any_event()).await
}

/// What a subscriber is told, while it is told: it waits for the next event also when nobody asks it.
struct Live(mpsc::UnboundedReceiver<Result<Arc<RecordedEvent>, ReadError>>);

impl Live {
    fn from_start(store: &PostgresStore) -> Self {
        let mut events = store.subscribe(Position::START);
        let (told, seen) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if told.send(event).is_err() {
                    return;
                }
            }
        });
        Self(seen)
    }

    /// The next event, which must come no later than a poll would bring it.
    async fn next(&mut self) -> Position {
        let event = within(BEYOND_THE_POLL, "the subscriber", self.0.recv()).await.expect("it goes on");
        event.expect("no gap, no damage").position
    }
}

/// Follows the log from its start until it has this many events.
fn follow(store: &PostgresStore, until: Position) -> JoinHandle<Result<Vec<Arc<RecordedEvent>>, ReadError>> {
    let events = store.subscribe(Position::START);
    tokio::spawn(async move {
        let count = usize::try_from(until.0).expect("a small number");
        events.take(count).collect::<Vec<_>>().await.into_iter().collect()
    })
}

/// What a follower saw, which must be every position up to the last, once and in order, and unaltered.
async fn sequence_of(follower: JoinHandle<Result<Vec<Arc<RecordedEvent>>, ReadError>>) -> Vec<Arc<RecordedEvent>> {
    let seen =
        within(PATIENCE, "the subscriber", follower).await.expect("it does not panic").expect("no gap, no damage");
    for (index, event) in seen.iter().enumerate() {
        assert_eq!(event.position.0, index as u64 + 1);
        assert!(event_store::hash::is_intact(event), "{} is not intact", event.position);
    }
    seen
}

/// Everything in the log is what was acknowledged, at the position that was acknowledged, once.
fn assert_exactly(seen: &[Arc<RecordedEvent>], acknowledged: &[Acknowledged]) {
    let ids: HashSet<Uuid> = seen.iter().map(|event| event.event.event_id).collect();
    assert_eq!((seen.len(), ids.len()), (acknowledged.len(), acknowledged.len()));
    for Acknowledged { event_id, position } in acknowledged {
        let at = &seen[usize::try_from(position.0).expect("a small number") - 1];
        assert_eq!(at.event.event_id, *event_id, "at position {position}");
    }
}

async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    timeout(limit, future).await.unwrap_or_else(|_| panic!("{what} took longer than {limit:?}"))
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("the database is there")
}

async fn run_sql(url: &str, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut connect(url).await).await.expect("the statement is right");
}

/// Asks until the answer is yes.
async fn wait_until(database: &FreshDatabase, what: &'static str, question: &'static str) {
    let mut admin = connect(&database.admin_url()).await;
    let asking = async {
        while !sqlx::query_scalar::<_, bool>(question).fetch_one(&mut admin).await.expect("the question is right") {
            sleep(Duration::from_millis(10)).await;
        }
    };
    within(PATIENCE, what, asking).await;
}
