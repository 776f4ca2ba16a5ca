//! Promises of the SQLite adapter alone: triggers, files of a newer version, readers in other processes, full disks.

mod full_disk;

use std::{path::Path, sync::Arc};

use event_store::{
    AppendError, EventReader, EventStore, Expected, Position, ReadError, StreamName, StreamVersion,
    migration::MigrationError, sqlite::SqliteStore, verify::verify,
};
use futures::StreamExt;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use testkit::sealed_event;

fn stream() -> StreamName {
    StreamName::parse("session-one").unwrap()
}

async fn append(store: &SqliteStore, count: usize) {
    for _ in 0..count {
        store.append(&stream(), Expected::Any, vec![sealed_event()]).await.unwrap();
    }
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

/// A log of three events, and a connection past the adapter.
struct Hand {
    store: SqliteStore,
    raw: SqliteConnection,
    folder: TempDir,
}

impl Hand {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let store = SqliteStore::open(&path).await.unwrap();
        append(&store, 3).await;
        Self { store, raw: raw(&path).await, folder }
    }

    /// This trigger refuses the statement, and the log is unchanged.
    async fn is_refused(&mut self, sql: &str, guard: &str) {
        let before = self.store.read_all(Position::START, 100).await.unwrap();
        let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.raw).await.expect_err(sql);
        let database = error.as_database_error().unwrap();
        assert_eq!(database.message(), guard, "{sql}");
        assert_eq!(database.code().as_deref(), Some("1811"), "stopped by something else than a trigger: {sql}");
        let after = self.store.read_all(Position::START, 100).await.unwrap();
        assert_eq!(after, before, "{sql}");
        assert_eq!(verify(&self.store, |_| {}).await.unwrap().first_flaw, None, "{sql}");
    }

    /// The log still accepts appends through the adapter.
    async fn goes_on(&self) {
        let head = self.store.head().await.unwrap();
        append(&self.store, 1).await;
        assert_eq!(self.store.head().await.unwrap(), head.next());
        assert_eq!(verify(&self.store, |_| {}).await.unwrap().first_flaw, None);
    }
}

/// An insert of a copy of the last row with some columns changed.
fn insert(how: &str, position: &str, version: &str, event_id: &str) -> String {
    format!(
        "{how} into event select {position}, stream, {version}, {event_id}, type, schema, recorded_at, actor, subject, key_id, \
         correlation_id, causation_id, data, personal, prev_hash, hash from event where position = 3"
    )
}

#[tokio::test]
async fn updating_an_event_is_refused() {
    let mut hand = Hand::new().await;
    let guard = "events are never changed";
    for sql in [
        "update event set data = '[]' where position = 2",
        "update or replace event set position = 1 where position = 2",
        "update event set data = data",
        "insert into event select * from event where position = 2 on conflict do update set data = '[]'",
    ] {
        let guard = if sql.starts_with("insert") { "events are only appended" } else { guard };
        hand.is_refused(sql, guard).await;
    }
    hand.goes_on().await;
}

#[tokio::test]
async fn deleting_an_event_is_refused() {
    let mut hand = Hand::new().await;
    for sql in ["delete from event where position = 3", "delete from event"] {
        hand.is_refused(sql, "events are never deleted").await;
    }
    hand.goes_on().await;
}

#[tokio::test]
async fn inserting_at_another_position_or_version_is_refused() {
    let mut hand = Hand::new().await;
    let guard = "events are only appended";
    for how in ["insert", "insert or replace", "replace", "insert or ignore"] {
        for (position, version, event_id) in [
            ("5", "4", "randomblob(16)"),
            ("3", "4", "randomblob(16)"),
            ("2", "4", "randomblob(16)"),
            ("0", "4", "randomblob(16)"),
            ("-1", "4", "randomblob(16)"),
            ("4", "5", "randomblob(16)"),
            ("4", "3", "randomblob(16)"),
            ("4", "1", "randomblob(16)"),
            ("4", "4", "event_id"),
            ("3", "3", "event_id"),
        ] {
            hand.is_refused(&insert(how, position, version, event_id), guard).await;
        }
    }
    hand.goes_on().await;
}

#[tokio::test]
async fn head_moves_forward_to_the_last_event_only() {
    let mut hand = Hand::new().await;
    for sql in [
        "update head set position = 2",
        "update head set position = 0",
        "update head set position = 4",
        "update head set hash = zeroblob(32)",
        "update head set recorded_at = '2020-01-01T00:00:00.000000Z'",
    ] {
        hand.is_refused(sql, "the head only moves forward").await;
    }
    hand.is_refused("delete from head", "the head is never deleted").await;
    for how in ["insert", "insert or replace", "insert or ignore"] {
        let sql = format!("{how} into head values (1, 0, '1970-01-01T00:00:00.000000Z', zeroblob(32))");
        hand.is_refused(&sql, "the head is made once").await;
    }
    hand.goes_on().await;
}

