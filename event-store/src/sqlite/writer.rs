//! Writing batches: one `begin immediate` transaction each.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _, Sqlite, SqlitePool, Transaction, query::Query, sqlite::SqliteArguments};
use tokio::sync::watch;

use crate::{
    append::{Answers, BatchError, BatchWriter},
    event::{Position, RecordedEvent, StreamName, StreamVersion, parse_time_text, time_text},
    plan::{LogHead, Plan, Request, StreamHead},
    row::COLUMNS,
};

/// Stream heads remembered at most; about 20 MB. Beyond it all are forgotten and asked for again.
const REMEMBERED_STREAMS: usize = 100_000;
/// Rows per insert statement: few sizes, so that each is prepared once.
const INSERT_ROWS: [usize; 4] = [64, 16, 4, 1];
/// Ids per look-up statement.
const LOOK_UP: usize = 64;
const COLUMN_COUNT: usize = 16;

pub(super) struct SqliteWriter {
    pool: SqlitePool,
    announce: watch::Sender<Position>,
    head: Option<LogHead>,
    streams: HashMap<StreamName, StreamHead>,
}

impl SqliteWriter {
    pub(super) fn new(pool: SqlitePool, announce: watch::Sender<Position>) -> Self {
        Self { pool, announce, head: None, streams: HashMap::new() }
    }

    async fn commit(&mut self, batch: &[Request]) -> Result<Answers, sqlx::Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        let mut plan = self.plan(&mut tx, batch).await?;
        let answers = batch.iter().map(|request| plan.admit(request, Timestamp::now())).collect();
        let (head, streams, rows) = plan.into_parts();
        if !rows.is_empty() {
            insert(&mut tx, &rows).await?;
            move_head(&mut tx, &head, &rows).await?;
            tx.commit().await?;
            self.announce.send_replace(head.position);
        }
        self.head = Some(head);
        self.streams.extend(streams);
        Ok(answers)
    }

    async fn plan(&mut self, tx: &mut Transaction<'static, Sqlite>, batch: &[Request]) -> Result<Plan, sqlx::Error> {
        let head = match self.head {
            Some(head) => head,
            None => read_head(tx).await?,
        };
        if self.streams.len() > REMEMBERED_STREAMS {
            self.streams.clear();
        }
        let named: HashSet<&StreamName> = batch.iter().map(|request| &request.stream).collect();
        let unknown: Vec<&StreamName> =
            named.iter().filter(|name| !self.streams.contains_key(**name)).copied().collect();
        for names in unknown.chunks(LOOK_UP) {
            self.streams.extend(read_streams(tx, names).await?);
        }
        let streams = named.into_iter().filter_map(|name| Some((name.clone(), *self.streams.get(name)?))).collect();
        let stored = read_repeated(tx, batch).await?;
        Ok(Plan::new(head, streams, stored))
    }
}

impl BatchWriter for SqliteWriter {
    async fn write(&mut self, batch: &[Request]) -> Result<Answers, BatchError> {
        let result = self.commit(batch).await;
        if result.is_err() {
            self.head = None;
            self.streams.clear();
        }
        result.map_err(|error| Arc::new(error) as BatchError)
    }
}

async fn read_head(tx: &mut Transaction<'static, Sqlite>) -> Result<LogHead, sqlx::Error> {
    let row = sqlx::query("select position, recorded_at from head").fetch_one(&mut **tx).await?;
    let recorded_at = parse_time_text(row.try_get(1)?).ok_or_else(|| sqlx::Error::Decode("head.recorded_at".into()))?;
    Ok(LogHead { position: Position(row.try_get::<i64, _>(0)?.unsigned_abs()), recorded_at })
}

async fn read_streams(
    tx: &mut Transaction<'static, Sqlite>,
    names: &[&StreamName],
) -> Result<Vec<(StreamName, StreamHead)>, sqlx::Error> {
    let sql = format!(
        "select e.stream, e.version, e.hash from event e join \
         (select stream, max(version) as version from event where stream in ({}) group by stream) last \
         on e.stream = last.stream and e.version = last.version",
        placeholders(LOOK_UP)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for index in 0..LOOK_UP {
        query = query.bind(names.get(index).map(|name| name.as_str().to_owned()));
    }
    let rows = query.fetch_all(&mut **tx).await?;
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
    let sql = format!("select {COLUMNS} from event where event_id in ({})", placeholders(LOOK_UP));
    let mut found = Vec::new();
    for ids in ids.chunks(LOOK_UP) {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
        for index in 0..LOOK_UP {
            query = query.bind(ids.get(index).map(|id| id.as_bytes().to_vec()));
        }
        for row in query.fetch_all(&mut **tx).await? {
            found.push(super::reader::event_of(&row).map_err(|error| sqlx::Error::Decode(Box::new(error)))?);
        }
    }
    Ok(found)
}

async fn insert(tx: &mut Transaction<'static, Sqlite>, rows: &[Arc<RecordedEvent>]) -> Result<(), sqlx::Error> {
    let mut rest = rows;
    for size in INSERT_ROWS {
        while rest.len() >= size {
            let (now, later) = rest.split_at(size);
            let mut query = sqlx::query(AssertSqlSafe(insert_sql(size)));
            for event in now {
                query = bind_event(query, event);
            }
            query.execute(&mut **tx).await?;
            rest = later;
        }
    }
    Ok(())
}

fn insert_sql(rows: usize) -> String {
    let mut sql = format!("insert into event ({COLUMNS}) values ");
    for row in 0..rows {
        let separator = if row == 0 { "" } else { ", " };
        write!(sql, "{separator}({})", placeholders(COLUMN_COUNT)).expect("writing to a string cannot fail");
    }
    sql
}

fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

type Insert = Query<'static, Sqlite, SqliteArguments>;

fn bind_event(query: Insert, recorded: &RecordedEvent) -> Insert {
    let event = &recorded.event;
    query
        .bind(number(recorded.position.0))
        .bind(recorded.stream.as_str().to_owned())
        .bind(number(recorded.version.0))
        .bind(event.event_id.as_bytes().to_vec())
        .bind(event.event_type.to_string())
        .bind(i64::from(event.schema))
        .bind(recorded.recorded_at_text())
        .bind(event.actor.as_str().to_owned())
        .bind(event.subject.map(|id| id.as_bytes().to_vec()))
        .bind(event.key_id.as_deref().map(str::to_owned))
        .bind(event.correlation_id.as_bytes().to_vec())
        .bind(event.causation_id.map(|id| id.as_bytes().to_vec()))
        .bind(event.data.to_string())
        .bind(event.personal.as_deref().map(<[u8]>::to_vec))
        .bind(recorded.prev_hash.to_vec())
        .bind(recorded.hash.to_vec())
}

fn number(value: u64) -> i64 {
    i64::try_from(value).expect("positions and versions stay below 2^63")
}

async fn move_head(
    tx: &mut Transaction<'static, Sqlite>,
    head: &LogHead,
    rows: &[Arc<RecordedEvent>],
) -> Result<(), sqlx::Error> {
    let hash = rows.last().map(|event| event.hash.to_vec());
    sqlx::query("update head set position = $1, recorded_at = $2, hash = $3")
        .bind(number(head.position.0))
        .bind(time_text(head.recorded_at))
        .bind(hash)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
