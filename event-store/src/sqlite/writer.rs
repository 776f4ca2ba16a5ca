//! Writes batches, one `begin immediate` transaction each, in one of two ways.
//!
//! *At the known head*: positions are assigned from the cached head, and the batch is sent to SQLite as one text of four statements,
//! begin to commit, because each switch between this task and SQLite's thread costs more than the statements. The triggers and
//! keys of the file check it; if an event id or a version exists already, nothing is stored and the second way is taken.
//!
//! *With lookups*: a transaction that looks up repeated ids and stream heads before it inserts.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, Sqlite, SqliteConnection, SqlitePool, Transaction,
    error::{DatabaseError, ErrorKind},
    pool::PoolConnection,
    query::Query,
    sqlite::SqliteArguments,
};
use tokio::sync::watch;

use super::recent::Recent;
use crate::{
    clock::Clock,
    event::{Position, RecordedEvent, StreamName, StreamVersion, parse_time_text},
    group_commit::{Answers, BatchError, BatchWriter},
    port::Expected,
    row::COLUMNS,
    sequencer::{LogHead, Request, Sequencer, StreamHead},
};

/// Most cached stream heads, about 20 MB. Beyond that the cache is cleared.
const CACHED_STREAMS: usize = 100_000;
/// Most rows of one insert statement.
const ROWS_PER_INSERT: usize = 64;
/// Values per lookup statement.
const VALUES_PER_LOOKUP: usize = 64;
const COLUMN_COUNT: usize = 16;

pub(super) struct SqliteWriter {
    pool: SqlitePool,
    announce: watch::Sender<Position>,
    recent: Arc<Recent>,
    clock: Arc<dyn Clock>,
    head: Option<LogHead>,
    streams: HashMap<StreamName, StreamHead>,
}

impl SqliteWriter {
    pub(super) fn new(
        pool: SqlitePool,
        announce: watch::Sender<Position>,
        recent: Arc<Recent>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { pool, announce, recent, clock, head: None, streams: HashMap::new() }
    }

    async fn commit(&mut self, batch: &[Request]) -> Result<Answers, sqlx::Error> {
        if let Some(head) = self.head
            && let Some(answers) = self.commit_at(head, batch).await?
        {
            return Ok(answers);
        }
        self.commit_with_lookups(batch).await
    }

    /// `None` if a trigger or key refused, or if an event of the batch may be a repeat.
    async fn commit_at(&mut self, head: LogHead, batch: &[Request]) -> Result<Option<Answers>, sqlx::Error> {
        if batch.iter().map(|request| request.events.len()).sum::<usize>() > ROWS_PER_INSERT {
            return Ok(None);
        }
        let mut connection = self.pool.acquire().await?;
        self.cache_streams(&mut connection, batch).await?;
        let mut sequencer = Sequencer::new(head, self.known_streams(batch), Vec::new());
        let answers: Answers = batch.iter().map(|request| sequencer.admit(request, self.clock.now())).collect();
        let (head, streams, rows) = sequencer.into_parts();
        // An apparent conflict may be a repeated event, which only the lookups can tell.
        let Some(last) = rows.last().filter(|_| answers.iter().all(Result::is_ok)) else { return Ok(None) };
        let query = rows.iter().fold(sqlx::query(AssertSqlSafe(commit_sql(rows.len()))), bind_event);
        if let Err(error) = bind_head(query, last).execute(&mut *connection).await {
            return roll_back(connection, error).await.map(|()| None);
        }
        self.recent.extend(&rows);
        self.announce.send_replace(head.position);
        self.head = Some(head);
        self.streams.extend(streams);
        Ok(Some(answers))
    }

