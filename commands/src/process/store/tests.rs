//! What the store promises of itself: it finds by indexes, keeps what the program before has left, and knows who may write.

use std::collections::BTreeMap;

use domain::Incarnation;
use event_store::{
    EventReader as _, Position, StreamName,
    migration::{SQLITE_POLICY, migrate_policy},
    sql::{Access, Database},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::migrate::Migrator;
use uuid::Uuid;

use super::{Commit, Outcome, ProcessStore, StoreError, outbox, sign_of_life, timer, workspace};
use crate::{
    node::Node,
    process::{
        Item, Timer,
        fixture::{Fixture, ONE_OF_EACH, OneOfEach},
    },
};

fn stream(n: u128) -> StreamName {
    StreamName::of("session", Uuid::from_u128(n))
}

fn timer_at(n: u128, due: Timestamp, life: Option<Incarnation>) -> Timer {
    Timer { stream: stream(n), key: "k".to_owned(), due, payload: json!({"n": 1}), life }
}

fn all_set(timers: Vec<Timer>) -> Commit {
    let timers = timers.into_iter().map(|timer| ((timer.stream.clone(), timer.key.clone()), Some(timer))).collect();
    Commit { timers, ..Commit::default() }
}

async fn plan(database: &Database, sql: &str) -> String {
    let nulls = [None::<&str>.into(), None::<&str>.into(), None::<&str>.into()];
    let values = &nulls[..(1..=3).filter(|n| sql.contains(&format!("${n}"))).count()];
    let rows = database.fetch(&format!("explain query plan {sql}"), values).await.expect("the statement is right");
    rows.iter().map(|row| row.text(3).expect("a step")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_due_is_found_by_indexes() {
    let fixture = Fixture::new().await;
    let cancel = timer::cancel_sql(8);
    let cases = [
        (timer::DUE, "timer_due"),
        (timer::NEXT_DUE, "timer_due"),
        (timer::OF_LIFE, "timer_life"),
        (timer::LIVES, "timer_life"),
        (outbox::DUE, "outbox_due"),
        (sign_of_life::LOST, "sign_of_life_seen"),
        (sign_of_life::SESSIONS_OF, "state_of_agent"),
        (workspace::OF_AGENT, "workspace_of_agent"),
        (workspace::OLD, "workspace_updated"),
        (workspace::OF_KEY, "workspace_key"),
    ];
    for (sql, index) in cases {
        let plan = plan(&fixture.database, sql).await;
        assert!(
            plan.contains(index) && !plan.contains("SCAN timer\n") && !plan.contains("SCAN outbox"),
            "{sql}\n{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{sql} sorts\n{plan}");
    }
    let nulls: Vec<_> = (0..17).map(|_| None::<&str>.into()).collect();
    let rows = fixture.database.fetch(&format!("explain query plan {cancel}"), &nulls).await.expect("it is right");
    let steps: Vec<String> = rows.iter().map(|row| row.text(3).expect("a step")).collect();
    assert!(steps.iter().all(|step| !step.starts_with("SCAN")), "{steps:?}");
}

#[tokio::test]
async fn due_timers_come_in_the_order_of_their_times_and_abandoned_ones_by_their_life() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let (store, living) = (&context.store, context.node.incarnation);
    let lease = store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    let log = fixture.memory.identity().await.expect("answers");
    let now = Timestamp::from_second(1_800_000_000).expect("a time");
    let dead = Incarnation(Uuid::from_u128(0xdead));
    // More than one statement takes.
    let mut timers: Vec<Timer> =
        (0..150).map(|n| timer_at(n, now + SignedDuration::from_millis(150 - n as i64), None)).collect();
    timers.push(timer_at(1000, now + SignedDuration::from_hours(1), Some(living)));
    timers.push(timer_at(1001, now + SignedDuration::from_hours(1), Some(dead)));
    store.commit(&lease, &log, now, &all_set(timers.clone())).await.expect("it is written");

    assert_eq!(store.next_due(ONE_OF_EACH).await.expect("answers"), Some(now + SignedDuration::from_millis(1)));
    assert_eq!(store.due_timers(ONE_OF_EACH, now, 10).await.expect("answers"), []);
    let due = store.due_timers(ONE_OF_EACH, now + SignedDuration::from_millis(3), 10).await.expect("answers");
    assert_eq!(due, [timers[149].clone(), timers[148].clone(), timers[147].clone()]);
    assert_eq!(due[0].cause(), timers[149].cause(), "the cause survives the database");
    let lives = store.lives(ONE_OF_EACH).await.expect("answers");
    let is_over: BTreeMap<_, _> = lives.iter().map(|life| (life.incarnation, life.is_over)).collect();
    assert_eq!(is_over, BTreeMap::from([(living, false), (dead, true)]));
    assert_eq!(store.timers_of(ONE_OF_EACH, dead, 10).await.expect("answers"), [timers[151].clone()]);
    assert_eq!(store.lives("another").await.expect("answers"), []);

    let gone = timers.iter().map(|timer| ((timer.stream.clone(), timer.key.clone()), None)).collect();
    let commit = Commit { timers: gone, ..Commit::default() };
    store.commit(&lease, &log, now, &commit).await.expect("it is written");
    assert_eq!(fixture.count("select count(*) from timer").await, 0);
}

#[tokio::test]
async fn a_lease_is_one_holders_until_it_is_given_up_or_runs_out_or_its_node_is_dead() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.node("a").await, fixture.node("b").await);
    let store = &a.store;
    let acquire = async |node: &Node| store.acquire("l", node).await.expect("answers");
    let first = acquire(&a.node).await.expect("it is free");
    assert!(acquire(&b.node).await.is_none());
    assert!(store.renew(&first).await.expect("answers"));
    store.release(&first).await.expect("answers");
    let second = acquire(&b.node).await.expect("it was given up");
    assert!(!store.renew(&first).await.expect("answers"));
    store.release(&first).await.expect("answers");
    assert!(acquire(&a.node).await.is_none(), "who lost a lease cannot give it up");
    fixture.expire_leases().await;
    acquire(&a.node).await.expect("it ran out");
    assert!(!store.renew(&second).await.expect("answers"));
    fixture.execute("update node set heartbeat_at = heartbeat_at - 11 where id = 'a'").await;
    acquire(&b.node).await.expect("its holder's heartbeat is stale");
}

