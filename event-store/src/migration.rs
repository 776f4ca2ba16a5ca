//! Brings a database to this program's version, and refuses one that a newer program has used.
//!
//! Each room (log, vault, policies) has its own numbered files in `migrations/`, its own database file or schema, and so
//! its own record of what was applied.

use sqlx::{
    migrate::{MigrateError, Migrator},
    sqlite::SqlitePool,
};

use crate::sql::{Database, SqlError};

/// The log in SQLite.
pub static SQLITE_LOG: Migrator = sqlx::migrate!("../migrations/sqlite/log");
/// The vault in SQLite.
pub static SQLITE_VAULT: Migrator = sqlx::migrate!("../migrations/sqlite/vault");
/// The policies' own store in SQLite.
pub static SQLITE_POLICY: Migrator = sqlx::migrate!("../migrations/sqlite/policy");
/// The log in PostgreSQL.
pub static POSTGRES_LOG: Migrator = sqlx::migrate!("../migrations/postgres/log");
/// The vault in PostgreSQL.
pub static POSTGRES_VAULT: Migrator = sqlx::migrate!("../migrations/postgres/vault");
/// The policies' own store in PostgreSQL.
pub static POSTGRES_POLICY: Migrator = sqlx::migrate!("../migrations/postgres/policy");

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer program has migrated it.
    #[error(
        "the {room} database is at migration {version}, which this program does not know: it is from a newer version of Fiido Desk; start that version, or restore a backup made before it"
    )]
    Newer {
        /// log, vault or policy
        room: &'static str,
        /// The unknown migration.
        version: i64,
    },
    /// A migration was edited after it had been applied, or one stopped half-way.
    #[error("the {room} database does not fit this program's migrations")]
    Mismatch {
        /// log, vault or policy
        room: &'static str,
        /// Which, and how.
        #[source]
        source: MigrateError,
    },
    /// It is being filled from another log, or that was interrupted.
    #[error(
        "the log is a copy that is not whole: run desk copy-log again, which goes on where it was; desk can be started on it then"
    )]
    Incomplete,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] SqlError),
}

impl MigrationError {
    fn of(room: &'static str, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { room, version },
            MigrateError::Execute(error) => Self::Database(SqlError(error)),
            source => Self::Mismatch { room, source },
        }
    }
}

/// Migrates a SQLite file.
///
/// # Errors
/// The file is from a newer version, or a migration fails.
pub async fn migrate_sqlite(
    room: &'static str,
    migrator: &Migrator,
    writer: &SqlitePool,
) -> Result<(), MigrationError> {
    migrator.run(writer).await.map_err(|error| MigrationError::of(room, error))
}

/// Migrates a schema of a PostgreSQL server, making the schema first; nodes that start together wait for each other.
///
/// # Errors
/// The schema is from a newer version, a migration fails, or the role may not migrate.
pub async fn migrate_postgres(
    room: &'static str,
    schema: &str,
    migrator: &Migrator,
    pool: &sqlx::PgPool,
) -> Result<(), MigrationError> {
    create_schema(pool, schema).await?;
    migrator.run(pool).await.map_err(|error| MigrationError::of(room, error))
}

/// `create schema if not exists` can still collide with itself, hence the lock.
async fn create_schema(pool: &sqlx::PgPool, schema: &str) -> Result<(), SqlError> {
    let mut tx = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtext('fiido-desk schema'))").execute(&mut *tx).await?;
    let found =
        sqlx::query("select 1 from pg_namespace where nspname = $1").bind(schema).fetch_optional(&mut *tx).await?;
    if found.is_none() {
        sqlx::query(sqlx::AssertSqlSafe(format!("create schema {schema}"))).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The vault's migrations for either database.
///
/// # Errors
/// As [`migrate_sqlite`] and [`migrate_postgres`].
pub async fn migrate_vault(database: &Database) -> Result<(), MigrationError> {
    match database {
        Database::Sqlite { writer, .. } => migrate_sqlite("vault", &SQLITE_VAULT, writer).await,
        Database::Postgres(pool) => migrate_postgres("vault", "vault", &POSTGRES_VAULT, pool).await,
    }
}

/// The policies' migrations for either database.
///
/// # Errors
/// As [`migrate_sqlite`] and [`migrate_postgres`].
pub async fn migrate_policy(database: &Database) -> Result<(), MigrationError> {
    match database {
        Database::Sqlite { writer, .. } => migrate_sqlite("policy", &SQLITE_POLICY, writer).await,
        Database::Postgres(pool) => migrate_postgres("policy", "policy", &POSTGRES_POLICY, pool).await,
    }
}
