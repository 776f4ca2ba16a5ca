//! A SQLite file changed by hand: a changed, deleted, inserted or moved event is found, with the first bad position, by `verify` and
//! by the Python verifier written from the documentation.

mod forgery;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use event_store::{
    Actor, EventReader, EventStore, Expected, Position, RecordedEvent, SealedEvent, StreamName,
    sqlite::SqliteStore,
    verify::{FirstFlaw, Report, verify},
};
use rand::RngExt as _;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tests::test_scale::{rng, seed};
use uuid::Uuid;

pub(crate) const EVENTS: u64 = 200;
const STREAMS: usize = 9;

/// A change of the file, and the first bad position after it.
struct Tampering {
    what: String,
    sql: String,
    first_bad: u64,
}

fn tampering(what: impl Into<String>, sql: impl Into<String>, first_bad: u64) -> Tampering {
    Tampering { what: what.into(), sql: sql.into(), first_bad }
}

/// An intact log, to be copied and changed.
pub(crate) struct Written {
    folder: TempDir,
    pub(crate) events: Vec<Arc<RecordedEvent>>,
}

impl Written {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let streams: Vec<_> = (0..STREAMS).map(|_| StreamName::of("session", Uuid::new_v4())).collect();
        for n in 0..EVENTS {
            let stream = &streams[(n * n + n / 7) as usize % STREAMS];
            store.append(stream, Expected::Any, vec![event(n)]).await.unwrap();
        }
        let events = store.read_all(Position::START, 1000).await.unwrap();
        assert_eq!(events.len() as u64, EVENTS);
        run(&path, "pragma wal_checkpoint(truncate)").await;
        Self { folder, events }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }

    pub(crate) fn at(&self, position: u64) -> &RecordedEvent {
        &self.events[position as usize - 1]
    }

    /// A copy with one change.
    pub(crate) async fn tampered(&self, sql: &str) -> PathBuf {
        let copy = self.folder.path().join(format!("{}.db", Uuid::new_v4()));
        std::fs::copy(self.path(), &copy).unwrap();
        run(&copy, &format!("{NO_GUARDS} {sql}")).await;
        copy
    }

    async fn is_found(&self, tampering: &Tampering) {
        let Tampering { what, sql, first_bad } = tampering;
        let path = self.tampered(sql).await;
        let report = proof(&path).await;
        let flaw = report.first_flaw.unwrap_or_else(|| panic!("{what}: not found\n{sql}"));
        let (from, to) = (flaw.from.0, flaw.to.0);
        assert!(from <= *first_bad && *first_bad <= to && to <= first_bad + 1, "{what}: {flaw}\n{sql}");
        assert!(report.events < *first_bad, "{what}: {} events are called proved", report.events);
        let (code, said) = second_opinion(&path);
        assert_eq!(code, 1, "{what}: {said}");
        assert!(said.starts_with(&format!("{}:", place(&flaw))), "{what}: {said}, not {flaw}\n{sql}");
        std::fs::remove_file(path).unwrap();
    }
}

/// The triggers are dropped.
pub(crate) const NO_GUARDS: &str = "pragma ignore_check_constraints = on; \
    drop trigger event_is_never_updated; drop trigger event_is_never_deleted; drop trigger event_is_only_appended; \
    drop trigger head_only_moves_forward; drop trigger head_is_never_deleted; drop trigger head_is_made_once;";

pub(crate) fn event(n: u64) -> SealedEvent {
    let personal = n.is_multiple_of(2).then(|| Uuid::new_v4().as_bytes().repeat(4).into());
    SealedEvent {
        event_id: Uuid::new_v4(),
        event_type: "session.noted".into(),
        schema: 1,
        actor: Actor::new("agent", "ana"),
        subject: personal.is_some().then(Uuid::new_v4),
        key_id: personal.is_some().then(|| "key".into()),
        correlation_id: Uuid::new_v4(),
        causation_id: n.is_multiple_of(3).then(Uuid::new_v4),
        data: format!("{{\"n\":{n},\"t\":\"刹车🚲\"}}").into(),
        personal,
    }
}

pub(crate) async fn run(path: &Path, sql: &str) {
    let mut raw = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    raw.close().await.unwrap();
}