#[tokio::test]
async fn an_item_waits_since_it_was_put_there_whatever_attempts_it_has_had() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let (store, log) = (&context.store, fixture.memory.identity().await.expect("answers"));
    let lease = store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    let at = |second| Timestamp::from_second(second).expect("a time");
    for (key, second) in [("first", 100), ("second", 200)] {
        let item = Item { key: key.to_owned(), kind: "mail".to_owned(), payload: json!({}) };
        let commit = Commit { items: vec![item], ..Commit::default() };
        store.commit(&lease, &log, at(second), &commit).await.expect("it is written");
    }
    let oldest = async || store.oldest_items().await.expect("answers");
    assert_eq!(oldest().await, BTreeMap::from([("mail".to_owned(), at(100))]));
    let due = store.due_items(at(100), 10).await.expect("answers");
    store.begin_attempt(&lease, &due[0], at(5000)).await.expect("it is written");
    assert_eq!(oldest().await["mail"], at(100), "it is tried again later, and has waited all the time");
    store.end_attempt(&lease, &due[0], at(300), &Outcome::Delivered).await.expect("it is written");
    assert_eq!(oldest().await["mail"], at(200));
}

#[tokio::test]
async fn leases_that_are_held_are_those_of_this_life_that_have_not_run_out() {
    let fixture = Fixture::new().await;
    let (a, b) = (fixture.node("a").await, fixture.node("b").await);
    let held = async |node: &Node| a.store.held_leases(node).await.expect("answers");
    a.store.acquire("l", &a.node).await.expect("answers").expect("it is free");
    assert_eq!((held(&a.node).await, held(&b.node).await), (vec!["l".to_owned()], Vec::new()));
    fixture.expire_leases().await;
    assert_eq!(held(&a.node).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_nodes_next_life_need_not_wait_for_the_leases_of_the_life_before() {
    let fixture = Fixture::new().await;
    let killed = fixture.node("a").await;
    killed.store.acquire("l", &killed.node).await.expect("answers").expect("it is free");
    let other = fixture.node("b").await;
    assert!(other.store.acquire("l", &other.node).await.expect("answers").is_none(), "another node waits");
    let next = fixture.node("a").await;
    assert!(next.store.acquire("l", &next.node).await.expect("answers").is_some());
}

#[tokio::test]
async fn a_stale_epoch_writes_nothing_even_when_the_same_life_has_the_lease_again() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let (store, log) = (&context.store, fixture.memory.identity().await.expect("answers"));
    let earlier = store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    let current = store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("its own");
    let commit = all_set(vec![timer_at(1, Timestamp::UNIX_EPOCH, None)]);
    let refused = store.commit(&earlier, &log, Timestamp::UNIX_EPOCH, &commit).await;
    assert!(matches!(&refused, Err(StoreError::Fenced { name }) if name == ONE_OF_EACH), "{refused:?}");
    assert_eq!(fixture.count("select count(*) from timer").await, 0);
    store.commit(&current, &log, Timestamp::UNIX_EPOCH, &commit).await.expect("it is written");
    assert_eq!(fixture.count("select count(*) from timer").await, 1);
}

#[tokio::test]
async fn one_that_is_new_to_a_log_begins_where_it_says() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    fixture.message(&context, 1).await;
    let lease = context.store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    let cursor = context.store.begin(&lease, &OneOfEach, &fixture.memory).await.expect("begins");
    assert_eq!((cursor.position, cursor.history_until), (Position::START, Some(fixture.head().await)));
    assert_eq!(context.store.begin(&lease, &OneOfEach, &fixture.memory).await.expect("begins"), cursor);
}

