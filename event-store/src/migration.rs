//! Migrates a database to this program's version, and refuses one that a newer program has used.
//!
//! Each database (log, vault, policy) has its own numbered files in `migrations/`, its own file or schema, and its own record of
//! applied migrations.

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
        "the {database} database is at migration {version}, which this program does not know: it is from a newer version of Fiido Desk; start that version, or restore a backup made before it"
    )]
    Newer {
        /// log, vault or policy
        database: &'static str,
        /// The unknown migration.
        version: i64,
    },
    /// An applied migration was edited, or one was interrupted.
    #[error("the {database} database does not fit this program's migrations")]
    Mismatch {
        /// log, vault or policy
        database: &'static str,
        /// The migration, and the mismatch.
        #[source]
        source: MigrateError,
    },
    /// It is an incomplete copy of another log.
    #[error(
        "the log is an incomplete copy: run desk copy-log again, which resumes it; after that desk can be started on it"
    )]
    Incomplete,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] SqlError),
}

impl MigrationError {
    fn of(database: &'static str, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { database, version },
            MigrateError::Execute(error) => Self::Database(SqlError(error)),
            source => Self::Mismatch { database, source },
        }
    }
}

/// Migrates a SQLite file.
///
/// # Errors
/// The file is from a newer version, or a migration fails.
pub async fn migrate_sqlite(
    database: &'static str,
    migrator: &Migrator,
    writer: &SqlitePool,
) -> Result<(), MigrationError> {
    migrator.run(writer).await.map_err(|error| MigrationError::of(database, error))
}

/// Migrates a schema of a PostgreSQL server, creating it first; nodes that start at the same time wait for each other.
///
/// # Errors
/// The schema is from a newer version, a migration fails, or the role may not migrate.
pub async fn migrate_postgres(
    database: &'static str,
    schema: &str,
    migrator: &Migrator,
    pool: &sqlx::PgPool,
) -> Result<(), MigrationError> {
    create_schema(pool, schema).await?;
    migrator.run(pool).await.map_err(|error| MigrationError::of(database, error))
}

/// Under a lock, because two concurrent `create schema if not exists` can collide.
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
