//! What goes wrong on request, and what is true afterwards.

use std::time::{Duration, Instant};

use protocol_server::{AppendFault, Ending};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    harness::{Started, client, event, start, within},
    raw::{Asking, Expected, Raw, event_of, of_all, of_stream, proposed, raw, streams_like, success},
};

async fn append(raw: &Raw) -> Result<(), Status> {
    raw.append("a", Expected::Any(()), vec![proposed(Uuid::new_v4(), "x")]).await.map(|result| {
        success(result);
    })
}

async fn stored(started: &Started) -> usize {
    // Over a connection of its own: the one before may be cut.
    raw(&started.server).await.texts("a").await.unwrap().len()
}

#[tokio::test]
async fn fault_stores_an_append_and_reports_an_error() {
    for (fault, code) in [
        (AppendFault::StoredTimedOut, Code::Aborted),
        (AppendFault::StoredDeadlineExceeded, Code::DeadlineExceeded),
        (AppendFault::StoredUnavailable, Code::Unavailable),
    ] {
        let started = start();
        let raw = raw(&started.server).await;
        started.server.faults().on_append(fault);
        assert_eq!(append(&raw).await.unwrap_err().code(), code, "{fault:?}");
        assert_eq!(stored(&started).await, 1, "{fault:?}");
        append(&raw).await.unwrap();
    }
}

#[tokio::test]
async fn fault_loses_an_append() {
    for (fault, code) in [(AppendFault::LostTimedOut, Code::Aborted), (AppendFault::LostTooBusy, Code::Unavailable)] {
        let started = start();
        let raw = raw(&started.server).await;
        started.server.faults().on_append(fault);
        assert_eq!(append(&raw).await.unwrap_err().code(), code, "{fault:?}");
        assert_eq!(stored(&started).await, 0, "{fault:?}");
        append(&raw).await.unwrap();
    }
}

#[tokio::test]
async fn fault_cuts_the_connection_without_an_answer() {
    for (fault, count) in [(AppendFault::StoredConnectionCut, 1), (AppendFault::LostConnectionCut, 0)] {
        let started = start();
        let raw = raw(&started.server).await;
        raw.write("before", &["x"]).await;
        started.server.faults().on_append(fault);
        within(append(&raw)).await.unwrap_err();
        // The stream is there or not; nothing else says which.
        let there = crate::raw::raw(&started.server).await.events(of_stream("a")).await.unwrap().len();
        assert_eq!(there, count, "{fault:?}");
    }
}

#[tokio::test]
async fn fault_withholds_the_answer() {
    let started = start();
    started.server.faults().on_append(AppendFault::StoredNeverAnswered);
    // The official client gives up by its deadline, and the event is there.
    let options = eventstore::AppendToStreamOptions::default().deadline(Duration::from_millis(300));
    let answer = within(started.client().append_to_stream("a", &options, event(0))).await;
    assert!(matches!(answer, Err(eventstore::Error::DeadlineExceeded)), "{answer:?}");
    assert_eq!(stored(&started).await, 1);
}

#[tokio::test]
async fn faults_apply_to_their_streams_and_counts() {
    let started = start();
    let raw = raw(&started.server).await;
    started.server.faults().on_appends("a", AppendFault::LostTooBusy, 2);
    raw.write("b", &["x"]).await;
    assert_eq!(started.server.faults().waiting(), 2);
    append(&raw).await.unwrap_err();
    append(&raw).await.unwrap_err();
    append(&raw).await.unwrap();
    assert_eq!(started.server.faults().waiting(), 0);
    started.server.faults().on_append(AppendFault::LostTooBusy);
    started.server.faults().clear();
    append(&raw).await.unwrap();
}

async fn hundred(started: &Started) -> Raw {
    let raw = raw(&started.server).await;
    for number in 0..100 {
        raw.write("a", &[&number.to_string()]).await;
    }
    raw
}

