//! Fills a PostgreSQL log from another log, as the role that owns it. The triggers check every row as in normal appends.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _, postgres::PgConnectOptions};
use tokio::{sync::watch, time::timeout};

use super::{
    PostgresError, READER_CONNECTIONS, SCHEMA,
    reader::{self, PostgresReader},
    server::check_server,
    session::{self, CONNECT},
    writer::{finish, insert, is_guarded, lock_head},
};
use crate::{
    event::{Position, RecordedEvent},
    import::{ImportError, ImportTarget, admit_identity, placed_after},
    migration::{POSTGRES_LOG, may_migrate, migrate_postgres},
    port::{EventReader, Exemption, Identity},
    row::number,
    sql::{SqlError, pg_pool},
};

/// A log that is being filled.
pub struct PostgresImport {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    reader: PostgresReader,
    head: Position,
}

impl PostgresImport {
    /// Opens the database as the log with this identity, as the role that owns the log or will own it, creating or migrating
    /// the log first.
    ///
    /// # Errors
    /// The database holds another log, is from a newer version, could lose acknowledged events, does not answer, or the
    /// role may not create the log.
    pub async fn open(url: &str, identity: Identity) -> Result<Self, ImportError> {
        check_server(url).await?;
        let pool = pg_pool(url, SCHEMA, 1).await.map_err(PostgresError::from)?;
        if !may_migrate(&pool, SCHEMA).await.map_err(PostgresError::from)? {
            return Err(ImportError::NotOwner);
        }
        refuse_other(&pool, identity).await?;
        migrate_postgres("log", SCHEMA, &POSTGRES_LOG, &pool).await?;
        ensure_identity(&pool, identity).await?;
        let head = reader::current_head(&pool).await.map_err(|SqlError(error)| away(error))?;
        pool.close().await;
        let (_, nothing_announced) = watch::channel(head);
        let readers = session::readers(url, READER_CONNECTIONS).map_err(PostgresError::from)?;
        let options = session::sequencer(url).map_err(PostgresError::from)?;
        let reader = PostgresReader::new(readers, identity, nothing_announced);
        Ok(Self { options, connection: None, reader, head })
    }

    /// Returns false, and stores nothing, if another process has moved the head. A failed attempt drops its connection and any
    /// open transaction with it.
    async fn write(&mut self, rows: &[Arc<RecordedEvent>]) -> Result<bool, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        let head = lock_head(&mut connection).await?.log.position;
        let is_known = head == std::mem::replace(&mut self.head, head);
        if is_known {
            sqlx::query(BEGUN).execute(&mut connection).await?;
            insert(&mut connection, rows).await?;
        }
        finish(&mut connection, if is_known { "commit" } else { "rollback" }).await?;
        self.connection = Some(connection);
        Ok(is_known)
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    timeout(CONNECT, PgConnection::connect_with(options)).await.map_err(|_| sqlx::Error::PoolTimedOut)?
}

/// Checks the database before anything in it is changed.
async fn refuse_other(pool: &PgPool, identity: Identity) -> Result<(), ImportError> {
    let tables = "select tablename::text from pg_tables where schemaname = $1 and tablename <> '_sqlx_migrations'";
    let tables = sqlx::query(tables).bind(SCHEMA).fetch_all(pool).await.map_err(away)?;
    let names = tables.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>().map_err(away)?;
    if names.is_empty() {
        return Ok(());
    }
    if !names.iter().any(|name| name == "identity") {
        return Err(ImportError::NoLog);
    }
    let row = sqlx::query("select 1 from log.identity").fetch_optional(pool).await.map_err(away)?;
    if row.is_some() {
        let here = reader::identity(pool).await.map_err(|SqlError(error)| away(error))?;
        admit_identity(Some(here), false, identity)?;
    }
    Ok(())
}

/// Writes the identity into a log that has none, in one transaction with the mark of an incomplete copy, so that such a log
/// is never served.
async fn ensure_identity(pool: &PgPool, identity: Identity) -> Result<(), ImportError> {
    let mut tx = pool.begin().await.map_err(away)?;
    // The head row is the mutex of all writers.
    sqlx::query("select 1 from log.head where id = 1 for update").fetch_one(&mut *tx).await.map_err(away)?;
    let is_named = sqlx::query("select 1 from log.identity").fetch_optional(&mut *tx).await.map_err(away)?.is_some();
    let first = sqlx::query("select 1 from log.event limit 1").fetch_optional(&mut *tx).await.map_err(away)?;
    let here =
        if is_named { Some(reader::identity(&mut *tx).await.map_err(|SqlError(error)| away(error))?) } else { None };
    if admit_identity(here, first.is_none(), identity)? {
        let sql = "insert into log.identity (id, log_id, generation) values (1, $1, $2)";
        let insert = sqlx::query(sql).bind(identity.log_id.as_bytes().as_slice()).bind(number(identity.generation));
        insert.execute(&mut *tx).await.map_err(away)?;
        sqlx::query(BEGUN).execute(&mut *tx).await.map_err(away)?;
    }
    tx.commit().await.map_err(away)
}

const BEGUN: &str = "insert into log.copy (id, is_whole, times_rise_after) values (1, false, 0)
     on conflict (id) do update set is_whole = false where copy.is_whole";
const WHOLE: &str = "insert into log.copy (id, is_whole, times_rise_after, note) values (1, true, $1, $2)
     on conflict (id) do update set
         is_whole = true, times_rise_after = excluded.times_rise_after, note = excluded.note";

fn away(error: sqlx::Error) -> ImportError {
    ImportError::Unavailable(Arc::new(error))
}

impl From<PostgresError> for ImportError {
    fn from(error: PostgresError) -> Self {
        Self::Server(Box::new(error))
    }
}

#[async_trait]
impl ImportTarget for PostgresImport {
    fn reader(&self) -> &dyn EventReader {
        &self.reader
    }

    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let rows = placed_after(self.head, events);
        match self.write(&rows).await {
            Ok(true) => {
                self.head = rows.last().map_or(self.head, |last| last.position);
                Ok(rows.iter().map(|row| row.position).collect())
            }
            Ok(false) => Err(ImportError::Moved),
            Err(error) if is_guarded(&error) => Err(ImportError::Moved),
            Err(error) => Err(away(error)),
        }
    }

    async fn finish(&mut self, Exemption { rises_after, note, is_copy: _ }: Exemption) -> Result<(), ImportError> {
        let mut connection = connect(&self.options).await.map_err(away)?;
        sqlx::query(WHOLE).bind(number(rises_after.0)).bind(note).execute(&mut connection).await.map_err(away)?;
        Ok(())
    }
}
