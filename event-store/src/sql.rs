//! A thin layer over sqlx for data kept in either SQLite or PostgreSQL (vault, policies, views): the same statement text, with
//! `$1` placeholders and the column types text, bigint, double precision and bytes, runs on both.
//!
//! The event log does not use it: its adapters use each database's own dialect.
//! Invariant: errors are classified by the database's codes, never by text.

mod listener;
mod server_url;

use std::{path::Path, time::Duration};

use crate::{background, postgres::why_unreachable};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, PgConnection, Row as _, TypeInfo as _,
    postgres::{PgArguments, PgPool, PgPoolOptions, PgRow},
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use uuid::Uuid;

pub use listener::Listener;
pub use server_url::UrlFault;
pub(crate) use server_url::connect_options;

/// A failed statement.
#[derive(Debug, thiserror::Error)]
#[error("database")]
pub struct SqlError(#[from] pub sqlx::Error);

/// The database of one component; its statements name tables without a schema.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file: one connection writes, others read.
    Sqlite {
        /// The only writer.
        writer: SqlitePool,
        /// Any number of readers.
        readers: SqlitePool,
    },
    /// A schema of a server: the connections' search path points at it.
    Postgres(PgPool),
}

/// A value for a placeholder; typed even when null.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// bigint
    Int(Option<i64>),
    /// double precision
    Float(Option<f64>),
    /// text
    Text(Option<&'a str>),
    /// blob, bytea
    Bytes(Option<&'a [u8]>),
    /// A uuid, kept as 16 bytes.
    Uuid(Option<Uuid>),
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),*) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from(value: $type) -> Self { Self::$variant(Some(value)) }
        }
        impl<'a> From<Option<$type>> for Value<'a> {
            fn from(value: Option<$type>) -> Self { Self::$variant(value) }
        }
    )*};
}
value_from!(i64 => Int, f64 => Float, &'a str => Text, &'a [u8] => Bytes, Uuid => Uuid);

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).expect("counts and positions stay below 2^63")))
    }
}

/// A row, read by column number from 0.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident -> $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// The column is not there or of another type.
        pub fn $name(&self, column: usize) -> Result<$type, SqlError> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }
    )*};
}

impl Row {
    getters! {
        /// A bigint.
        int -> i64;
        /// A bigint or null.
        optional_int -> Option<i64>;
        /// A double precision.
        float -> f64;
        /// A double precision or null.
        optional_float -> Option<f64>;
        /// A text.
        text -> String;
        /// A text or null.
        optional_text -> Option<String>;
        /// Bytes.
        bytes -> Vec<u8>;
        /// Bytes or null.
        optional_bytes -> Option<Vec<u8>>;
    }

    /// A uuid kept as 16 bytes.
    ///
    /// # Errors
    /// The column is not there or holds something else.
    pub fn uuid(&self, column: usize) -> Result<Uuid, SqlError> {
        Uuid::from_slice(&self.bytes(column)?).map_err(|e| SqlError(sqlx::Error::Decode(Box::new(e))))
    }

    /// A count or position.
    ///
    /// # Errors
    /// The column is not there, of another type or negative.
    pub fn count(&self, column: usize) -> Result<u64, SqlError> {
        u64::try_from(self.int(column)?).map_err(|e| SqlError(sqlx::Error::Decode(Box::new(e))))
    }

    /// The columns' names and types, for tools that print rows.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, String)> {
        match self {
            Self::Sqlite(row) => row.columns().iter().map(|c| (c.name().into(), c.type_info().name().into())).collect(),
            Self::Postgres(row) => {
                row.columns().iter().map(|c| (c.name().into(), c.type_info().name().into())).collect()
            }
        }
    }
}