#[tokio::test]
async fn fault_cuts_a_read() {
    let started = start();
    let raw = hundred(&started).await;
    started.server.faults().on_read(40, Ending::ConnectionCut);
    let mut answers = raw.open(of_stream("a")).await.unwrap();
    let mut given = 0;
    let ended = loop {
        match within(answers.message()).await {
            Ok(Some(answer)) => given += usize::from(event_of(answer.content.unwrap()).is_some()),
            Ok(None) => panic!("it ended well"),
            Err(status) => break status,
        }
    };
    assert!(given <= 40, "{given}");
    assert_ne!(ended.code(), Code::Ok);
    assert_eq!(crate::raw::raw(&started.server).await.texts("a").await.unwrap().len(), 100, "the next is whole");
}

#[tokio::test]
async fn fault_ends_a_read_early_without_an_error() {
    let started = start();
    let raw = hundred(&started).await;
    started.server.faults().on_reads(40, Ending::Ok, 2);
    let contents = raw.read(of_stream("a")).await.unwrap();
    assert_eq!(contents.len(), 40, "and the number of the newest event is not told");
    let all = raw.events(of_all().filter(streams_like("^a$"))).await.unwrap();
    assert_eq!(all.len(), 40);
    // A short read is none of those that are meant.
    started.server.faults().on_read(40, Ending::Unavailable);
    raw.read(of_stream("a").count(5)).await.unwrap();
    assert_eq!(raw.read(of_stream("a")).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn cut_subscription_resumes() {
    let started = start();
    hundred(&started).await;
    started.server.faults().on_subscriptions(30, Ending::ConnectionCut, 2);
    let options = eventstore::SubscribeToStreamOptions::default()
        .start_from(eventstore::StreamPosition::Start)
        .retry_options(eventstore::RetryOptions::default());
    let mut subscription = started.client().subscribe_to_stream("a", &options).await;
    for revision in 0..100 {
        let event = within(subscription.next()).await.unwrap();
        assert_eq!(event.get_original_event().revision, revision, "no gap and no repeat");
    }
    assert_eq!(started.server.faults().waiting(), 0);
}

#[tokio::test]
async fn fault_ends_all_subscriptions() {
    for (ending, code) in [(Ending::TooSlow, Some(Code::Aborted)), (Ending::Ok, None)] {
        let started = start();
        let raw = raw(&started.server).await;
        let mut answers = raw.open(of_all().at_end().subscribe()).await.unwrap();
        within(answers.message()).await.unwrap();
        within(answers.message()).await.unwrap();
        started.server.faults().end_subscriptions(ending);
        match (within(answers.message()).await, code) {
            (Ok(None), None) => {}
            (Err(status), Some(code)) => assert_eq!(status.code(), code),
            (answer, _) => panic!("{answer:?}"),
        }
    }
}

#[tokio::test]
async fn fault_delays_answers() {
    let started = start();
    let raw = raw(&started.server).await;
    started.server.faults().delay(Duration::from_millis(50));
    let begin = Instant::now();
    append(&raw).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn stopped_server_refuses_connections_and_returns_on_its_port() {
    let mut started = start();
    let before = raw(&started.server).await;
    append(&before).await.unwrap();
    let mut subscription = before.open(of_all().at_end().subscribe()).await.unwrap();
    within(subscription.message()).await.unwrap();
    within(subscription.message()).await.unwrap();
    started.server.go_down_everywhere();
    within(subscription.message()).await.unwrap_err();
    let refused = tokio::net::TcpStream::connect(started.server.address(0)).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    started.server.listen_everywhere().unwrap();
    assert_eq!(stored(&started).await, 1);
}

#[tokio::test]
async fn restarted_server_keeps_everything() {
    let mut started = start();
    let before = raw(&started.server).await;
    for _ in 0..20 {
        append(&before).await.unwrap();
    }
    let all = before.events(of_all()).await.unwrap();
    let address = started.server.address(0);
    started.server.restart().unwrap();
    assert_eq!(started.server.address(0), address);
    let after = raw(&started.server).await.events(of_all()).await.unwrap();
    assert_eq!(after[..all.len()], all);
    client(&started.server.url()).append_to_stream("a", &Default::default(), event(0)).await.unwrap();
}

#[tokio::test]
async fn connections_that_are_cut_can_be_made_again() {
    let started = start();
    let before = raw(&started.server).await;
    append(&before).await.unwrap();
    started.server.cut_connections();
    assert_eq!(stored(&started).await, 1);
}
