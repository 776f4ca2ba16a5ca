//! Appends with a lost outcome: the answer matches what is stored, and events are stored once.

use std::collections::HashSet;

use event_store::{AppendError, EventReader as _, EventStore as _, Expected, Position, StreamVersion, hash::is_intact};
use futures::{StreamExt as _, future::join_all};
use protocol_server::{AppendFault, Ending};

use super::*;

const FAULTS: [AppendFault; 8] = [
    AppendFault::StoredNeverAnswered,
    AppendFault::StoredTimedOut,
    AppendFault::StoredDeadlineExceeded,
    AppendFault::StoredUnavailable,
    AppendFault::StoredConnectionCut,
    AppendFault::LostTimedOut,
    AppendFault::LostTooBusy,
    AppendFault::LostConnectionCut,
];

const WAYS: [Expected; 2] = [Expected::NoStream, Expected::Any];

/// Every event once, streams without a gap, intact hashes.
async fn all_once(log: &KurrentLog, wanted: usize) {
    let all = log.read_all(Position::START, 10_000).await.unwrap();
    let ids: HashSet<Uuid> = all.iter().map(|event| event.event.event_id).collect();
    assert_eq!((all.len(), ids.len()), (wanted, wanted));
    assert!(all.iter().all(|event| is_intact(event)));
    let report = event_store::verify::verify(log, |_| ()).await.unwrap();
    assert_eq!((report.events, report.first_flaw), (wanted as u64, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_append_answer_is_resolved_by_reading_back() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    let mut stored = 0;
    for fault in FAULTS {
        for expected in WAYS {
            let (stream, events) = (new_stream(), events(3));
            fixture.server().faults().on_append(fault);
            let answer = log.append(&stream, expected, events.clone()).await;
            let answer = answer.unwrap_or_else(|error| panic!("{fault:?}, {expected:?}: {error}"));
            stored += 3;
            assert_eq!(fixture.server().faults().waiting(), 0, "{fault:?} did not happen");
            let there = log.read_stream(&stream, StreamVersion::NONE, 10).await.unwrap();
            let contents: Vec<_> = there.iter().map(|recorded| recorded.event.clone()).collect();
            assert_eq!(contents, events, "{fault:?}, {expected:?}");
            assert_eq!((answer.last_version, answer.last_position), (StreamVersion(3), there[2].position));
            let again = log.append(&stream, expected, events).await.unwrap();
            assert_eq!(again, answer, "{fault:?}, {expected:?}");
        }
    }
    all_once(&log, stored).await;
}

/// The event found at the expected version is the own one, stored by the append whose answer was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_event_is_not_mistaken_for_a_conflict() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    let stream = new_stream();
    log.append(&stream, Expected::NoStream, events(1)).await.unwrap();
    for (n, fault) in FAULTS.into_iter().enumerate() {
        let version = StreamVersion(n as u64 + 1);
        fixture.server().faults().on_append(fault);
        let answer = log.append(&stream, Expected::Exact(version), events(1)).await;
        assert_eq!(answer.unwrap_or_else(|error| panic!("{fault:?}: {error}")).last_version, version.next());
    }
    all_once(&log, 1 + FAULTS.len()).await;
}

/// Twice in a row, and with the connection for reading back cut as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_read_back_reports_unavailable() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    let stream = new_stream();
    for fault in [AppendFault::StoredTimedOut, AppendFault::LostTimedOut] {
        for ending in [Ending::ConnectionCut, Ending::Ok, Ending::Unavailable, Ending::TooSlow] {
            {
                let server = fixture.server();
                server.faults().on_appends("", fault, 2);
                server.faults().on_reads(0, ending, 2);
            }
            log.append(&stream, Expected::Any, events(1)).await.unwrap();
            fixture.server().faults().clear();
        }
    }
    all_once(&log, 8).await;
}

/// The server reports success for an id that it has at that version, whatever the content.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn success_for_other_content_is_refused() {
    let fixture = Fixture::new();
    let (here, there) = (fixture.log().await, fixture.log().await);
    let (stream, first) = (new_stream(), sealed_event());
    here.append(&stream, Expected::NoStream, vec![first.clone()]).await.unwrap();
    let other = SealedEvent { data: "{\"other\":true}".into(), ..first.clone() };
    // This node does not know the stream yet, and appends at its start.
    match there.append(&stream, Expected::NoStream, vec![other]).await {
        Err(AppendError::DifferentContent { event_id, stored }) => {
            assert_eq!((event_id, stored.event), (first.event_id, first));
        }
        other => panic!("answered {other:?}"),
    }
    all_once(&here, 1).await;
}

