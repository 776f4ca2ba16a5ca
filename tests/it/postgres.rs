//! The PostgreSQL adapter under faults of network, server and foreign transactions: subscribers see every position once, in order
//! and without freezing, and acknowledged events are stored once.
//!
//! `conformance` runs the suite of the port.

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

/// Timeout of everything here.
const PATIENCE: Duration = Duration::from_secs(60);
/// A lost notification costs one poll of a second; tolerance for a busy machine.
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

/// Appends one event, and repeats it while the log is unavailable.
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

/// Collects the events of a subscription in the background.
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

    /// The next event, which must arrive within a poll.
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

/// The followed events are every position up to the last, once, in order and intact.
async fn sequence_of(follower: JoinHandle<Result<Vec<Arc<RecordedEvent>>, ReadError>>) -> Vec<Arc<RecordedEvent>> {
    let seen =
        within(PATIENCE, "the subscriber", follower).await.expect("it does not panic").expect("no gap, no damage");
    for (index, event) in seen.iter().enumerate() {
        assert_eq!(event.position.0, index as u64 + 1);
        assert!(event_store::hash::is_intact(event), "{} is not intact", event.position);
    }
    seen
}

/// The log holds exactly the acknowledged events, at their positions.
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

/// Polls until the condition holds.
async fn wait_until(database: &FreshDatabase, what: &'static str, question: &'static str) {
    let mut admin = connect(&database.admin_url()).await;
    let asking = async {
        while !sqlx::query_scalar::<_, bool>(question).fetch_one(&mut admin).await.expect("the question is right") {
            sleep(Duration::from_millis(10)).await;
        }
    };
    within(PATIENCE, what, asking).await;
}