/// What the program before has kept goes on: cursor, open work, the lease's holder.
#[tokio::test]
async fn a_store_of_the_program_before_is_migrated_with_nothing_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.expect("opens");
    let Database::Sqlite { writer, .. } = &database else { panic!("it is a file") };
    let before = SQLITE_POLICY.iter().take(2).cloned().collect();
    Migrator::with_migrations(before).run(writer).await.expect("migrates");
    let (life, node) = (Incarnation(Uuid::from_u128(7)), Node::new("a"));
    let mut tx = database.begin().await.expect("answers");
    for sql in [
        "insert into checkpoint values ('assistant_run', 0, x'00000000000000000000000000000001', 1, zeroblob(32))"
            .to_owned(),
        format!(
            "insert into timer values ('assistant_run', '{}', 'assistant_run', 1700000000.25, '{}')",
            stream(1).as_str(),
            life.0
        ),
        format!(
            "insert into timer values ('assistant_run', '{}', 'assistant_run', 1700000001, 'nonsense')",
            stream(2).as_str()
        ),
        "insert into lease values ('assistant_run', x'00', 0)".to_owned(),
        "insert into sign_in_failure values (x'00', 1, 0)".to_owned(),
    ] {
        tx.execute(&sql, &[]).await.expect("the statement is right");
    }
    tx.commit().await.expect("answers");

    migrate_policy(&database).await.expect("migrates");
    let (store, memory) = (ProcessStore::new(database), event_store::memory::MemoryStore::new(Uuid::from_u128(1)));
    let cursor = store.cursor("assistant_run", &memory).await.expect("answers").expect("it is there");
    assert_eq!((cursor.position, cursor.history_until), (Position::START, None));
    let timers = store.due_timers("assistant_run", Timestamp::now(), 10).await.expect("answers");
    let due = Timestamp::from_millisecond(1_700_000_000_250).expect("a time");
    let kept = Timer { stream: stream(1), key: "assistant_run".to_owned(), due, payload: json!({}), life: Some(life) };
    assert_eq!((&timers[0], timers[1].life), (&kept, None));
    assert_eq!(store.timers_of("assistant_run", life, 10).await.expect("answers"), [kept]);
    assert!(store.acquire("assistant_run", &node).await.expect("answers").is_some());
}
