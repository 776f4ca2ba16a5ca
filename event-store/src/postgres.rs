//! The log in PostgreSQL, schema `log`: one sequencer task per node, paged reads, one `LISTEN` connection.
//!
//! Several nodes append to one log. The row of `log.head` is both the mutex between them and the counter: a sequencer locks it first
//! (`select … for update`), assigns positions from it and inserts; the insert's trigger moves it, and the commit releases it.
//!
//! Invariant: position N is never visible before every position below N. Positions are only assigned under the row's lock, the lock
//! ends with the commit, and PostgreSQL makes a transaction visible to new snapshots *before* it releases its locks. So when a
//! batch gets the row, every lower position is committed and visible, and any snapshot that shows N is newer than that. A batch
//! that is rolled back leaves no hole. (A database sequence has neither property: of 21,202 rows from 8 writers, a reader ordered
//! by sequence missed 5,813.) No transaction ids are compared, so a long transaction elsewhere in the cluster blocks nobody.
//!
//! Invariant: a node's cache of stream heads is only used while the locked head is the one that this node left; otherwise it is
//! cleared.
//!
//! The connections set session parameters and listen: a pooler in front of the server must use session pooling.

mod import;
mod listen;
mod reader;
mod roles;
mod server;
mod session;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    group_commit::Appender,
    migration::{Migrated, MigrationError, POSTGRES_LOG, applied, migrate_postgres, refuse_newer},
    port::{
        AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Positions, ReadError,
        RecordedEnd, Truncation, reads_through_its_reader,
    },
    reach::Unreachable,
    sequencer::Request,
    sql::{SqlError, pg_pool},
};

use reader::PostgresReader;
use writer::PostgresWriter;

pub use import::PostgresImport;
pub use roles::{Rights, grant_new_schemas, grant_schema, role_of};
pub use server::check_server;
pub(crate) use server::why_unreachable;

/// The schema of the log.
pub const SCHEMA: &str = "log";
/// The notification channel; the payload is the head's position.
pub const CHANNEL: &str = "desk_log";
/// Concurrent readers per node; each holds a snapshot only while reading a page.
pub const READER_CONNECTIONS: u32 = 8;

/// The log's URL and roles.
#[derive(Clone)]
pub struct PostgresSettings {
    /// The program's own role (`desk_app`): selects and inserts events, moves the head.
    pub url: String,
    /// The role that owns and migrates the tables (`desk_owner`), if it is a different one.
    pub owner_url: Option<String>,
    /// Concurrent readers. Default: [`READER_CONNECTIONS`]. One more connection writes, and one listens.
    pub reader_connections: u32,
}

impl PostgresSettings {
    /// Settings with one role for everything.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), owner_url: None, reader_connections: READER_CONNECTIONS }
    }

    /// With a separate role that migrates.
    #[must_use]
    pub fn with_owner(self, owner_url: impl Into<String>) -> Self {
        Self { owner_url: Some(owner_url.into()), ..self }
    }
}

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The log is from a newer version, or its migrations do not match.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The server acknowledges commits before they are on disk, or could not survive a power cut.
    #[error(
        "PostgreSQL runs with {setting} = {value}, so a power cut could lose what was acknowledged; set {setting} = on \
         (postgresql.conf, `alter system`, or the role's or database's own setting) and start again"
    )]
    UnsafeSetting {
        /// `fsync`, `full_page_writes` or `synchronous_commit`.
        setting: String,
        /// Its current value.
        value: String,
    },
    /// The URL has a parameter that nobody knows, or names a file that is not there.
    #[error("not a PostgreSQL URL: {0}")]
    Url(String),
    /// It does not answer, is set up otherwise than the URL says, or lets this role not in.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server is too old.
    #[error("PostgreSQL 15 or newer is needed, and this is {found}")]
    TooOld {
        /// As it names itself.
        found: String,
    },
    /// The database does not keep every text.
    #[error(
        "the database at {at} is encoded in {encoding}, which does not hold every text: make one with `createdb --encoding UTF8 \
         --template template0`"
    )]
    Encoding {
        /// Host, port, database and role.
        at: String,
        /// What it is encoded in.
        encoding: String,
    },
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] SqlError),
}

impl PostgresError {
    /// Whether waiting may help: a server that is being started, not one that is set up otherwise.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(unreachable) if unreachable.may_pass())
    }
}

/// A log in a database that several nodes share.
#[derive(Clone)]
pub struct PostgresStore {
    reader: PostgresReader,
    appender: Appender,
    /// Of the role that may do more than append.
    owner_url: Arc<str>,
    /// How a connection is opened that asks whether writing works again.
    probe: Arc<PgConnectOptions>,
}

impl PostgresStore {
    /// Opens the log, creating or migrating it first.
    ///
    /// With an owner's URL, migrations run as the owner, and the program's role gets exactly its grants. Without one, a single
    /// role does both, which is logged as a warning; a role that may not create anything in the schema only checks that no
    /// migration is missing.
    ///
    /// # Errors
    /// The server cannot be reached or could lose acknowledged events, the log is from a newer version or an incomplete copy,
    /// or a migration fails.
    pub async fn open(settings: PostgresSettings) -> Result<Self, PostgresError> {
        Self::open_with(settings, SystemClock::shared()).await
    }

