//! Migrates a database to this program's version, and refuses one that a newer program has used.
//!
//! Each database (log, vault, policy) has its own numbered files in `migrations/`, its own file or schema, and its own record of
//! applied migrations.

use std::sync::LazyLock;

use include_dir::{Dir, File, include_dir};
use sqlx::{
    Row as _, SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::SqlitePool,
};

use crate::{
    row::is_damage,
    sql::{Database, SqlError},
};

/// The migrations of a folder, read when this crate is compiled.
macro_rules! built_in {
    ($folder:tt) => {
        LazyLock::new(|| {
            static FILES: Dir<'static> = include_dir!($folder);
            migrator(&FILES)
        })
    };
}

/// The log in SQLite.
pub static SQLITE_LOG: LazyLock<Migrator> = built_in!("$CARGO_MANIFEST_DIR/../migrations/sqlite/log");
/// The vault in SQLite.
pub static SQLITE_VAULT: LazyLock<Migrator> = built_in!("$CARGO_MANIFEST_DIR/../migrations/sqlite/vault");
/// The policies' own store in SQLite.
pub static SQLITE_POLICY: LazyLock<Migrator> = built_in!("$CARGO_MANIFEST_DIR/../migrations/sqlite/policy");
/// The log in PostgreSQL.
pub static POSTGRES_LOG: LazyLock<Migrator> = built_in!("$CARGO_MANIFEST_DIR/../migrations/postgres/log");
/// The vault in PostgreSQL.
pub static POSTGRES_VAULT: LazyLock<Migrator> = built_in!("$CARGO_MANIFEST_DIR/../migrations/postgres/vault");
/// The policies' own store in PostgreSQL.
pub static POSTGRES_POLICY: LazyLock<Migrator> = built_in!("$CARGO_MANIFEST_DIR/../migrations/postgres/policy");

/// As `sqlx::migrate!` would; that macro alone would have the whole of sqlx, SQLite included, compiled a second time for the
/// build machine.
fn migrator(folder: &'static Dir<'static>) -> Migrator {
    Migrator::with_migrations(folder.files().map(migration).collect())
}

/// `0001_event.sql` is version 1, "event".
fn migration(file: &'static File<'static>) -> Migration {
    let name = file.path().file_stem().and_then(|name| name.to_str()).expect("a migration's name is text");
    let (version, description) = name.split_once('_').expect("a migration's name is number_description");
    let version = version.parse().expect("a migration's name begins with its number");
    let sql = file.contents_utf8().expect("a migration is text").into_sql_str();
    Migration::new(version, description.replace('_', " ").into(), MigrationType::Simple, sql, false)
}

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
    /// The role may not migrate, and a migration is missing.
    #[error(
        "the {database} database is at migration {found}, this program needs {needed}, and its role may not migrate; start it \
         once with the owner's URL (database_owner_url, or event_store_owner_url for a log of its own)"
    )]
    Behind {
        /// log, vault or policy
        database: &'static str,
        /// The newest applied migration; 0 where there is none, or where the role may not look.
        found: i64,
        /// The newest that this program knows.
        needed: i64,
    },
    /// It is an incomplete copy of another log.
    #[error(
        "the log is an incomplete copy: run desk copy-log again, which resumes it; after that desk can be started on it"
    )]
    Incomplete,
    /// Something of a log that was used is gone or cannot be read.
    #[error("the log was changed outside desk: {what} is missing or cannot be read")]
    Damaged {
        /// What.
        what: &'static str,
        /// What the database said.
        #[source]
        source: Option<SqlError>,
    },
    /// It is a database, but not of a log.
    #[error("the file is a database, but holds no log")]
    NoLog,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] SqlError),
}

impl MigrationError {
    /// Why a log could not be opened that is there.
    pub(crate) fn unless_damaged(error: SqlError) -> Self {
        if is_damage(&error.0) {
            return Self::Damaged { what: "its identity, or a table,", source: Some(error) };
        }
        Self::Database(error)
    }

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

/// Who has brought a schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrated {
    /// The role that was given.
    ByThisRole,
    /// Another one, the owner: the role that was given may only use it.
    ByAnotherRole,
}

/// Migrates a schema of a PostgreSQL server, creating it first; nodes that start at the same time wait for each other. A role that
/// may use the schema and create nothing only checks that no migration is missing.
///
/// # Errors
/// The schema is from a newer version, a migration fails, or one is missing and the role may not migrate.
pub async fn migrate_postgres(
    database: &'static str,
    schema: &str,
    migrator: &Migrator,
    pool: &sqlx::PgPool,
) -> Result<Migrated, MigrationError> {
    if may_migrate(pool, schema).await? {
        create_schema(pool, schema).await?;
        migrator.run(pool).await.map_err(|error| MigrationError::of(database, error))?;
        return Ok(Migrated::ByThisRole);
    }
    let found = if may_use(pool, schema).await? { applied(pool, schema).await? } else { 0 };
    refuse_newer(database, found, migrator)?;
    let needed = newest(migrator);
    if found < needed {
        return Err(MigrationError::Behind { database, found, needed });
    }
    Ok(Migrated::ByAnotherRole)
}

