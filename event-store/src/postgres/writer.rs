//! Writes batches, one transaction each, in one of two ways.
//!
//! *At the known head*, while no other node writes: positions are assigned from this node's cache, and the batch is sent as a single
//! statement that is its own transaction: one round trip. The triggers and keys check it like every insert: if the head has moved,
//! or an event id exists already, nothing is stored and the second way is taken.
//!
//! *Under the lock*: begin and lock the head row, read the stream heads that are not cached and the repeated ids, insert, notify,
//! commit.
//!
//! Invariant: a batch with unknown outcome is either answered as unavailable or decided again under the lock. If the earlier attempt
//! was committed, its events are found there by id; if it is still running, its trigger finds the head moved and refuses it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, Postgres, Row as _,
    postgres::{PgArguments, PgConnectOptions, PgRow},
    query::Query,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{
    clock::Clock,
    event::{Position, RecordedEvent, StreamName, StreamVersion, parse_time_text},
    group_commit::{Answers, BatchError, BatchWriter},
    port::ReadError,
    postgres::{
        CHANNEL, PostgresError,
        listen::announce_head,
        reader::event_of,
        session::{CONNECT, refuse_unsafe},
    },
    row::COLUMNS,
    sequencer::{LogHead, Request, Sequencer, StreamHead},
};

/// Most cached stream heads, about 20 MB. Beyond that the cache is cleared.
const CACHED_STREAMS: usize = 100_000;
/// Attempts per batch.
const ATTEMPTS: u32 = 8;
/// No new attempt begins after this time; the append is answered as unavailable.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause before the second attempt; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(20);
/// Limit of one attempt: only exceeds the session's own limits if the server does not answer at all.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(6);

pub(super) struct PostgresWriter {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    announce: Arc<watch::Sender<Position>>,
    clock: Arc<dyn Clock>,
    cache: Cache,
    /// The last batch failed: the next one makes a single attempt.
    unavailable: bool,
}

/// The heads of the log and its streams; valid while the head is where this node left it.
#[derive(Default)]
struct Cache {
    head: Option<Head>,
    streams: HashMap<StreamName, StreamHead>,
    /// The head had not moved when the lock was last taken: no other node is writing.
    alone: bool,
}

/// The head row. Its hash is compared too, because a restored database may have another event at the same position.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) log: LogHead,
    hash: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("database")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Refused(#[from] PostgresError),
    #[error(transparent)]
    Stored(#[from] ReadError),
    #[error("the database did not answer within {} s", ATTEMPT_LIMIT.as_secs())]
    NoAnswer,
}

impl PostgresWriter {
    pub(super) fn new(
        options: PgConnectOptions,
        announce: Arc<watch::Sender<Position>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options, connection: None, announce, clock, cache: Cache::default(), unavailable: false }
    }

    async fn write_with_retries(&mut self, batch: &[Request]) -> Result<Answers, WriteError> {
        let attempts = if self.unavailable { 1 } else { ATTEMPTS };
        let no_more_after = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        for _ in 1..attempts {
            match self.try_once(batch).await {
                Err(error) if is_transient(&error) && Instant::now() + pause < no_more_after => {
                    tracing::info!(error = &error as &dyn std::error::Error, "batch is retried");
                }
                result => return result,
            }
            sleep(pause).await;
            pause *= 2;
        }
        self.try_once(batch).await
    }

    /// A failed or timed-out attempt drops its connection and any open transaction with it.
    async fn try_once(&mut self, batch: &[Request]) -> Result<Answers, WriteError> {
        let mut cache = std::mem::take(&mut self.cache);
        let connection = self.connection.take();
        let attempt = async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => connect(&self.options).await?,
            };
            let answers = cache.commit(&mut connection, batch, &*self.clock).await?;
            Ok::<_, WriteError>((connection, answers))
        };
        let (connection, answers) = timeout(ATTEMPT_LIMIT, attempt).await.map_err(|_| WriteError::NoAnswer)??;
        if let Some(head) = cache.head {
            announce_head(&self.announce, head.log.position);
        }
        (self.connection, self.cache) = (Some(connection), cache);
        Ok(answers)
    }
}

impl BatchWriter for PostgresWriter {
    async fn write(&mut self, batch: &[Request]) -> Result<Answers, BatchError> {
        let result = self.write_with_retries(batch).await;
        self.unavailable = result.is_err();
        result.map_err(|error| Arc::new(error) as BatchError)
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, WriteError> {
    let connecting = timeout(CONNECT, PgConnection::connect_with(options));
    let mut connection = connecting.await.map_err(|_| WriteError::NoAnswer)??;
    refuse_unsafe(&mut connection).await?;
    Ok(connection)
}

/// Whether a retry may succeed, by the database's codes.
fn is_transient(error: &WriteError) -> bool {
    match error {
        WriteError::Database(error) | WriteError::Refused(PostgresError::Database(crate::sql::SqlError(error))) => {
            error
                .as_database_error()
                .map_or(is_lost_connection(error), |error| error.code().is_some_and(|code| is_transient_code(&code)))
        }
        WriteError::NoAnswer => true,
        WriteError::Refused(_) | WriteError::Stored(_) => false,
    }
}

fn is_lost_connection(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_))
}

