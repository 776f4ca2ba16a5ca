//! An unavailable server: requests fail soon, subscriptions wait, and after its return nothing is lost.

use std::time::Instant;

use event_store::{AppendError, EventReader as _, EventStore as _, Expected, Position, ReadError, StreamVersion};
use futures::StreamExt as _;
use tokio::time::timeout;

use super::*;

/// How long an HTTP request may wait for the log before it gets 503.
const BOUNDED: Duration = Duration::from_secs(12);

async fn soon<T>(what: &str, asked: impl Future<Output = T>) -> T {
    timeout(BOUNDED, asked).await.unwrap_or_else(|_| panic!("{what} did not end"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_fail_fast_without_a_server_and_recover() {
    let fixture = Fixture::new();
    let (log, stream) = (fixture.log().await, new_stream());
    let first = events(2);
    log.append(&stream, Expected::NoStream, first.clone()).await.unwrap();
    let mut subscription = log.subscribe(Position::START);
    for event in &first {
        let given = timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(given.event.event_id, event.event_id);
    }
    for round in 0..2 {
        fixture.server().go_down_everywhere();
        let lost = sealed_event();
        let answer = soon("an append", log.append(&stream, Expected::Any, vec![lost.clone()])).await;
        assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
        let began = Instant::now();
        let answer = soon("a second append", log.append(&stream, Expected::Any, vec![sealed_event()])).await;
        assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "it is known that the server is away");
        let read = soon("a read", log.read_stream(&stream, StreamVersion::NONE, 10)).await;
        assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
        let read = soon("a read of the log", log.read_all(Position::START, 10)).await;
        assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
        assert!(matches!(soon("the head", log.head()).await, Err(ReadError::Unavailable(_))));
        let waits = timeout(Duration::from_millis(1500), subscription.next()).await;
        assert!(waits.is_err(), "a subscription waits, but {waits:?} came");

        fixture.server().listen_everywhere().unwrap();
        while log.append(&stream, Expected::Any, vec![lost.clone()]).await.is_err() {}
        let given = timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap();
        assert_eq!((given.event.event_id, given.version), (lost.event_id, StreamVersion(3 + round)));
    }
    assert_eq!(log.read_all(Position::START, 100).await.unwrap().len(), 4);
}

/// As a network that drops packets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unresponsive_server_times_out() {
    let fixture = Fixture::new();
    let (log, stream) = (fixture.log().await, new_stream());
    log.append(&stream, Expected::NoStream, events(1)).await.unwrap();
    fixture.server().faults().delay(Duration::from_secs(3600));
    let answer = soon("an append", log.append(&stream, Expected::Any, events(1))).await;
    assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
    let read = soon("a read", log.read_stream(&stream, StreamVersion::NONE, 10)).await;
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    let read = soon("a read of the log", log.read_all(Position::START, 10)).await;
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    fixture.server().faults().delay(Duration::ZERO);
    let lost = sealed_event();
    let comes_back = async { while log.append(&stream, Expected::Any, vec![lost.clone()]).await.is_err() {} };
    timeout(PATIENCE, comes_back).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscription_survives_a_server_restart_without_a_gap() {
    let fixture = Fixture::new();
    let (log, stream) = (fixture.log().await, new_stream());
    let mut subscription = log.subscribe(Position::START);
    let mut ids = Vec::new();
    for round in 0..5 {
        for event in events(3) {
            ids.push(event.event_id);
            while let Err(error) = log.append(&stream, Expected::Any, vec![event.clone()]).await {
                assert!(matches!(error, AppendError::Unavailable(_)), "{error}");
            }
        }
        if round < 4 {
            fixture.server().restart().unwrap();
        }
    }
    for id in ids {
        let given = timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(given.event.event_id, id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_without_a_server_fails_fast() {
    let fixture = Fixture::new();
    fixture.server().go_down_everywhere();
    let refused = timeout(Duration::from_secs(40), KurrentLog::open(fixture.settings())).await.unwrap();
    let refused = refused.err().unwrap();
    assert!(
        refused.may_pass() && refused.to_string().ends_with("cannot be reached: nothing listens there"),
        "{refused}"
    );
}