    /// Opens the log with another clock.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(settings: PostgresSettings, clock: Arc<dyn Clock>) -> Result<Self, PostgresError> {
        check_server(&settings.url).await?;
        let pool = pg_pool(&settings.url, SCHEMA, 1).await?;
        match &settings.owner_url {
            Some(owner_url) => prepare_as_owner(owner_url, &role_of(&settings.url)?).await?,
            None => prepare_as_the_one_role(&pool).await?,
        }
        if reader::copy(&pool).await?.is_some_and(|copy| !copy.is_complete) {
            return Err(MigrationError::Incomplete.into());
        }
        let identity = reader::identity(&pool).await?;
        let head = reader::current_head(&pool).await?;
        pool.close().await;
        Self::start(&settings, identity, head, clock)
    }

    fn start(
        settings: &PostgresSettings,
        identity: Identity,
        head: Position,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PostgresError> {
        let (announce, head) = watch::channel(head);
        let announce = Arc::new(announce);
        listen::start(session::listener(&settings.url)?, announce.clone());
        let appender = Appender::start(PostgresWriter::new(session::sequencer(&settings.url)?, announce, clock));
        let reader = PostgresReader::new(session::readers(&settings.url, settings.reader_connections)?, identity, head);
        let owner_url = settings.owner_url.as_deref().unwrap_or(&settings.url).into();
        let probe = Arc::new(session::sequencer(&settings.url)?);
        Ok(Self { reader, appender, owner_url, probe })
    }

    /// Opens an existing log read-only; works while nodes write it, and with a role that may only select.
    ///
    /// # Errors
    /// The server cannot be reached, there is no log, or it is from a newer version.
    pub async fn open_reader(url: &str) -> Result<Arc<dyn EventReader>, PostgresError> {
        server::reach(url).await?;
        let pool = session::readers(url, READER_CONNECTIONS)?;
        refuse_newer("log", applied(&pool, SCHEMA).await?, &POSTGRES_LOG)?;
        let identity = reader::identity(&pool).await.map_err(MigrationError::unless_damaged)?;
        let (announce, head) = watch::channel(reader::current_head(&pool).await?);
        listen::start(session::listener(url)?, Arc::new(announce));
        Ok(Arc::new(PostgresReader::new(pool, identity, head)))
    }
}

impl PostgresStore {
    /// Whether there is no log in the database yet: no table, or no identity in it. False if the server does not answer.
    pub async fn is_unused(url: &str) -> bool {
        let Ok(pool) = pg_pool(url, SCHEMA, 1).await else { return false };
        let table = sqlx::query("select 1 where to_regclass('log.identity') is not null").fetch_optional(&pool).await;
        match table {
            Ok(None) => true,
            Ok(Some(_)) => {
                let identity = sqlx::query("select 1 from log.identity").fetch_optional(&pool).await;
                identity.is_ok_and(|row| row.is_none())
            }
            Err(_) => false,
        }
    }
}

async fn prepare_as_owner(owner_url: &str, app_role: &str) -> Result<(), PostgresError> {
    let owner = pg_pool(owner_url, SCHEMA, 2).await?;
    migrate_postgres("log", SCHEMA, &POSTGRES_LOG, &owner).await?;
    ensure_identity(&owner).await?;
    if role_of(owner_url)? != app_role {
        grant_schema(&owner, SCHEMA, app_role, Rights::AppendEvents).await?;
    }
    owner.close().await;
    Ok(())
}

async fn prepare_as_the_one_role(pool: &PgPool) -> Result<(), PostgresError> {
    match migrate_postgres("log", SCHEMA, &POSTGRES_LOG, pool).await? {
        Migrated::ByAnotherRole => Ok(()),
        Migrated::ByThisRole => {
            tracing::warn!(
                "one database role both migrates and serves; give an owner's URL, so that the serving role cannot change the log's guards"
            );
            ensure_identity(pool).await
        }
    }
}

async fn ensure_identity(pool: &PgPool) -> Result<(), PostgresError> {
    let is_there = sqlx::query("select 1 from log.identity").fetch_optional(pool).await.map_err(SqlError)?.is_some();
    let has_events = "select 1 from log.event limit 1";
    if !is_there && sqlx::query(has_events).fetch_optional(pool).await.map_err(SqlError)?.is_some() {
        return Err(MigrationError::Damaged { what: "identity", source: None }.into());
    }
    sqlx::query("insert into log.identity (id, log_id, generation) values (1, $1, 1) on conflict (id) do nothing")
        .bind(Uuid::new_v4().as_bytes().to_vec())
        .execute(pool)
        .await
        .map_err(SqlError)?;
    Ok(())
}

reads_through_its_reader!(PostgresStore);

#[async_trait]
impl EventStore for PostgresStore {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        self.appender.append(Request { stream: stream.clone(), expected, events }).await
    }

    async fn raise_generation(&self) -> Result<Identity, AppendError> {
        let unavailable = |SqlError(error)| AppendError::Unavailable(Arc::new(error));
        let pool = pg_pool(&self.owner_url, SCHEMA, 1).await.map_err(unavailable)?;
        let raised = sqlx::query("update log.identity set generation = generation + 1").execute(&pool).await;
        raised.map_err(|error| unavailable(SqlError(error)))?;
        reader::identity(&pool).await.map_err(unavailable)
    }

    async fn probe_write(&self) -> Result<(), AppendError> {
        session::probe_write(&self.probe).await.map_err(|error| AppendError::Unavailable(Arc::new(error)))
    }
}
