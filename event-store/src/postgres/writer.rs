//! Writing batches, one transaction each, in one of two ways.
//!
//! *At the known head*, while no other node writes: the batch is numbered from what this node remembers and sent as one
//! statement that is its own transaction: one round trip. The database's guards judge it as they judge every insert: if
//! the head is elsewhere, or an event id is there already, nothing is stored and the batch goes the other way.
//!
//! *Under the lock*: begin and take the head row, streams' heads (only those not remembered), repeated ids, one insert, hint
//! and commit.
//!
//! Invariant: a batch whose outcome is not known is either answered as unavailable or judged again under the lock. Whoever
//! holds the lock finds the earlier try's events by their ids if it was committed; if it is still under way, its own guard
//! finds the head moved and refuses it.

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

/// Stream heads remembered at most; about 20 MB. Beyond it all are forgotten and asked for again.
const REMEMBERED_STREAMS: usize = 100_000;
/// Tries of one batch.
const TRIES: u32 = 8;
/// No new try begins after this: callers would rather hear that the log is away.
const PATIENCE: Duration = Duration::from_secs(3);
/// Before the second try; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest try: beyond the session's own limits only when the server does not answer at all.
const TRY: Duration = Duration::from_secs(6);

pub(super) struct PostgresWriter {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    announce: Arc<watch::Sender<Position>>,
    clock: Arc<dyn Clock>,
    known: Known,
    /// The last batch failed: the next one finds out with a single try whether the database is back.
    away: bool,
}

/// What this node remembers of the log; true while the head is where the node left it.
#[derive(Default)]
struct Known {
    head: Option<Head>,
    streams: HashMap<StreamName, StreamHead>,
    /// When the lock was last taken, the head was where this node had left it.
    alone: bool,
}

/// The head row. Its hash is compared as well: a database that was exchanged under us may have the same position.
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
    #[error("the database did not answer within {} s", TRY.as_secs())]
    NoAnswer,
}

impl PostgresWriter {
    pub(super) fn new(
        options: PgConnectOptions,
        announce: Arc<watch::Sender<Position>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options, connection: None, announce, clock, known: Known::default(), away: false }
    }

    async fn write_with_retries(&mut self, batch: &[Request]) -> Result<Answers, WriteError> {
        let tries = if self.away { 1 } else { TRIES };
        let no_more_after = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        for _ in 1..tries {
            match self.try_once(batch).await {
                Err(error) if may_pass(&error) && Instant::now() + pause < no_more_after => {
                    tracing::info!(error = &error as &dyn std::error::Error, "batch is tried again");
                }
                result => return result,
            }
            sleep(pause).await;
            pause *= 2;
        }
        self.try_once(batch).await
    }

    /// A try that fails, or is given up, loses its connection, and with it whatever it left open.
    async fn try_once(&mut self, batch: &[Request]) -> Result<Answers, WriteError> {
        let mut known = std::mem::take(&mut self.known);
        let connection = self.connection.take();
        let attempt = async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => connect(&self.options).await?,
            };
            let answers = known.commit(&mut connection, batch, &*self.clock).await?;
            Ok::<_, WriteError>((connection, answers))
        };
        let (connection, answers) = timeout(TRY, attempt).await.map_err(|_| WriteError::NoAnswer)??;
        if let Some(head) = known.head {
            announce_head(&self.announce, head.log.position);
        }
        (self.connection, self.known) = (Some(connection), known);
        Ok(answers)
    }
}

impl BatchWriter for PostgresWriter {
    async fn write(&mut self, batch: &[Request]) -> Result<Answers, BatchError> {
        let result = self.write_with_retries(batch).await;
        self.away = result.is_err();
        result.map_err(|error| Arc::new(error) as BatchError)
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, WriteError> {
    let connecting = timeout(CONNECT, PgConnection::connect_with(options));
    let mut connection = connecting.await.map_err(|_| WriteError::NoAnswer)??;
    refuse_unsafe(&mut connection).await?;
    Ok(connection)
}

/// Whether the same batch may succeed in a moment, by the database's codes.
fn may_pass(error: &WriteError) -> bool {
    match error {
        WriteError::Database(error) | WriteError::Refused(PostgresError::Database(crate::sql::SqlError(error))) => {
            error
                .as_database_error()
                .map_or(is_lost_connection(error), |error| error.code().is_some_and(|code| is_passing_code(&code)))
        }
        WriteError::NoAnswer => true,
        WriteError::Refused(_) | WriteError::Stored(_) => false,
    }
}

fn is_lost_connection(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_))
}

/// Classes: 08 connection, 23 a guard or key refused (what we remembered was not true), 40 rolled back. Codes: 25006 read
/// only (a fail-over), 25P03 silent too long in a transaction, 53300 too many connections, 55P03 the lock took too long,
/// 57014 the statement took too long, 57P01 to 57P03 the server stops or starts, 57P05 silent too long.
fn is_passing_code(code: &str) -> bool {
    const CODES: [&str; 9] = ["25006", "25P03", "53300", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"];
    ["08", "23", "40"].iter().any(|class| code.starts_with(class)) || CODES.contains(&code)
}

impl Known {
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

    /// Nothing where another node has written meanwhile, or an event of the batch may be a repeat.
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
        // What looks like a conflict may be the repeat of an event that is recorded: that is asked under the lock.
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
        let head = take_head(connection).await?;
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
        if self.head != Some(head) || self.streams.len() > REMEMBERED_STREAMS {
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

/// Begins, and waits for the turn. `read committed`, whatever the server's default: each later statement must see what was
/// committed before the turn came. A lock and not an update: the insert's trigger moves the row, and every version of it
/// that a batch makes is one that a long snapshot forces readers to step over.
const BEGIN_WITH_HEAD: &str = "begin isolation level read committed read write;
     select position, recorded_at, hash from log.head where id = 1 for update";

pub(super) async fn take_head(connection: &mut PgConnection) -> Result<Head, sqlx::Error> {
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

/// The batch as columns; one statement whatever the number of rows, so it is prepared once.
const ROWS: &str = "unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::text[], $6::bigint[], $7::text[], \
     $8::text[], $9::bytea[], $10::text[], $11::bytea[], $12::bytea[], $13::text[], $14::bytea[], $15::bytea[], $16::bytea[])";

/// Under the lock. The insert's trigger checks the rows and moves the head.
pub(super) async fn insert(connection: &mut PgConnection, rows: &[Arc<RecordedEvent>]) -> Result<(), sqlx::Error> {
    let sql = format!("insert into log.event ({COLUMNS}) select * from {ROWS}");
    bind_rows(sqlx::query(AssertSqlSafe(sql)), rows).execute(connection).await?;
    Ok(())
}

/// A whole batch in one statement, hint included; false, and nothing stored, where the head is not the one that it was
/// numbered from. Between that look and the lock which the trigger takes another node may write: then the trigger refuses.
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

/// A guard or a key refused: class 23.
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

/// Ends the transaction. The hint goes with the commit: once per batch, behind the one lock, and only if it is committed.
pub(super) async fn finish(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