    async fn commit_with_lookups(&mut self, batch: &[Request]) -> Result<Answers, sqlx::Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        let head = match self.head {
            Some(head) => head,
            None => read_head(&mut tx).await?,
        };
        self.cache_streams(&mut tx, batch).await?;
        let stored = read_repeated(&mut tx, batch).await?;
        let mut sequencer = Sequencer::new(head, self.known_streams(batch), stored);
        let answers = batch.iter().map(|request| sequencer.admit(request, self.clock.now())).collect();
        let (head, streams, rows) = sequencer.into_parts();
        if !rows.is_empty() {
            write_rows(&mut tx, &rows).await?;
            tx.commit().await?;
            self.recent.extend(&rows);
            self.announce.send_replace(head.position);
        }
        self.head = Some(head);
        self.streams.extend(streams);
        Ok(answers)
    }

    /// Looks up the streams that are not cached. A stream expected not to exist is assumed new; the keys refuse it otherwise.
    async fn cache_streams(&mut self, connection: &mut SqliteConnection, batch: &[Request]) -> Result<(), sqlx::Error> {
        if self.streams.len() > CACHED_STREAMS {
            self.streams.clear();
        }
        let mut named = HashSet::new();
        let unknown: Vec<&StreamName> = batch
            .iter()
            .filter(|request| named.insert(&request.stream) && request.expected != Expected::NoStream)
            .map(|request| &request.stream)
            .filter(|stream| !self.streams.contains_key(*stream))
            .collect();
        for names in unknown.chunks(VALUES_PER_LOOKUP) {
            self.streams.extend(read_streams(connection, names).await?);
        }
        Ok(())
    }

    fn known_streams(&self, batch: &[Request]) -> HashMap<StreamName, StreamHead> {
        let named: HashSet<&StreamName> = batch.iter().map(|request| &request.stream).collect();
        named.into_iter().filter_map(|name| Some((name.clone(), *self.streams.get(name)?))).collect()
    }
}

impl BatchWriter for SqliteWriter {
    async fn write(&mut self, batch: &[Request]) -> Result<Answers, BatchError> {
        let result = self.commit(batch).await;
        if result.is_err() {
            self.head = None;
            self.streams.clear();
            self.recent.clear();
        }
        result.map_err(|error| Arc::new(error) as BatchError)
    }
}

/// Inserts rows and moves the head.
pub(super) async fn write_rows(
    tx: &mut Transaction<'static, Sqlite>,
    rows: &[Arc<RecordedEvent>],
) -> Result<(), sqlx::Error> {
    let Some(last) = rows.last() else { return Ok(()) };
    for rows in rows.chunks(ROWS_PER_INSERT) {
        let query = sqlx::query(AssertSqlSafe(insert_sql(rows.len())));
        rows.iter().fold(query, bind_event).execute(&mut **tx).await?;
    }
    bind_head(sqlx::query(MOVE_HEAD), last).execute(&mut **tx).await?;
    Ok(())
}

async fn read_head(tx: &mut Transaction<'static, Sqlite>) -> Result<LogHead, sqlx::Error> {
    let row = sqlx::query("select position, recorded_at from head").fetch_one(&mut **tx).await?;
    let recorded_at = parse_time_text(row.try_get(1)?).ok_or_else(|| sqlx::Error::Decode("head.recorded_at".into()))?;
    Ok(LogHead { position: Position(row.try_get::<i64, _>(0)?.unsigned_abs()), recorded_at })
}