/// Classes: 08 connection, 23 a trigger or key refused (the cache was stale), 40 rolled back. Codes: 25006 read only (fail-over),
/// 25P03 idle in transaction, 53300 too many connections, 55P03 lock timeout, 57014 statement timeout, 57P01 to 57P03 server
/// stopping or starting, 57P05 idle session.
fn is_transient_code(code: &str) -> bool {
    const CODES: [&str; 9] = ["25006", "25P03", "53300", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"];
    ["08", "23", "40"].iter().any(|class| code.starts_with(class)) || CODES.contains(&code)
}

impl Cache {
    async fn commit(
        &mut self,
        connection: &mut PgConnection,
        batch: &[Request],
        clock: &dyn Clock,
    ) -> Result<Answers, WriteError> {
        if let Some(head) = self.head.filter(|_| self.alone)
            && let Some(answers) = self.commit_at(head, connection, batch, clock).await?
        {
            return Ok(answers);
        }
        self.commit_under_lock(connection, batch, clock).await
    }

    /// `None` if another node has written meanwhile, or if an event of the batch may be a repeat.
    async fn commit_at(
        &mut self,
        head: Head,
        connection: &mut PgConnection,
        batch: &[Request],
        clock: &dyn Clock,
    ) -> Result<Option<Answers>, WriteError> {
        let mut sequencer = self.sequencer(connection, head, batch, Vec::new()).await?;
        let answers: Answers = batch.iter().map(|request| sequencer.admit(request, clock.now())).collect();
        let (log, streams, rows) = sequencer.into_parts();
        // An apparent conflict may be a repeated event, which only the lookup under the lock can tell.
        let Some(last) = rows.last().filter(|_| answers.iter().all(Result::is_ok)) else { return Ok(None) };
        match insert_at(connection, head, &rows).await {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) if is_guarded(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        self.head = Some(Head { log, hash: last.hash });
        self.streams.extend(streams);
        Ok(Some(answers))
    }

    async fn commit_under_lock(
        &mut self,
        connection: &mut PgConnection,
        batch: &[Request],
        clock: &dyn Clock,
    ) -> Result<Answers, WriteError> {
        let head = lock_head(connection).await?;
        self.alone = self.head == Some(head);
        let stored = read_repeated(connection, batch).await?;
        let mut sequencer = self.sequencer(connection, head, batch, stored).await?;
        let answers = batch.iter().map(|request| sequencer.admit(request, clock.now())).collect();
        let (log, streams, rows) = sequencer.into_parts();
        match rows.last() {
            Some(last) => {
                insert(connection, &rows).await?;
                finish(connection, &format!("notify {CHANNEL}, '{}'; commit", log.position)).await?;
                self.head = Some(Head { log, hash: last.hash });
            }
            None => {
                finish(connection, "rollback").await?;
                self.head = Some(head);
            }
        }
        self.streams.extend(streams);
        Ok(answers)
    }

    async fn sequencer(
        &mut self,
        connection: &mut PgConnection,
        head: Head,
        batch: &[Request],
        stored: Vec<Arc<RecordedEvent>>,
    ) -> Result<Sequencer, WriteError> {
        if self.head != Some(head) || self.streams.len() > CACHED_STREAMS {
            self.streams.clear();
        }
        let named: HashSet<&StreamName> = batch.iter().map(|request| &request.stream).collect();
        let unknown: Vec<&str> =
            named.iter().filter(|name| !self.streams.contains_key(**name)).map(|name| name.as_str()).collect();
        if !unknown.is_empty() {
            self.streams.extend(read_streams(connection, &unknown).await?);
        }
        let streams = named.into_iter().filter_map(|name| Some((name.clone(), *self.streams.get(name)?))).collect();
        Ok(Sequencer::new(head.log, streams, stored))
    }
}

/// Begins and waits for the lock. `read committed`, whatever the server's default: later statements must see everything committed
/// before the lock was granted. A lock instead of an update, because the insert's trigger already updates the row, and each
/// further row version slows readers down while an old snapshot is open.
const BEGIN_WITH_HEAD: &str = "begin isolation level read committed read write;
     select position, recorded_at, hash from log.head where id = 1 for update";

pub(super) async fn lock_head(connection: &mut PgConnection) -> Result<Head, sqlx::Error> {
    let row = sqlx::raw_sql(BEGIN_WITH_HEAD).fetch_all(connection).await?.pop().ok_or(sqlx::Error::RowNotFound)?;
    let recorded_at = parse_time_text(row.try_get(1)?).ok_or_else(|| sqlx::Error::Decode("head.recorded_at".into()))?;
    let position = Position(row.try_get::<i64, _>(0)?.unsigned_abs());
    Ok(Head { log: LogHead { position, recorded_at }, hash: hash_of(&row, 2)? })
}

const STREAM_HEADS: &str = "select last.stream, last.version, last.hash from unnest($1::text[]) as named (stream)
     cross join lateral (
         select stream, version, hash from log.event where stream = named.stream order by version desc limit 1
     ) last";

async fn read_streams(
    connection: &mut PgConnection,
    names: &[&str],
) -> Result<Vec<(StreamName, StreamHead)>, sqlx::Error> {
    let rows = sqlx::query(STREAM_HEADS).bind(names).fetch_all(connection).await?;
    let decode = |row: &PgRow| {
        let name = StreamName::parse(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        let version = StreamVersion(row.try_get::<i64, _>(1)?.unsigned_abs());
        Ok((name, StreamHead { version, hash: hash_of(row, 2)? }))
    };
    rows.iter().map(decode).collect()
}

fn hash_of(row: &PgRow, column: usize) -> Result<[u8; 32], sqlx::Error> {
    row.try_get::<Vec<u8>, _>(column)?.try_into().map_err(|_| sqlx::Error::Decode("hash".into()))
}

async fn read_repeated(
    connection: &mut PgConnection,
    batch: &[Request],
) -> Result<Vec<Arc<RecordedEvent>>, WriteError> {
    let events = batch.iter().flat_map(|request| &request.events);
    let ids: Vec<&[u8]> = events.map(|event| event.event_id.as_bytes().as_slice()).collect();
    let sql = format!("select {COLUMNS} from log.event where event_id = any($1)");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(ids).fetch_all(connection).await?;
    Ok(rows.iter().map(event_of).collect::<Result<_, _>>()?)
}

/// The batch as arrays: the same prepared statement for any number of rows.
const ROWS: &str = "unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::text[], $6::bigint[], $7::text[], \
     $8::text[], $9::bytea[], $10::text[], $11::bytea[], $12::bytea[], $13::text[], $14::bytea[], $15::bytea[], $16::bytea[])";

/// Inserts under the lock. The trigger checks the rows and moves the head.
pub(super) async fn insert(connection: &mut PgConnection, rows: &[Arc<RecordedEvent>]) -> Result<(), sqlx::Error> {
    let sql = format!("insert into log.event ({COLUMNS}) select * from {ROWS}");
    bind_rows(sqlx::query(AssertSqlSafe(sql)), rows).execute(connection).await?;
    Ok(())
}

/// Inserts a batch and notifies in one statement. Returns false, and stores nothing, if the head has moved. If another node writes
/// between that check and the trigger's lock, the trigger refuses.
async fn insert_at(
    connection: &mut PgConnection,
    head: Head,
    rows: &[Arc<RecordedEvent>],
) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "with at_head as (select 1 from log.head where id = 1 and position = $17 and hash = $18), \
         appended as (insert into log.event ({COLUMNS}) select r.* from {ROWS} r, at_head returning position) \
         select pg_notify('{CHANNEL}', max(position)::text) from appended having count(*) > 0"
    );
    let query = bind_rows(sqlx::query(AssertSqlSafe(sql)), rows);
    let query = query.bind(number(head.log.position.0)).bind(head.hash.as_slice());
    Ok(query.fetch_optional(connection).await?.is_some())
}

/// Whether a trigger or key refused: class 23.
pub(super) fn is_guarded(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("23"))
}

