//! Broken networks, stopped servers, silent nodes and foreign transactions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use event_store::{
    AppendError, EventReader as _, EventStore as _, Expected, Position,
    postgres::{PostgresSettings, PostgresStore},
};
use futures::future::join_all;
use tests::postgres::{Cut, FreshDatabase, Postgres, Proxy};
use tokio::time::{Instant, sleep};

use super::{
    Acknowledged, Live, any_event, append_one, append_patiently, assert_exactly, connect, event, follow, new_stream,
    nodes::LATE_COMMITS, run_sql, sequence_of, wait_until, within,
};

#[tokio::test(flavor = "multi_thread")]
async fn long_write_transaction_in_another_database_blocks_nothing() {
    let server = Postgres::shared().await;
    let (database, foreign) = (server.fresh_database().await, server.fresh_database().await);
    let mut long = connect(&foreign.url()).await;
    let open = "begin; create schema own; create table own.row (id int); insert into own.row values (1)";
    sqlx::raw_sql(open).execute(&mut long).await.expect("the owner may");

    let (here, there) = (database.open().await, database.open().await);
    let mut events = Live::from_start(&there);
    let stream = new_stream();
    for position in 1..=5 {
        append_one(&here, &stream).await;
        assert_eq!(events.next().await, Position(position));
    }
    sqlx::raw_sql("commit").execute(&mut long).await.expect("it was open all the time");
}

const CUT_LISTENERS: &str = "select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'desk listener' and datname = current_database()";
const SOMEBODY_LISTENS: &str = "select count(*) = 2 from pg_stat_activity
     where application_name = 'desk listener' and datname = current_database() and query like 'select position%'";

