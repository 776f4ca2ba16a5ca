//! Several nodes on one log.

use event_store::{
    AppendError, EventReader as _, EventStore as _, Expected, Position, StreamVersion, postgres::PostgresStore,
};
use futures::future::join_all;
use tests::postgres::Postgres;

use super::{Acknowledged, any_event, append_one, assert_exactly, follow, new_stream, run_sql, sequence_of};

/// Delays commits at random after the numbering, so that numbering without a lock would commit out of order.
pub(super) const LATE_COMMITS: &str = "
    create function log.come_late() returns trigger language plpgsql as $$
    begin
        if random() < 0.2 then perform pg_sleep(random() * 0.03); end if;
        return null;
    end
    $$;
    create constraint trigger commits_come_late after insert on log.event deferrable initially deferred
        for each row execute function log.come_late()";

async fn write(store: PostgresStore, count: usize) -> Vec<Acknowledged> {
    let stream = new_stream();
    let mut acknowledged = Vec::new();
    for _ in 0..count {
        acknowledged.push(append_one(&store, &stream).await);
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_of_eight_nodes_see_every_position_in_order_despite_late_commits() {
    const NODES: usize = 8;
    const EACH: usize = 40;
    let database = Postgres::shared().await.fresh_database().await;
    let nodes = join_all((0..NODES).map(|_| database.open())).await;
    run_sql(&database.url(), LATE_COMMITS).await;

    let followers: Vec<_> = nodes.iter().map(|node| follow(node, Position((NODES * EACH) as u64))).collect();
    let writers = nodes.iter().map(|node| tokio::spawn(write(node.clone(), EACH)));
    let written = join_all(writers).await.into_iter().flat_map(|result| result.expect("it does not panic"));

    let acknowledged: Vec<_> = written.collect();
    for follower in followers {
        assert_exactly(&sequence_of(follower).await, &acknowledged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_to_one_stream_are_all_stored() {
    const WRITERS: u64 = 32;
    const EACH: u64 = 5;
    let database = Postgres::shared().await.fresh_database().await;
    let nodes = [database.open().await, database.open().await];
    let stream = new_stream();

    let writers = (0..WRITERS).map(|writer| {
        let (node, stream) = (nodes[(writer % 2) as usize].clone(), stream.clone());
        tokio::spawn(async move {
            for _ in 0..EACH {
                node.append(&stream, Expected::Any, vec![any_event()]).await.expect("none is refused");
            }
        })
    });
    join_all(writers).await.into_iter().for_each(|result| result.expect("it does not panic"));

    let events = nodes[0].read_stream(&stream, StreamVersion::NONE, 1000).await.expect("it is there");
    let versions: Vec<u64> = events.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=WRITERS * EACH).collect::<Vec<_>>());
    assert!(events.windows(2).all(|pair| pair[1].prev_hash == pair[0].hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_of_another_node_count_at_once_for_expected_versions() {
    let database = Postgres::shared().await.fresh_database().await;
    let nodes = [database.open().await, database.open().await];
    let stream = new_stream();
    let mut version = nodes[0].append(&stream, Expected::NoStream, vec![any_event()]).await.expect("new").last_version;

    for round in 0..25 {
        let (here, there) = (&nodes[round % 2], &nodes[(round + 1) % 2]);
        for node in [here, there] {
            let answer = node.append(&stream, Expected::Exact(version), vec![any_event()]).await;
            version = answer.expect("that is its version, whoever wrote it").last_version;
        }
        let stale = StreamVersion(version.0 - 1);
        let refused = here.append(&stream, Expected::Exact(stale), vec![any_event()]).await;
        assert!(
            matches!(&refused, Err(AppendError::WrongExpectedVersion { actual, .. }) if *actual == version),
            "{refused:?}"
        );
    }
    for node in nodes {
        let refused = node.append(&stream, Expected::NoStream, vec![any_event()]).await;
        assert!(matches!(refused, Err(AppendError::WrongExpectedVersion { .. })), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_id_sent_to_two_nodes_is_stored_once() {
    let database = Postgres::shared().await.fresh_database().await;
    let (here, there) = (database.open().await, database.open().await);
    for _ in 0..20 {
        let (stream, event) = (new_stream(), any_event());
        let append = |node: &PostgresStore| {
            let (node, stream, event) = (node.clone(), stream.clone(), event.clone());
            async move { node.append(&stream, Expected::NoStream, vec![event]).await.expect("a repeat is the first") }
        };
        let (first, second) = tokio::join!(append(&here), append(&there));
        assert_eq!(first, second);
    }
    assert_eq!(here.head().await.expect("it is there"), Position(20));
}
