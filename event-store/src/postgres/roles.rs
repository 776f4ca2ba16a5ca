//! Two roles: the owner makes and migrates the tables, the program's own role may do with them only what it must. So a
//! program that is broken into cannot drop the guards, and cannot change or delete what was recorded.
//!
//! Invariant: granting again changes nothing, and takes away what was granted beyond.

use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Transaction, postgres::PgConnectOptions};

use crate::sql::SqlError;

/// What the program's role may do with the tables of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// The log: select everything, insert events, move the head.
    AppendEvents,
    /// Any other room: select, insert, update and delete, but not the record of migrations.
    ReadAndWrite,
}

/// The role that a URL connects as.
///
/// # Errors
/// The URL is malformed.
pub fn role_of(url: &str) -> Result<String, SqlError> {
    Ok(url.parse::<PgConnectOptions>()?.get_username().to_owned())
}

/// Gives the program's role exactly these rights on a schema whose migrations the owner has run. For start-up code, after
/// the migrations of `vault` and `policy`; the log grants its own when it is opened.
///
/// # Errors
/// The role is unknown, or the pool's role does not own the schema.
pub async fn grant_room(owner: &PgPool, schema: &str, app_role: &str, rights: Rights) -> Result<(), SqlError> {
    let (schema, role) = (quoted(schema), quoted(app_role));
    let tables = format!("all tables in schema {schema}");
    let common = [
        format!("revoke all on schema {schema} from {role}"),
        format!("revoke all on {tables} from {role}"),
        format!("grant usage on schema {schema} to {role}"),
        format!("grant select on {tables} to {role}"),
    ];
    let own = match rights {
        Rights::AppendEvents => vec![
            format!("grant insert on {schema}.event to {role}"),
            format!("grant update (position, recorded_at, hash) on {schema}.head to {role}"),
        ],
        Rights::ReadAndWrite => vec![
            format!("grant insert, update, delete on {tables} to {role}"),
            format!("revoke insert, update, delete on {schema}._sqlx_migrations from {role}"),
            format!("grant usage on all sequences in schema {schema} to {role}"),
        ],
    };
    run(owner, common.into_iter().chain(own)).await
}

/// Lets the program's role make schemas of its own in the database, as each generation of views is one.
///
/// # Errors
/// The role is unknown, or the pool's role does not own the database.
pub async fn grant_new_schemas(owner: &PgPool, app_role: &str) -> Result<(), SqlError> {
    let database: String = sqlx::query("select current_database()::text").fetch_one(owner).await?.try_get(0)?;
    run(owner, [format!("grant create on database {} to {}", quoted(&database), quoted(app_role))]).await
}

/// Whether the pool's role uses the schema without owning it: it may create nothing there.
pub(super) async fn may_only_use(pool: &PgPool, schema: &str) -> Result<bool, SqlError> {
    let sql = "select has_schema_privilege(oid, 'usage') and not has_schema_privilege(oid, 'create')
         from pg_namespace where nspname = $1";
    let row = sqlx::query(sql).bind(schema).fetch_optional(pool).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
}

/// In one transaction, so that nobody sees the rights half taken away; behind a lock, for two nodes that grant at once
/// would collide in the catalogue.
async fn run(owner: &PgPool, statements: impl IntoIterator<Item = String>) -> Result<(), SqlError> {
    let mut tx: Transaction<'static, Postgres> = owner.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtext('fiido-desk grants'))").execute(&mut *tx).await?;
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