#[tokio::test(flavor = "multi_thread")]
async fn cut_listen_connection_delays_events_by_one_poll_at_most() {
    let database = Postgres::shared().await.fresh_database().await;
    let (here, there) = (database.open().await, database.open().await);
    let mut events = Live::from_start(&there);
    let stream = new_stream();
    for position in 1..=60 {
        if position % 20 == 10 {
            run_sql(&database.admin_url(), CUT_LISTENERS).await;
        }
        append_one(&here, &stream).await;
        assert_eq!(events.next().await, Position(position));
    }
    wait_until(&database, "listening again", SOMEBODY_LISTENS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notify_reaches_the_other_node_before_the_poll() {
    let database = Postgres::shared().await.fresh_database().await;
    let (here, there) = (database.open().await, database.open().await);
    wait_until(&database, "listening", SOMEBODY_LISTENS).await;
    let mut events = Live::from_start(&there);
    let stream = new_stream();
    let begin = Instant::now();
    for position in 1..=20 {
        append_one(&here, &stream).await;
        assert_eq!(events.next().await, Position(position));
    }
    assert!(begin.elapsed() < Duration::from_secs(8), "20 hints took {:?}; by polling it is 20 s", begin.elapsed());
}

/// Writes to a stream of its own until told to stop, but at least so many.
async fn write_until(stopped: Arc<AtomicBool>, store: PostgresStore, at_least: usize) -> Vec<Acknowledged> {
    let stream = new_stream();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < at_least || !stopped.load(Ordering::SeqCst) {
        acknowledged.push(append_one(&store, &stream).await);
        sleep(Duration::from_millis(5)).await;
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_events_survive_server_restarts_once() {
    const WRITERS: usize = 16;
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    let nodes = [database.open().await, database.open().await];
    run_sql(&database.url(), LATE_COMMITS).await;
    let stopped = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write_until(stopped.clone(), nodes[writer % 2].clone(), 20))).collect();
    let followed_throughout = nodes.each_ref().map(|node| follow(node, Position(WRITERS as u64 * 20)));

    for _ in 0..3 {
        sleep(Duration::from_millis(400)).await;
        server.kill().await;
        sleep(Duration::from_millis(200)).await;
        server.start().await;
    }
    stopped.store(true, Ordering::SeqCst);
    let results = join_all(writers).await.into_iter().flat_map(|result| result.expect("it does not panic"));
    let acknowledged: Vec<_> = results.collect();

    for follower in followed_throughout {
        sequence_of(follower).await;
    }
    let head = nodes[0].head().await.expect("the server runs");
    assert_exactly(&sequence_of(follow(&nodes[1], head)).await, &acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_server_is_unavailable_within_seconds_and_recovers() {
    let server = Postgres::own().await;
    let store = server.fresh_database().await.open().await;
    let stream = new_stream();
    append_one(&store, &stream).await;
    server.stop().await;

    let event = any_event();
    let append = store.append(&stream, Expected::Any, vec![event.clone()]);
    let refused = within(Duration::from_secs(8), "the refusal", append).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    let again = store.append(&stream, Expected::Any, vec![event.clone()]);
    let refused = within(Duration::from_secs(1), "the next refusal", again).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    assert!(store.head().await.is_err());

    server.start().await;
    assert_eq!(append_patiently(&store, &stream, event).await.position, Position(2));
}

/// Committing an event of this type takes two seconds.
const SLOW_COMMITS: &str = "
    create function log.be_slow() returns trigger language plpgsql as $$
    begin
        if new.type = 'test.slow' then perform pg_sleep(2); end if;
        return null;
    end
    $$;
    create constraint trigger commits_are_slow after insert on log.event deferrable initially deferred
        for each row execute function log.be_slow()";
const A_COMMIT_IS_UNDER_WAY: &str = "select exists (select 1 from pg_stat_activity
     where application_name = 'desk sequencer' and datname = current_database() and wait_event = 'PgSleep')";
const KILL_IT: &str = "select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'desk sequencer' and datname = current_database() and wait_event = 'PgSleep'";

#[tokio::test(flavor = "multi_thread")]
async fn connection_lost_before_commit_leaves_no_gap() {
    let database = Postgres::shared().await.fresh_database().await;
    let (slow, other) = (database.open().await, database.open().await);
    run_sql(&database.url(), SLOW_COMMITS).await;
    let follower = follow(&other, Position(2));

    let interrupted = tokio::spawn(async move { append_patiently(&slow, &new_stream(), event("test.slow")).await });
    wait_until(&database, "the slow commit", A_COMMIT_IS_UNDER_WAY).await;
    let waiting = tokio::spawn(async move { append_one(&other, &new_stream()).await });
    run_sql(&database.admin_url(), KILL_IT).await;

    let acknowledged = [interrupted.await.expect("it does not panic"), waiting.await.expect("it does not panic")];
    assert_exactly(&sequence_of(follower).await, &acknowledged);
}

/// A node whose connections go through a proxy, with one role for everything.
async fn node_behind(proxy: &Proxy, database: &FreshDatabase) -> PostgresStore {
    let url = proxy.through(&database.app_url(), database.server().port());
    PostgresStore::open(PostgresSettings::new(url)).await.expect("the proxy passes")
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_commit_answer_is_resolved() {
    let database = Postgres::shared().await.fresh_database().await;
    let other = database.open().await;
    let proxy = Proxy::start(database.server().port(), "; commit", Cut::Close).await;
    let node = node_behind(&proxy, &database).await;
    let stream = new_stream();

    let mut acknowledged = vec![append_one(&node, &stream).await];
    for _ in 0..5 {
        proxy.arm();
        acknowledged.push(append_one(&node, &stream).await);
        assert!(proxy.has_cut());
    }
    assert_exactly(&sequence_of(follow(&other, Position(6))).await, &acknowledged);
    assert_eq!(other.head().await.expect("it is there"), Position(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_node_holding_the_head_blocks_others_for_seconds_only() {
    let database = Postgres::shared().await.fresh_database().await;
    let other = database.open().await;
    let proxy = Proxy::start(database.server().port(), "for update", Cut::Freeze).await;
    let node = node_behind(&proxy, &database).await;
    append_one(&node, &new_stream()).await;
    proxy.arm();
    let silent = tokio::spawn(async move { append_one(&node, &new_stream()).await });
    while !proxy.has_cut() {
        sleep(Duration::from_millis(5)).await;
    }

    let stream = new_stream();
    let append = other.append(&stream, Expected::NoStream, vec![any_event()]);
    let appended = within(Duration::from_secs(5), "the other node's append", append).await.expect("it waits its turn");
    assert_eq!(appended.last_position, Position(2));
    assert_eq!(silent.await.expect("it does not panic").position, Position(3));
}
