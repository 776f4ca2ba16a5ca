//! Three nodes over the same events, with one leader at a time.

use event_store::{AppendError, EventReader as _, EventStore as _, Expected, Position, StreamVersion};
use futures::{StreamExt as _, future::join_all};
use tokio::time::timeout;

use super::*;

/// What the leader writes is shown a while later, when a majority would have it.
const MAJORITY: Duration = Duration::from_millis(200);

fn three() -> Fixture {
    Fixture::with(Options { nodes: 3, visible_after: MAJORITY, ..Options::default() })
}

/// Retries until it succeeds, as commands do while the leader changes.
async fn append_patiently(log: &KurrentLog, stream: &StreamName, event: SealedEvent) {
    let tries = async {
        while let Err(error) = log.append(stream, Expected::Any, vec![event.clone()]).await {
            assert!(matches!(error, AppendError::Unavailable(_)), "{error}");
        }
    };
    timeout(PATIENCE, tries).await.unwrap();
}

async fn follows_the_leader(log: &KurrentLog, fixture: &Fixture) {
    let stream = new_stream();
    let mut subscription = log.subscribe(log.head().await.unwrap());
    let mut ids = Vec::new();
    for leader in [0, 1, 2, 0, 1] {
        fixture.server().lead(Some(leader));
        for event in events(3) {
            ids.push(event.event_id);
            append_patiently(log, &stream, event).await;
        }
        assert_eq!(log.read_stream(&stream, StreamVersion::NONE, 100).await.unwrap().len(), ids.len());
    }
    for id in ids {
        let given = timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(given.event.event_id, id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leader_is_discovered() {
    let fixture = three();
    follows_the_leader(&*fixture.log().await, &fixture).await;
}

/// The URL names one node, which redirects to the leader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirect_to_the_leader_is_followed() {
    let fixture = three();
    let url = fixture.server().url_of(0);
    fixture.server().lead(Some(2));
    let log = KurrentLog::open(KurrentSettings::parse(&url).unwrap()).await.unwrap();
    follows_the_leader(&log, &fixture).await;
}

/// The client prefers the node that worked before; here it has to find another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_node_is_replaced_by_another() {
    let fixture = three();
    let (log, stream) = (fixture.log().await, new_stream());
    append_patiently(&log, &stream, sealed_event()).await;
    let mut subscription = log.subscribe(Position::START);
    for (dead, leader) in [(0, 1), (1, 2), (2, 0)] {
        {
            let mut server = fixture.server();
            server.go_down(dead);
            server.lead(Some(leader));
        }
        append_patiently(&log, &stream, sealed_event()).await;
        fixture.server().come_back(dead).unwrap();
    }
    let all = log.read_stream(&stream, StreamVersion::NONE, 10).await.unwrap();
    assert_eq!(all.len(), 4);
    for event in all {
        assert_eq!(timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap(), event);
    }
}

/// A lagging follower lacks the newest events, so no decision uses it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_events_are_read_despite_a_lagging_follower() {
    let fixture = three();
    let (log, stream) = (fixture.log().await, new_stream());
    {
        let server = fixture.server();
        server.lead(Some(1));
        server.hold(0);
        server.hold(2);
    }
    for n in 1..=10 {
        let event = sealed_event();
        let id = event.event_id;
        append_patiently(&log, &stream, event).await;
        assert_eq!(log.read_stream(&stream, StreamVersion::NONE, 100).await.unwrap().len(), n);
        assert!(log.find(&stream, id).await.unwrap().is_some());
        assert_eq!(log.read_all(Position::START, 100).await.unwrap().len(), n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_is_unavailable_without_a_leader_and_recovers() {
    let fixture = three();
    let (log, stream) = (fixture.log().await, new_stream());
    append_patiently(&log, &stream, sealed_event()).await;
    fixture.server().lead(None);
    let answer = timeout(PATIENCE, log.append(&stream, Expected::Any, events(1))).await.unwrap();
    assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
    fixture.server().lead(Some(1));
    append_patiently(&log, &stream, sealed_event()).await;
    assert_eq!(log.read_stream(&stream, StreamVersion::NONE, 10).await.unwrap().len(), 2);
}

/// `desk-replay` may read from a follower.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_uses_the_preferred_node() {
    let fixture = three();
    let (log, stream) = (fixture.log().await, new_stream());
    append_patiently(&log, &stream, sealed_event()).await;
    let url = format!("{}&nodePreference=follower", fixture.server().url());
    {
        let server = fixture.server();
        server.hold(1);
        server.hold(2);
    }
    append_patiently(&log, &stream, sealed_event()).await;
    let reader = KurrentLog::open_reader(KurrentSettings::parse(&url).unwrap()).await.unwrap();
    assert_eq!(reader.read_all(Position::START, 10).await.unwrap().len(), 1, "the follower knows of one only");
    {
        let server = fixture.server();
        server.release(1);
        server.release(2);
    }
    assert_eq!(reader.read_all(Position::START, 10).await.unwrap().len(), 2);
}

/// As of a token that is good once, shown to two nodes at the same time. The one that is refused cannot read who was first yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_claim_names_its_holder_before_a_majority_has_it() {
    let fixture = three();
    let logs = [fixture.log().await, fixture.log().await, fixture.log().await];
    for _ in 0..5 {
        let id = Uuid::new_v4();
        let claims = logs.iter().map(|log| {
            let (log, stream) = (log.clone(), new_stream());
            tokio::spawn(async move { log.reserve(id, &stream).await })
        });
        let claims: Vec<_> = timeout(PATIENCE, join_all(claims)).await.unwrap();
        let holders: Vec<StreamName> = claims.into_iter().map(|claim| claim.unwrap().unwrap()).collect();
        assert!(holders.iter().all(|holder| *holder == holders[0]), "{holders:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_append_is_a_conflict_before_a_majority_has_its_rival() {
    let fixture = three();
    let logs = [fixture.log().await, fixture.log().await, fixture.log().await];
    for _ in 0..5 {
        let stream = new_stream();
        let appends = logs.iter().map(|log| {
            let (log, stream) = (log.clone(), stream.clone());
            tokio::spawn(async move { log.append(&stream, Expected::NoStream, events(1)).await })
        });
        let appends = timeout(PATIENCE, join_all(appends)).await.unwrap();
        let appends: Vec<_> = appends.into_iter().map(|append| append.unwrap()).collect();
        let refused = |answer: &&Result<_, _>| matches!(answer, Err(AppendError::WrongExpectedVersion { .. }));
        let counts = (appends.iter().filter(|answer| answer.is_ok()).count(), appends.iter().filter(refused).count());
        assert_eq!(counts, (1, 2), "{appends:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_starts_at_the_same_time_agree_before_a_majority_has_the_identity() {
    let fixture = three();
    let settings = fixture.settings();
    let opened = join_all((0..4).map(|_| {
        let settings = settings.clone();
        tokio::spawn(async move { KurrentLog::open(settings).await.unwrap().identity().await.unwrap() })
    }));
    let identities: Vec<_> = timeout(PATIENCE, opened).await.unwrap().into_iter().map(Result::unwrap).collect();
    assert!(identities.iter().all(|identity| *identity == identities[0]), "{identities:?}");
}