/// The newest applied migration of a schema in PostgreSQL.
pub(crate) async fn applied(pool: &sqlx::PgPool, schema: &str) -> Result<i64, SqlError> {
    let sql = format!("select coalesce(max(version), 0) from {schema}._sqlx_migrations");
    Ok(sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await?.try_get(0)?)
}

pub(crate) fn refuse_newer(database: &'static str, version: i64, migrator: &Migrator) -> Result<(), MigrationError> {
    if version > newest(migrator) { Err(MigrationError::Newer { database, version }) } else { Ok(()) }
}

fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Whether the role may create tables in the schema, or the schema itself where it is missing.
pub(crate) async fn may_migrate(pool: &sqlx::PgPool, schema: &str) -> Result<bool, SqlError> {
    let sql = "select coalesce(
        (select has_schema_privilege(oid, 'create') from pg_namespace where nspname = $1),
        has_database_privilege(current_database(), 'create'))";
    Ok(sqlx::query(sql).bind(schema).fetch_one(pool).await?.try_get(0)?)
}

async fn may_use(pool: &sqlx::PgPool, schema: &str) -> Result<bool, SqlError> {
    let sql = "select has_schema_privilege(oid, 'usage') from pg_namespace where nspname = $1";
    let row = sqlx::query(sql).bind(schema).fetch_optional(pool).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
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
        Database::Postgres(pool) => migrate_postgres("vault", "vault", &POSTGRES_VAULT, pool).await.map(drop),
    }
}

/// The policies' migrations for either database.
///
/// # Errors
/// As [`migrate_sqlite`] and [`migrate_postgres`].
pub async fn migrate_policy(database: &Database) -> Result<(), MigrationError> {
    match database {
        Database::Sqlite { writer, .. } => migrate_sqlite("policy", &SQLITE_POLICY, writer).await,
        Database::Postgres(pool) => migrate_postgres("policy", "policy", &POSTGRES_POLICY, pool).await.map(drop),
    }
}

/// How many migrations a start would run, without running any. `has_owner` says that another role is given that migrates.
///
/// # Errors
/// The database is from a newer version, or migrations are missing and nobody may run them.
///
/// # Panics
/// `name` is not `log`, `vault` or `policy`.
pub async fn pending(name: &'static str, database: &Database, has_owner: bool) -> Result<usize, MigrationError> {
    let migrator = migrator_of(name, database);
    let (found, may) = match database {
        Database::Sqlite { readers, .. } => (applied_in_file(readers).await?, true),
        Database::Postgres(pool) => {
            let found = if is_migrated(pool, name).await? { applied(pool, name).await? } else { 0 };
            (found, has_owner || may_migrate(pool, name).await?)
        }
    };
    refuse_newer(name, found, migrator)?;
    let count = migrator.iter().filter(|migration| migration.version > found).count();
    if count > 0 && !may {
        return Err(MigrationError::Behind { database: name, found, needed: newest(migrator) });
    }
    Ok(count)
}

fn migrator_of(name: &str, database: &Database) -> &'static Migrator {
    match (name, matches!(database, Database::Postgres(_))) {
        ("log", false) => &SQLITE_LOG,
        ("log", true) => &POSTGRES_LOG,
        ("vault", false) => &SQLITE_VAULT,
        ("vault", true) => &POSTGRES_VAULT,
        ("policy", false) => &SQLITE_POLICY,
        ("policy", true) => &POSTGRES_POLICY,
        (other, _) => unreachable!("there is no database {other}"),
    }
}

async fn applied_in_file(readers: &SqlitePool) -> Result<i64, SqlError> {
    let table = "select 1 from sqlite_master where name = '_sqlx_migrations'";
    if sqlx::query(table).fetch_optional(readers).await?.is_none() {
        return Ok(0);
    }
    let newest = "select coalesce(max(version), 0) from _sqlx_migrations";
    Ok(sqlx::query(newest).fetch_one(readers).await?.try_get(0)?)
}

/// Whether there is a record of migrations that this role may read.
async fn is_migrated(pool: &sqlx::PgPool, schema: &str) -> Result<bool, SqlError> {
    let table = "select 1 from pg_tables where schemaname = $1 and tablename = '_sqlx_migrations'";
    let is_there = sqlx::query(table).bind(schema).fetch_optional(pool).await?.is_some();
    Ok(is_there && may_use(pool, schema).await?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Databases of earlier programs hold version, description and checksum as sqlx itself reads them from the files.
    #[tokio::test]
    async fn migrations_are_what_sqlx_reads_from_the_folders() {
        let ours = [
            ("sqlite/log", &SQLITE_LOG),
            ("sqlite/vault", &SQLITE_VAULT),
            ("sqlite/policy", &SQLITE_POLICY),
            ("postgres/log", &POSTGRES_LOG),
            ("postgres/vault", &POSTGRES_VAULT),
            ("postgres/policy", &POSTGRES_POLICY),
        ];
        let read = |migrator: &Migrator| -> Vec<_> {
            let migrations = migrator
                .iter()
                .map(|one| (one.version, one.description.clone(), one.migration_type, one.checksum.clone(), one.no_tx));
            migrations.collect()
        };
        for (folder, built_in) in ours {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(folder);
            let from_disk = Migrator::new(path).await.unwrap();
            assert!(!read(built_in).is_empty(), "{folder}");
            assert_eq!(read(built_in), read(&from_disk), "{folder}");
        }
    }
}