type Insert<'q> = Query<'q, Postgres, PgArguments>;

fn bind_rows<'q>(query: Insert<'q>, rows: &'q [Arc<RecordedEvent>]) -> Insert<'q> {
    query
        .bind(column(rows, |row| number(row.position.0)))
        .bind(column(rows, |row| row.stream.as_str()))
        .bind(column(rows, |row| number(row.version.0)))
        .bind(column(rows, |row| row.event.event_id.as_bytes().as_slice()))
        .bind(column(rows, |row| &*row.event.event_type))
        .bind(column(rows, |row| i64::from(row.event.schema)))
        .bind(column(rows, |row| row.recorded_at_text()))
        .bind(column(rows, |row| row.event.actor.as_str()))
        .bind(column(rows, |row| row.event.subject.as_ref().map(|id| id.as_bytes().as_slice())))
        .bind(column(rows, |row| row.event.key_id.as_deref()))
        .bind(column(rows, |row| row.event.correlation_id.as_bytes().as_slice()))
        .bind(column(rows, |row| row.event.causation_id.as_ref().map(|id| id.as_bytes().as_slice())))
        .bind(column(rows, |row| &*row.event.data))
        .bind(column(rows, |row| row.event.personal.as_deref()))
        .bind(column(rows, |row| row.prev_hash.as_slice()))
        .bind(column(rows, |row| row.hash.as_slice()))
}

fn column<'a, T>(rows: &'a [Arc<RecordedEvent>], of: impl Fn(&'a RecordedEvent) -> T) -> Vec<T> {
    rows.iter().map(|row| of(row)).collect()
}

fn number(value: u64) -> i64 {
    i64::try_from(value).expect("positions and versions stay below 2^63")
}

/// Ends the transaction. The notification is sent by the commit: once per batch, and only if it is committed.
pub(super) async fn finish(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