async fn proof(path: &Path) -> Report {
    let reader: Arc<dyn EventReader> = SqliteStore::open_reader(path).await.unwrap();
    verify(&*reader, |_| {}).await.unwrap()
}

/// The place of a flaw in words, as both verifiers begin their lines.
pub(crate) fn place(flaw: &FirstFlaw) -> String {
    match flaw.position() {
        Some(Position::START) => "the log's own record is bad".to_owned(),
        Some(position) => format!("first bad position {position}"),
        None => format!("first bad position one of {} to {}", flaw.from, flaw.to),
    }
}

/// Exit code and output of the Python verifier.
fn second_opinion(path: &Path) -> (i32, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/verify_log.py");
    let output = Command::new("python3").arg(script).arg(path).output().expect("python3 is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

/// The first, the last, and some positions between.
pub(crate) fn positions(test: &str) -> Vec<u64> {
    let mut random = rng(seed(test), 0);
    let mut positions = vec![1, EVENTS];
    positions.extend((0..2).map(|_| random.random_range(3..EVENTS - 1)));
    positions
}

#[tokio::test]
async fn intact_log_passes_both_verifiers() {
    let written = Written::new().await;
    let report = proof(&written.path()).await;
    assert_eq!((report.first_flaw, report.events, report.head), (None, EVENTS, Position(EVENTS)));
    assert_eq!(report.streams, STREAMS as u64);
    let (code, said) = second_opinion(&written.path());
    assert_eq!((code, said.as_str()), (0, "200 events in 9 streams are as they were written\n"));
}

#[tokio::test]
async fn empty_log_passes_both_verifiers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    drop(SqliteStore::open(&path).await.unwrap());
    assert_eq!(proof(&path).await.first_flaw, None);
    assert_eq!(second_opinion(&path).0, 0);
}

#[test]
fn file_that_is_no_log_gets_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    assert_eq!(second_opinion(&path).0, 2, "there is no file");
    std::fs::write(&path, "no database").unwrap();
    assert_eq!(second_opinion(&path).0, 2);
}

/// For every column, values that a row could have and values that it could not.
pub(crate) const CHANGES: &[(&str, &str)] = &[
    ("stream", "'session-forged'"),
    ("stream", "'No Stream'"),
    ("version", "version + 1000"),
    ("version", "-version"),
    ("event_id", "randomblob(16)"),
    ("event_id", "zeroblob(15)"),
    ("type", "type || 'x'"),
    ("schema", "schema + 1"),
    ("schema", "schema + 4294967296"),
    ("recorded_at", "'2027-01-01T00:00:00.000000Z'"),
    ("recorded_at", "'2027-01-01T00:00:00.000000+'"),
    ("actor", "replace(actor, 'ana', 'bo')"),
    ("subject", "iif(subject is null, randomblob(16), null)"),
    ("subject", "randomblob(16)"),
    ("key_id", "iif(key_id is null, '', null)"),
    ("key_id", "'another'"),
    ("correlation_id", "randomblob(16)"),
    ("causation_id", "iif(causation_id is null, randomblob(16), null)"),
    ("causation_id", "randomblob(16)"),
    ("data", "data || ' '"),
    ("data", "replace(data, '\"n\":', '\"n\": ')"),
    ("data", "cast(x'ff' as text)"),
    ("personal", "iif(personal is null, x'', null)"),
    ("personal", "iif(personal is null, x'00', cast(personal || x'00' as blob))"),
    ("prev_hash", "randomblob(32)"),
    ("prev_hash", "zeroblob(31)"),
    ("hash", "randomblob(32)"),
    ("hash", "zeroblob(0)"),
    ("position", "position + 1000"),
];

#[test]
fn tampering_covers_every_column() {
    let migration = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite/log/0001_event.sql");
    let migration = std::fs::read_to_string(migration).unwrap();
    let table = migration.split("create table event (").nth(1).unwrap().split("unique (").next().unwrap();
    let columns =
        table.lines().filter_map(|line| line.trim().split(' ').next()).filter(|word| !["", "--"].contains(word));
    for column in columns {
        assert!(CHANGES.iter().any(|(changed, _)| *changed == column), "{column} is never changed");
    }
}