fn sqlite_arguments(values: &[Value<'_>]) -> Result<SqliteArguments, SqlError> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    for value in values {
        match *value {
            Value::Int(v) => arguments.add(v),
            Value::Float(v) => arguments.add(v),
            Value::Text(v) => arguments.add(v.map(str::to_owned)),
            Value::Bytes(v) => arguments.add(v.map(<[u8]>::to_vec)),
            Value::Uuid(v) => arguments.add(v.map(|id| id.as_bytes().to_vec())),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn pg_arguments(values: &[Value<'_>]) -> Result<PgArguments, SqlError> {
    use sqlx::Arguments as _;
    let mut arguments = PgArguments::default();
    for value in values {
        match *value {
            Value::Int(v) => arguments.add(v),
            Value::Float(v) => arguments.add(v),
            Value::Text(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
            Value::Uuid(v) => arguments.add(v.map(|id| id.as_bytes().to_vec())),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// How a SQLite file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Created if missing; a commit is on disk when it returns.
    Durable,
    /// Created if missing; a crash may lose the last commits but never corrupts the file. For data that can be rebuilt.
    Derived,
    /// Never waits for the disk. No setting selects it: the durability test must detect it.
    #[cfg(feature = "conformance")]
    Careless,
    /// Must exist; read-only.
    ReadOnly,
    /// Must exist, and no process may have it open for writing: it is read without creating `-wal` and `-shm` files, so it
    /// also works in a read-only folder. The reader checks afterwards that the file has not changed.
    Immutable,
}

impl Database {
    /// Opens a SQLite file in WAL mode.
    ///
    /// # Errors
    /// The file cannot be opened as `access` asks.
    pub async fn sqlite(path: &Path, access: Access) -> Result<Self, SqlError> {
        let options = sqlite_options(path, access);
        let reading = options.clone().read_only(true);
        let writing = if matches!(access, Access::ReadOnly | Access::Immutable) { reading.clone() } else { options };
        let writer = sqlite_writer().connect_with(writing).await?;
        let readers = sqlite_pool().max_connections(8).connect_lazy_with(reading);
        Ok(Self::Sqlite { writer, readers })
    }

    /// As [`Self::sqlite`], with a writing connection at lower CPU priority than the rest of the process.
    ///
    /// # Errors
    /// As [`Self::sqlite`].
    pub async fn sqlite_in_background(path: &Path, access: Access) -> Result<Self, SqlError> {
        let path = path.to_owned();
        let opening = async move { Self::sqlite(&path, access).await };
        let opened = background::spawn("desk-opens", opening).map_err(sqlx::Error::Io)?.await;
        opened.unwrap_or(Err(SqlError(sqlx::Error::WorkerCrashed)))
    }

    /// An empty temporary SQLite database, gone when this value is dropped or the process ends: SQLite keeps what does not
    /// fit into memory in an unlinked file. It has a single connection, for reading too.
    ///
    /// # Errors
    /// It cannot be created.
    pub async fn scratch() -> Result<Self, SqlError> {
        let options = SqliteConnectOptions::new().filename("").journal_mode(SqliteJournalMode::Memory);
        let pool = sqlite_writer().min_connections(1).idle_timeout(None).max_lifetime(None);
        let writer = pool.connect_with(options.synchronous(SqliteSynchronous::Off)).await?;
        Ok(Self::Sqlite { readers: writer.clone(), writer })
    }

    /// Opens a schema of a PostgreSQL server; `schema` must be a plain lower-case name. Its migrations create it.
    ///
    /// # Errors
    /// The URL is malformed or the server does not answer.
    pub async fn postgres(url: &str, schema: &str, connections: u32) -> Result<Self, SqlError> {
        Ok(Self::Postgres(pg_pool(url, schema, connections).await?))
    }

    /// Runs a query outside a transaction, on a reader.
    ///
    /// # Errors
    /// The database's error.
    pub async fn fetch(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, SqlError> {
        match self {
            Self::Sqlite { readers, .. } => {
                let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(values)?);
                Ok(query.fetch_all(readers).await?.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(pool) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), pg_arguments(values)?);
                Ok(query.fetch_all(pool).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Begins a writing transaction; rolled back when dropped without a commit.
    ///
    /// # Errors
    /// The database's error.
    pub async fn begin(&self) -> Result<Transaction, SqlError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Transaction::Sqlite(writer.begin_with("begin immediate").await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    /// Begins a read-only transaction whose queries all see the same state.
    ///
    /// # Errors
    /// The database's error.
    pub async fn snapshot(&self) -> Result<Transaction, SqlError> {
        const REPEATABLE: &str = "begin isolation level repeatable read read only";
        Ok(match self {
            Self::Sqlite { readers, .. } => Transaction::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin_with(REPEATABLE).await?),
        })
    }

    /// Writes to disk and changes nothing, to learn whether writing works.
    ///
    /// # Errors
    /// The database's error: it cannot be written now.
    pub async fn probe_write(&self) -> Result<(), SqlError> {
        match self {
            Self::Sqlite { writer, .. } => probe_sqlite(writer).await,
            Self::Postgres(pool) => probe_postgres(&mut *pool.acquire().await?).await,
        }
    }

    /// Moves all committed data from the write-ahead log into the main file, so that a copy of that file alone is complete.
    /// No-op for PostgreSQL.
    ///
    /// # Errors
    /// The database's error.
    pub async fn flush(&self) -> Result<(), SqlError> {
        match self {
            Self::Sqlite { writer, .. } => flush(writer).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Writes a whole SQLite database, as it is at this moment, into a file that is not there yet; it may be in use.
    ///
    /// # Errors
    /// The database's error; PostgreSQL knows no such copies.
    pub async fn copy_into(&self, file: &Path) -> Result<(), SqlError> {
        self.fetch("vacuum into $1", &[(&*file.to_string_lossy()).into()]).await.map(drop)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction that may write.
pub enum Transaction {
    /// In a SQLite file.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// In a PostgreSQL schema.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Transaction {
    /// Runs a statement and returns the number of affected rows.
    ///
    /// # Errors
    /// The database's error.
    pub async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, SqlError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(values)?);
                query.execute(&mut **tx).await?.rows_affected()
            }
            Self::Postgres(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), pg_arguments(values)?);
                query.execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// Runs a query inside the transaction.
    ///
    /// # Errors
    /// The database's error.
    pub async fn fetch(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, SqlError> {
        match self {
            Self::Sqlite(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(values)?);
                Ok(query.fetch_all(&mut **tx).await?.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), pg_arguments(values)?);
                Ok(query.fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a query without values inside the transaction and streams its rows, however many there are.
    pub fn stream<'a>(&'a mut self, sql: &'a str) -> BoxStream<'a, Result<Row, SqlError>> {
        match self {
            Self::Sqlite(tx) => {
                sqlx::query(AssertSqlSafe(sql)).fetch(&mut **tx).map_ok(Row::Sqlite).map_err(SqlError).boxed()
            }
            Self::Postgres(tx) => {
                sqlx::query(AssertSqlSafe(sql)).fetch(&mut **tx).map_ok(Row::Postgres).map_err(SqlError).boxed()
            }
        }
    }

    /// Commits.
    ///
    /// # Errors
    /// The database's error; whether the commit happened is then unknown.
    pub async fn commit(self) -> Result<(), SqlError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Whether this is PostgreSQL, for the few statements that differ.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// Page cache of a writing connection, in negative KiB: at most 32 MiB, allocated as needed, so that the indexes of a million
/// events are not read again for every batch.
const CACHE: &str = "-32768";
/// Pages of the write-ahead log before a checkpoint, about 16 MB: pages written often are copied to the file once.
const CHECKPOINT: &str = "4000";

/// Options for every SQLite file.
#[must_use]
pub fn sqlite_options(path: &Path, access: Access) -> SqliteConnectOptions {
    // The driver buffers a whole page of rows, so that its thread does not wait for the reader of each row.
    let options = SqliteConnectOptions::new().filename(path).row_buffer_size(crate::pages::PAGE);
    let options = options.busy_timeout(Duration::from_secs(10));
    let durability = match access {
        Access::Durable => SqliteSynchronous::Full,
        Access::Derived => SqliteSynchronous::Normal,
        #[cfg(feature = "conformance")]
        Access::Careless => SqliteSynchronous::Off,
        Access::ReadOnly => return options.read_only(true),
        Access::Immutable => return options.read_only(true).immutable(true),
    };
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal).synchronous(durability);
    options.foreign_keys(true).pragma("cache_size", CACHE).pragma("wal_autocheckpoint", CHECKPOINT)
}

/// A connection to a file needs not be asked whether it still lives, which for the driver is two changes of threads.
fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().test_before_acquire(false)
}

/// The only writing connection of a file. When a write fails, SQLite rolls the transaction back itself; the driver's rollback
/// then fails, and the driver counts a transaction as open forever. Such a connection is replaced, so that service resumes once
/// there is disk space again.
#[must_use]
pub fn sqlite_writer() -> SqlitePoolOptions {
    sqlite_pool()
        .max_connections(1)
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}

/// A page of the file is written anew, as it is: no table is touched, so no guard is asked.
pub(crate) async fn probe_sqlite(writer: &SqlitePool) -> Result<(), SqlError> {
    let mut connection = writer.acquire().await?;
    match sqlx::raw_sql("begin immediate; pragma user_version = 0; commit").execute(&mut *connection).await {
        Ok(_) => Ok(()),
        Err(error) => connection.detach().close_hard().await.and(Err(error)).map_err(SqlError),
    }
}

/// A record in the server's write-ahead log that nobody reads; the commit waits for the disk.
pub(crate) async fn probe_postgres(connection: &mut PgConnection) -> Result<(), SqlError> {
    sqlx::query("select pg_logical_emit_message(true, 'fiido-desk', 'probe')").execute(connection).await?;
    Ok(())
}

/// Connections with `schema` as search path.
///
/// # Errors
/// The URL is malformed or the server does not answer.
pub async fn pg_pool(url: &str, schema: &str, connections: u32) -> Result<PgPool, SqlError> {
    let options = connect_options(url)?.options([("search_path", schema)]);
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(5));
    match pool.connect_with(options.clone()).await {
        // A pool says no more than that it has waited.
        Err(waited @ sqlx::Error::PoolTimedOut) => Err(SqlError(match why_unreachable(&options).await {
            Some(unreachable) => sqlx::Error::Io(std::io::Error::other(unreachable)),
            None => waited,
        })),
        connected => Ok(connected?),
    }
}

/// Checkpoints and truncates the write-ahead log of a SQLite file.
///
/// # Errors
/// The database's error.
pub async fn flush(writer: &SqlitePool) -> Result<(), SqlError> {
    sqlx::query("pragma wal_checkpoint(truncate)").execute(writer).await?;
    Ok(())
}