/// KurrentDB stores an older id of a stream again; the adapter treats it as a repeat on every node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_event_id_is_found_on_every_node() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    let (stream, all) = (new_stream(), events(1500));
    let mut answers = Vec::new();
    for event in all.chunks(150) {
        answers.push(log.append(&stream, Expected::Any, event.to_vec()).await.unwrap());
    }
    let other = fixture.log().await;
    for expected in [Expected::Any, Expected::Exact(StreamVersion(1500)), Expected::NoStream] {
        for place in [0, 4, 9] {
            let again = other.append(&stream, expected, all[place * 150..(place + 1) * 150].to_vec()).await.unwrap();
            assert_eq!(again, answers[place], "{expected:?}");
        }
    }
    all_once(&log, 1500).await;
}

/// A node's memory of a stream may be incomplete.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn append_continues_after_another_nodes_events() {
    let fixture = Fixture::new();
    let (here, there) = (fixture.log().await, fixture.log().await);
    let stream = new_stream();
    here.append(&stream, Expected::NoStream, events(1)).await.unwrap();
    for round in 0..6 {
        there.append(&stream, Expected::Exact(StreamVersion(1 + round * 200)), events(200)).await.unwrap();
    }
    let answer = here.append(&stream, Expected::Exact(StreamVersion(1201)), events(1)).await.unwrap();
    assert_eq!(answer.last_version, StreamVersion(1202));
    all_once(&here, 1202).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_another_node_are_found() {
    let fixture = Fixture::new();
    let (here, there) = (fixture.log().await, fixture.log().await);
    let (stream, events) = (new_stream(), events(2));
    here.append(&stream, Expected::NoStream, events[..1].to_vec()).await.unwrap();
    there.append(&stream, Expected::Any, events[1..].to_vec()).await.unwrap();
    let found = here.find(&stream, events[1].event_id).await.unwrap();
    assert_eq!(found.map(|found| found.event.clone()).as_ref(), Some(&events[1]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_append_still_completes() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    fixture.server().faults().on_append(AppendFault::LostTimedOut);
    let stream = new_stream();
    let append = log.append(&stream, Expected::NoStream, events(1));
    let gone_away = tokio::time::timeout(Duration::from_millis(1), append).await;
    assert!(gone_away.is_err(), "it was answered before anybody could go away");
    let mut subscription = log.subscribe(Position::START);
    let event = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("it is stored").unwrap().unwrap();
    assert_eq!(event.stream, stream);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_nodes_append_to_one_stream_without_loss_or_duplicate() {
    let fixture = Fixture::new();
    let nodes = join_all((0..4).map(|_| fixture.log())).await;
    let stream = new_stream();
    let writers = nodes.iter().flat_map(|node| (0..4).map(move |_| node.clone())).map(|node| {
        let stream = stream.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                let event = sealed_event();
                // Others may overtake it for longer than its timeout; a repeat is safe.
                while let Err(error) = node.append(&stream, Expected::Any, vec![event.clone()]).await {
                    assert!(matches!(error, AppendError::Unavailable(_)), "{error}");
                }
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    all_once(&nodes[0], 160).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_exact_appends_have_one_winner_per_version() {
    let fixture = Fixture::new();
    let nodes = join_all((0..4).map(|_| fixture.log())).await;
    let stream = new_stream();
    for version in 0..8 {
        let fault = FAULTS[version % FAULTS.len()];
        fixture.server().faults().on_append(fault);
        let expected = Expected::Exact(StreamVersion(version as u64));
        let answers = join_all(nodes.iter().map(|node| node.append(&stream, expected, events(1)))).await;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        let lost = |answer: &&Result<_, AppendError>| matches!(answer, Err(AppendError::WrongExpectedVersion { .. }));
        assert_eq!((won, answers.iter().filter(lost).count()), (1, 3), "{fault:?}: {answers:?}");
        fixture.server().faults().clear();
    }
    all_once(&nodes[0], 8).await;
}