#[tokio::test]
async fn change_in_any_column_is_found_at_its_position() {
    let written = Written::new().await;
    for position in positions("changes") {
        for (column, value) in CHANGES {
            let sql = format!("update event set {column} = {value} where position = {position};");
            written.is_found(&tampering(format!("{column} changed"), sql, position)).await;
        }
    }
}

#[tokio::test]
async fn deleted_event_is_found_at_its_position() {
    let written = Written::new().await;
    for position in positions("deletions") {
        let sql = format!("delete from event where position = {position};");
        written.is_found(&tampering("deleted", sql, position)).await;
        let sql = format!("delete from event where position >= {position};");
        written.is_found(&tampering("cut off", sql, position)).await;
    }
}

/// The events before a gap are checked as well.
#[tokio::test]
async fn first_of_two_changes_is_named() {
    let written = Written::new().await;
    for (changed, removed) in [(1, 2), (20, 150), (EVENTS - 1, EVENTS)] {
        let sql = format!(
            "update event set data = '{{}}' where position = {changed}; delete from event where position = {removed};"
        );
        written.is_found(&tampering("changed, and another removed", sql, changed)).await;
    }
}

/// Rows below position 1 are in no page, so they are looked for first.
#[tokio::test]
async fn event_inserted_below_position_one_is_found() {
    let written = Written::new().await;
    for position in positions("below") {
        for to in ["0", "-position"] {
            let sql = format!("update event set position = {to} where position = {position};");
            written.is_found(&tampering("moved below the start", sql, 1)).await;
        }
    }
}

#[tokio::test]
async fn swapped_events_are_found_at_the_earlier_position() {
    let written = Written::new().await;
    let all = positions("swaps");
    let pairs = all.windows(2).map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1])));
    let adjacent = all.iter().map(|position| (*position.min(&(EVENTS - 1)), position.min(&(EVENTS - 1)) + 1));
    for (one, other) in pairs.chain(adjacent).filter(|(one, other)| one != other) {
        let rows = format!(
            "update event set position = -1 where position = {one}; \
             update event set position = {one} where position = {other}; \
             update event set position = {other} where position = -1;"
        );
        written.is_found(&tampering(format!("rows {one} and {other} swapped"), rows, one)).await;
        for columns in [
            &["data"][..],
            &["event_id"],
            &["personal", "key_id", "subject", "data"],
            &["hash"],
            &["event_id", "data", "hash"],
        ] {
            let sql = swap_columns(one, other, columns);
            // Two events may lack the same parts, but never have the same data.
            written.is_found(&tampering(format!("{columns:?} of {one} and {other} swapped"), sql, one)).await;
        }
    }
}

pub(crate) fn swap_columns(one: u64, other: u64, columns: &[&str]) -> String {
    let mut sql = format!("create temp table kept as select * from event where position in ({one}, {other});");
    sql += &format!("update event set event_id = randomblob(16) where position in ({one}, {other});");
    let set = |to: u64, from: u64, columns: &[&str]| {
        let values = columns.iter().map(|c| format!("{c} = (select {c} from kept where position = {from})"));
        format!("update event set {} where position = {to};", values.collect::<Vec<_>>().join(", "))
    };
    if !columns.contains(&"event_id") {
        sql += &(set(one, one, &["event_id"]) + &set(other, other, &["event_id"]));
    }
    sql + &set(one, other, columns) + &set(other, one, columns)
}

#[tokio::test]
async fn changed_head_is_found() {
    let written = Written::new().await;
    let last = EVENTS;
    let changes = [
        ("update head set position = position - 1;", last - 1),
        ("update head set position = 100;", 100),
        (
            "update head set (position, recorded_at, hash) = (select position, recorded_at, hash from event where position = 100);",
            101,
        ),
        ("update head set position = 0;", 1),
        ("update head set position = -position;", 1),
        ("update head set position = position + 1;", last + 1),
        ("update head set recorded_at = '2027-01-01T00:00:00.000000Z';", last),
        ("update head set hash = randomblob(32);", last),
        ("update head set hash = x'';", last),
        ("delete from head;", 1),
    ];
    for (sql, first_bad) in changes {
        written.is_found(&tampering("head changed", sql, first_bad)).await;
    }
}
