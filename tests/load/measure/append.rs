//! Durable appends, everything on (sealed, hashed, grouped): 32 writers, one event each at a time, each in a session of its own.

use std::{
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Incarnation, Language, MessageId,
    session::{
        Event,
        event::{CustomerMessageSent, Recipient, Words},
    },
    text::MessageText,
};
use event_store::{
    Actor, EventStore, Expected, Log, NewEvent, StreamName, StreamVersion, Vault,
    sql::{Access, Database},
    sqlite::SqliteStore,
    vault::{MasterKey, SqlKeys},
};
use sqlx::{
    AssertSqlSafe, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tests::postgres::{FreshDatabase, Postgres};
use uuid::Uuid;

use super::{
    Line,
    fixture::{Failure, Fixture, median},
};

/// Callers at once.
const WRITERS: usize = 32;
/// What every customer writes.
pub(super) const TEXT: &str = "你好，我上周订的电动自行车到哪里了？订单号 7700123，什么时候能送到？";
/// About what an event's row takes: the body of the plain rows.
const BODY: usize = 600;

/// Against pgbench, which inserts one row a transaction from 32 connections to the same server.
pub(super) async fn postgres(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let server = Postgres::own().await;
    let (ours, plain) = (server.fresh_database().await, server.fresh_database().await);
    let store = ours.open().await;
    let log = log_over(Arc::new(store.clone()), &vault_on_postgres(&ours).await?);
    let folder = fixture.fresh()?;
    prepare_pgbench(&plain, folder.path()).await?;
    let (mut appended, mut inserted) = (Vec::new(), Vec::new());
    for _ in 0..fixture.rounds {
        appended.push(appends_a_second(&log, fixture.time).await?);
        inserted.push(pgbench(&plain, folder.path(), fixture.time).await?);
    }
    let (appended, inserted) = (median(appended), median(inserted));
    Ok(vec![Line {
        what: format!("durable append, {WRITERS} writers, PostgreSQL"),
        figure: format!("{appended:.0} events/s"),
        against: format!("pgbench, prepared one-row insert of {BODY} bytes, {WRITERS} clients: {inserted:.0} rows/s"),
        ratio: Some(appended / inserted),
        bar: "1.0".into(),
        is_met: appended >= inserted,
    }])
}

/// Against raw transactions of 32 rows and of one row through the same driver.
pub(super) async fn sqlite(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let folder = fixture.fresh()?;
    let store = SqliteStore::open(&folder.path().join("events.db")).await?;
    let log = log_over(Arc::new(store), &vault_on_sqlite(folder.path()).await?);
    let mut raw = RawRows::open(&folder.path().join("raw.db")).await?;
    let (mut appended, mut many, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..fixture.rounds {
        appended.push(appends_a_second(&log, fixture.time).await?);
        many.push(raw.rows_a_second(WRITERS, fixture.time).await?);
        single.push(raw.rows_a_second(1, fixture.time).await?);
    }
    let (appended, many, single) = (median(appended), median(many), median(single));
    let line = |against: String, ratio: f64, bar: f64| Line {
        what: format!("durable append, {WRITERS} writers, SQLite"),
        figure: format!("{appended:.0} events/s"),
        against,
        ratio: Some(ratio),
        bar: bar.to_string(),
        is_met: ratio >= bar,
    };
    Ok(vec![
        line(format!("raw transactions of {WRITERS} rows: {many:.0} rows/s"), appended / many, 0.7),
        line(format!("raw transactions of one row: {single:.0} rows/s"), appended / single, 5.0),
    ])
}

pub(super) fn log_over(store: Arc<dyn EventStore>, vault: &Arc<Vault>) -> Log {
    Log::new(store, vault.clone())
}

pub(super) async fn vault_on_sqlite(folder: &Path) -> Result<Arc<Vault>, Failure> {
    let database = Database::sqlite(&folder.join("keys.db"), Access::Durable).await?;
    event_store::migration::migrate_vault(&database).await?;
    Ok(Arc::new(Vault::new(Arc::new(SqlKeys::new(database)), MasterKey::generate())))
}

async fn vault_on_postgres(database: &FreshDatabase) -> Result<Arc<Vault>, Failure> {
    let database = Database::postgres(&database.url(), "vault", 2).await?;
    event_store::migration::migrate_vault(&database).await?;
    Ok(Arc::new(Vault::new(Arc::new(SqlKeys::new(database)), MasterKey::generate())))
}

/// Events a second that 32 writers were told are on disk; afterwards the log must hold them, and no others.
pub(super) async fn appends_a_second(log: &Log, time: Duration) -> Result<f64, Failure> {
    let before = log.reader().head().await?;
    let started = Instant::now();
    let writers = (0..WRITERS).map(|_| tokio::spawn(write_until(log.clone(), started + time)));
    let mut acknowledged = 0;
    for writer in writers.collect::<Vec<_>>() {
        acknowledged += writer.await??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let written = log.reader().head().await?.0 - before.0;
    if written != acknowledged {
        return Err(format!("{acknowledged} events were acknowledged, the log has {written}").into());
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(acknowledged as f64 / seconds)
}

async fn write_until(log: Log, end: Instant) -> Result<u64, Failure> {
    let (visitor, stream) = (Uuid::new_v4(), StreamName::of("session", Uuid::new_v4()));
    let mut version = 0;
    while Instant::now() < end {
        let expected = if version == 0 { Expected::NoStream } else { Expected::Exact(StreamVersion(version)) };
        log.append(&stream, expected, &[message(visitor)]).await?;
        version += 1;
    }
    Ok(version)
}

/// What a customer's message is recorded as.
pub(super) fn message(visitor: Uuid) -> NewEvent {
    let text = MessageText::parse(TEXT.to_owned()).expect("a text that customers may write");
    let words = Words { text, parameters: serde_json::Map::new() };
    let encoded = domain::session::encode(&Event::CustomerMessageSent(CustomerMessageSent {
        message: MessageId(Uuid::new_v4()),
        episode: 1,
        language: Language::Zh,
        incarnation: Incarnation(Uuid::nil()),
        recipient: Recipient::Assistant,
        rule_signals: Vec::new(),
        words: domain::Personal::Known(words),
    }));
    testkit::new_event(encoded, visitor, Actor::new("customer", &visitor.to_string()))
}

async fn prepare_pgbench(database: &FreshDatabase, folder: &Path) -> Result<(), Failure> {
    let mut connection = sqlx::PgConnection::connect(&database.url()).await?;
    let table = "create table plain (id bigserial primary key, body text not null)";
    sqlx::raw_sql(table).execute(&mut connection).await?;
    let insert = format!("insert into plain (body) values ('{}');\n", "x".repeat(BODY));
    std::fs::write(folder.join("insert.sql"), insert)?;
    Ok(())
}

/// Rows a second as pgbench says; afterwards the table must have grown.
async fn pgbench(database: &FreshDatabase, folder: &Path, time: Duration) -> Result<f64, Failure> {
    let clients = WRITERS.to_string();
    let output = tokio::process::Command::new(tests::postgres::program("pgbench"))
        .args(["-n", "-M", "prepared", "-j", "2", "-c", &clients, "-T", &time.as_secs().to_string(), "-f"])
        .arg(folder.join("insert.sql"))
        .arg(database.url())
        .stdin(Stdio::null())
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.ok_or_else(|| format!("pgbench said: {text}{}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Rows like the events, with the same keys and in as many new streams each round, without triggers, hashes or seals: what the
/// driver and the disk alone can do.
struct RawRows {
    connection: SqliteConnection,
    written: i64,
}

const RAW_TABLE: &str = "create table raw (
    position integer primary key, stream text not null, version integer not null, event_id blob not null unique,
    type text not null, schema integer not null, recorded_at text not null, actor text not null, subject blob,
    key_id text, correlation_id blob not null, causation_id blob, data text not null, personal blob,
    prev_hash blob not null, hash blob not null, unique (stream, version))";

impl RawRows {
    async fn open(path: &Path) -> Result<Self, Failure> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let options = options.pragma("wal_autocheckpoint", "4000");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::raw_sql(RAW_TABLE).execute(&mut connection).await?;
        Ok(Self { connection, written: 0 })
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    async fn rows_a_second(&mut self, rows: usize, time: Duration) -> Result<f64, Failure> {
        let row = format!("({})", vec!["?"; 16].join(", "));
        let sql = format!("insert into raw values {}", vec![row; rows].join(", "));
        let streams: Vec<String> = (0..WRITERS).map(|_| format!("session-{}", Uuid::new_v4())).collect();
        let (before, started) = (self.written, Instant::now());
        while started.elapsed() < time {
            let mut tx = self.connection.begin_with("begin immediate").await?;
            let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
            for _ in 0..rows {
                let stream = &streams[usize::try_from(self.written)? % WRITERS];
                self.written += 1;
                query = query
                    .bind(self.written)
                    .bind(stream)
                    .bind(self.written)
                    .bind(Uuid::new_v4().as_bytes().to_vec())
                    .bind("session.customer_message_sent")
                    .bind(1_i64)
                    .bind("2026-11-24T10:00:00.000000Z")
                    .bind("customer:8d0f5c9e-3f0b-4d57-a2a2-6c1c1f0d7b11")
                    .bind(vec![1_u8; 16])
                    .bind("8d0f5c9e-3f0b-4d57-a2a2-6c1c1f0d7b11/message/2026-11")
                    .bind(vec![2_u8; 16])
                    .bind(None::<Vec<u8>>)
                    .bind("x".repeat(170))
                    .bind(vec![3_u8; 170])
                    .bind(vec![4_u8; 32])
                    .bind(vec![5_u8; 32]);
            }
            query.execute(&mut *tx).await?;
            tx.commit().await?;
        }
        let rate = (self.written - before) as f64 / started.elapsed().as_secs_f64();
        let (stored,): (i64,) = sqlx::query_as("select count(*) from raw").fetch_one(&mut self.connection).await?;
        if stored != self.written {
            return Err("raw rows are missing".into());
        }
        Ok(rate)
    }
}