#[tokio::test]
async fn log_id_survives_reopening() {
    let mut hand = Hand::new().await;
    let identity = hand.store.identity().await.unwrap();
    let kept = "a log keeps its id, and its generation only rises";
    for sql in [
        "update identity set log_id = randomblob(16)",
        "update identity set log_id = randomblob(16), generation = 2",
        "update identity set generation = 1",
        "update identity set generation = 0",
    ] {
        hand.is_refused(sql, kept).await;
    }
    hand.is_refused("delete from identity", "the identity is never deleted").await;
    for how in ["insert", "insert or replace", "insert or ignore"] {
        hand.is_refused(&format!("{how} into identity values (1, randomblob(16), 9)"), "the identity is made once")
            .await;
    }
    sqlx::raw_sql("update identity set generation = 2").execute(&mut hand.raw).await.expect("a restore raises it");
    let again = SqliteStore::open(&hand.folder.path().join("events.db")).await.unwrap().identity().await.unwrap();
    assert_eq!((again.log_id, again.generation), (identity.log_id, 2));
}

#[tokio::test]
async fn database_of_a_newer_version_is_refused() {
    let mut hand = Hand::new().await;
    let row = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
               values (9999, 'from the future', true, x'00', 0)";
    sqlx::raw_sql(row).execute(&mut hand.raw).await.unwrap();
    let path = hand.folder.path().join("events.db");
    let writer = SqliteStore::open(&path).await.err().unwrap();
    let reader = SqliteStore::open_reader(&path).await.err().unwrap();
    for error in [writer, reader] {
        assert!(matches!(error, MigrationError::Newer { database: "log", version: 9999 }), "{error:?}");
        let said = error.to_string();
        assert!(said.contains("migration 9999") && said.contains("newer version of Fiido Desk"), "{said}");
    }
}

#[tokio::test]
async fn reader_in_another_process_sees_appended_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    assert!(SqliteStore::open_reader(&path).await.is_err(), "there is no log to read");
    assert!(!path.exists(), "a reader made a file");
    let store = SqliteStore::open(&path).await.unwrap();
    append(&store, 2).await;
    let reader: Arc<dyn EventReader> = SqliteStore::open_reader(&path).await.unwrap();
    let mut events = reader.subscribe(Position::START);
    append(&store, 2).await;
    for event in store.read_all(Position::START, 10).await.unwrap() {
        assert_eq!(events.next().await.unwrap().unwrap(), event);
    }
    assert_eq!(reader.head().await.unwrap(), Position(4));
    assert_eq!(reader.identity().await.unwrap(), store.identity().await.unwrap());
    assert_eq!(reader.read_stream(&stream(), StreamVersion(1), 10).await.unwrap().len(), 3);
    assert_eq!(verify(&*reader, |_| {}).await.unwrap().events, 4);
    append(&store, 1).await;
    assert_eq!(events.next().await.unwrap().unwrap().position, Position(5));
}

/// Readers stop with an error and never skip.
#[tokio::test]
async fn gap_or_damaged_event_stops_readers_and_is_named() {
    let mut hand = Hand::new().await;
    let changes = "drop trigger event_is_never_updated; update event set recorded_at = replace(recorded_at, 'T', ' ') where position = 2;";
    sqlx::raw_sql(changes).execute(&mut hand.raw).await.unwrap();
    // Who wrote the events has them in memory.
    let reader = SqliteStore::open_reader(&hand.folder.path().join("events.db")).await.unwrap();
    let damaged = reader.read_all(Position::START, 10).await;
    assert!(matches!(damaged, Err(ReadError::Damaged { position: Position(2), .. })), "{damaged:?}");
    let changes = "drop trigger event_is_never_deleted; delete from event where position = 2;";
    sqlx::raw_sql(changes).execute(&mut hand.raw).await.unwrap();
    let gap = reader.subscribe(Position(1)).next().await.unwrap();
    assert!(matches!(gap, Err(ReadError::Gap { expected: Position(2), found: Position(3) })), "{gap:?}");
}

/// A writer refuses to append after a row was inserted past it.
#[tokio::test]
async fn log_changed_by_hand_refuses_appends() {
    let mut hand = Hand::new().await;
    let by_hand = insert("insert", "4", "4", "randomblob(16)");
    sqlx::raw_sql(AssertSqlSafe(by_hand)).execute(&mut hand.raw).await.unwrap();
    for _ in 0..3 {
        let refused = hand.store.append(&stream(), Expected::Any, vec![sealed_event()]).await;
        assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    }
    let bad = verify(&hand.store, |_| {}).await.unwrap().first_flaw.unwrap().to;
    assert_eq!(bad, Position(4));
}