async fn read_streams(
    connection: &mut SqliteConnection,
    names: &[&StreamName],
) -> Result<Vec<(StreamName, StreamHead)>, sqlx::Error> {
    let sql = format!(
        "select e.stream, e.version, e.hash from event e join \
         (select stream, max(version) as version from event where stream in ({}) group by stream) last \
         on e.stream = last.stream and e.version = last.version",
        placeholders(VALUES_PER_LOOKUP)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for index in 0..VALUES_PER_LOOKUP {
        query = query.bind(names.get(index).map(|name| name.as_str().to_owned()));
    }
    let rows = query.fetch_all(connection).await?;
    let decode = |row: &sqlx::sqlite::SqliteRow| {
        let name = StreamName::parse(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        let hash = row.try_get::<Vec<u8>, _>(2)?.try_into().map_err(|_| sqlx::Error::Decode("hash".into()))?;
        Ok((name, StreamHead { version: StreamVersion(row.try_get::<i64, _>(1)?.unsigned_abs()), hash }))
    };
    rows.iter().map(decode).collect()
}

async fn read_repeated(
    tx: &mut Transaction<'static, Sqlite>,
    batch: &[Request],
) -> Result<Vec<Arc<RecordedEvent>>, sqlx::Error> {
    let ids: Vec<_> = batch.iter().flat_map(|request| request.events.iter().map(|event| event.event_id)).collect();
    let sql = format!("select {COLUMNS} from event where event_id in ({})", placeholders(VALUES_PER_LOOKUP));
    let mut found = Vec::new();
    for ids in ids.chunks(VALUES_PER_LOOKUP) {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
        for index in 0..VALUES_PER_LOOKUP {
            query = query.bind(ids.get(index).map(|id| id.as_bytes().to_vec()));
        }
        for row in query.fetch_all(&mut **tx).await? {
            found.push(super::reader::event_of(&row).map_err(|error| sqlx::Error::Decode(Box::new(error)))?);
        }
    }
    Ok(found)
}

/// Rolls back a batch that a trigger or key refused; after any other error the connection is closed and the error returned.
async fn roll_back(mut connection: PoolConnection<Sqlite>, error: sqlx::Error) -> Result<(), sqlx::Error> {
    if is_guarded(&error) && sqlx::query("rollback").execute(&mut *connection).await.is_ok() {
        return Ok(());
    }
    connection.detach().close_hard().await.and(Err(error))
}

/// Whether a trigger or key refused a statement.
pub(super) fn is_guarded(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.kind() != ErrorKind::Other || is_raised(error))
}

/// SQLITE_CONSTRAINT_TRIGGER: `raise(abort, …)`.
fn is_raised(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| code == "1811")
}

const MOVE_HEAD: &str = "update head set position = ?, recorded_at = ?, hash = ?";

/// The whole transaction. Few batch lengths are frequent, and those stay prepared.
fn commit_sql(rows: usize) -> String {
    format!("begin immediate; {}; {MOVE_HEAD}; commit", insert_sql(rows))
}

fn insert_sql(rows: usize) -> String {
    let row = format!("({})", placeholders(COLUMN_COUNT));
    format!("insert into event ({COLUMNS}) values {}", vec![row; rows].join(", "))
}

fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

type Insert = Query<'static, Sqlite, SqliteArguments>;

fn bind_event(query: Insert, recorded: &Arc<RecordedEvent>) -> Insert {
    let event = &recorded.event;
    query
        .bind(number(recorded.position.0))
        .bind(recorded.stream.as_str().to_owned())
        .bind(number(recorded.version.0))
        .bind(event.event_id.as_bytes().to_vec())
        .bind(event.event_type.clone())
        .bind(i64::from(event.schema))
        .bind(recorded.recorded_at_text())
        .bind(event.actor.as_str().to_owned())
        .bind(event.subject.map(|id| id.as_bytes().to_vec()))
        .bind(event.key_id.clone())
        .bind(event.correlation_id.as_bytes().to_vec())
        .bind(event.causation_id.map(|id| id.as_bytes().to_vec()))
        .bind(event.data.clone())
        .bind(event.personal.as_deref().map(<[u8]>::to_vec))
        .bind(recorded.prev_hash.to_vec())
        .bind(recorded.hash.to_vec())
}

fn bind_head(query: Insert, last: &RecordedEvent) -> Insert {
    query.bind(number(last.position.0)).bind(last.recorded_at_text()).bind(last.hash.to_vec())
}

fn number(value: u64) -> i64 {
    i64::try_from(value).expect("positions and versions stay below 2^63")
}
