//! Statements that the database itself refuses, from the app role and from the owner.

use event_store::StreamVersion;
use sqlx::{AssertSqlSafe, PgConnection};
use tests::postgres::{FreshDatabase, Postgres};

use super::{EventReader as _, append_one, connect, new_stream};

/// Class 23: our triggers and the keys; 42501: the role lacks the right.
const REFUSED: [&str; 4] = ["23000", "23505", "23514", "42501"];

const CHANGES: [&str; 12] = [
    "update log.event set data = '{}' where position = 1",
    "update log.event set data = data",
    "delete from log.event where position = 3",
    "delete from log.event where false",
    "truncate log.event",
    "truncate log.event, log.head, log.identity",
    "insert into log.event select * from log.event where position = 1 on conflict (position) do update set data = '{}'",
    "delete from log.identity",
    "update log.identity set log_id = decode(repeat('ab', 16), 'hex')",
    "delete from log.head",
    "update log.head set position = position + 1",
    "update log.head set position = 1",
];

const DISARMINGS: [&str; 7] = [
    "drop trigger event_is_never_changed on log.event",
    "alter table log.event disable trigger all",
    "create or replace function log.refuse() returns trigger language plpgsql as 'begin return new; end'",
    "drop table log.event cascade",
    "alter table log.event add column more text",
    "set session_replication_role = replica",
    "update log._sqlx_migrations set version = 0",
];

/// The error code of the statement; fails if the statement succeeds.
pub(super) async fn refusal_code(connection: &mut PgConnection, sql: &str) -> String {
    let result = sqlx::raw_sql(AssertSqlSafe(format!("begin; {sql}"))).execute(&mut *connection).await;
    sqlx::raw_sql("rollback").execute(connection).await.expect("the connection lives");
    let error = result.err().unwrap_or_else(|| panic!("not refused: {sql}"));
    error.as_database_error().and_then(|error| error.code()).expect("the database said it").into_owned()
}

/// A log with three events of one stream.
async fn three_events() -> FreshDatabase {
    let database = Postgres::shared().await.fresh_database().await;
    let store = database.open().await;
    let stream = new_stream();
    for _ in 0..3 {
        append_one(&store, &stream).await;
    }
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn update_delete_and_truncate_are_refused() {
    let database = three_events().await;
    for url in [database.app_url(), database.url()] {
        let mut connection = connect(&url).await;
        for sql in CHANGES {
            let code = refusal_code(&mut connection, sql).await;
            assert!(REFUSED.contains(&&*code), "{code} for {sql} at {url}");
        }
    }
    let store = database.open().await;
    assert_eq!(store.head().await.expect("it is there").0, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn app_role_cannot_disable_the_triggers() {
    let database = three_events().await;
    let mut app = connect(&database.app_url()).await;
    for sql in DISARMINGS {
        assert_eq!(refusal_code(&mut app, sql).await, "42501", "{sql}");
    }
}

/// Inserts a copy of event 3 as an event of its own, with this position, version, previous hash and stream (SQL).
fn insert_by_hand(position: &str, version: &str, prev_hash: &str, stream: &str) -> String {
    format!(
        "insert into log.event select {position}, {stream}, {version}, decode(md5(random()::text), 'hex'), type, schema,
             recorded_at, actor, subject, key_id, correlation_id, causation_id, data, personal, {prev_hash}, hash
         from log.event where position = 3"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn insert_at_another_position_or_version_is_refused() {
    const ZEROS: &str = "decode(repeat('00', 32), 'hex')";
    let database = three_events().await;
    for url in [database.app_url(), database.url()] {
        let mut connection = connect(&url).await;
        for (what, sql) in [
            ("a hole in the log", insert_by_hand("5", "4", "hash", "stream")),
            ("a taken position", insert_by_hand("3", "4", "hash", "stream")),
            ("before the log", insert_by_hand("0", "4", "hash", "stream")),
            ("a hole in the stream", insert_by_hand("4", "5", "hash", "stream")),
            ("a taken version", insert_by_hand("4", "3", "prev_hash", "stream")),
            ("a new stream that begins late", insert_by_hand("4", "2", ZEROS, "'session-new'")),
            ("another chain", insert_by_hand("4", "4", "prev_hash", "stream")),
            ("a new stream with a past", insert_by_hand("4", "1", "hash", "'session-new'")),
        ] {
            let code = refusal_code(&mut connection, &sql).await;
            assert!(REFUSED.contains(&&*code), "{code} for {what} at {url}");
        }
        for right in [insert_by_hand("4", "4", "hash", "stream"), insert_by_hand("4", "1", ZEROS, "'session-new'")] {
            sqlx::raw_sql(AssertSqlSafe(format!("begin; {right}; rollback"))).execute(&mut connection).await.expect(
                "the same insert is taken when everything is right, so the others were refused for what is wrong in them",
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn manual_insert_at_the_head_does_not_disturb_the_nodes() {
    let database = Postgres::shared().await.fresh_database().await;
    let store = database.open().await;
    let stream = new_stream();
    for _ in 0..3 {
        append_one(&store, &stream).await;
    }
    let by_hand = insert_by_hand("4", "4", "hash", "stream");
    sqlx::raw_sql(AssertSqlSafe(by_hand)).execute(&mut connect(&database.url()).await).await.expect("it goes on");

    assert_eq!(append_one(&store, &stream).await.position.0, 5);
    let events = store.read_stream(&stream, StreamVersion::NONE, 10).await.expect("it is there");
    assert_eq!(events.len(), 5);
    assert_eq!(events[4].prev_hash, events[3].hash);
}
