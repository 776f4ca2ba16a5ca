//! Two roles: the owner creates and migrates the tables; the program's role only gets the rights it needs. An attacker who controls
//! the program cannot drop the triggers, or change or delete recorded events.
//!
//! Invariant: granting is idempotent, and revokes any other rights.

use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Transaction, postgres::PgConnectOptions};

use crate::sql::SqlError;

/// Rights of the program's role on the tables of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// The log: select everything, insert events, move the head.
    AppendEvents,
    /// Any other schema: select, insert, update and delete, except for the record of migrations.
    ReadAndWrite,
}

/// The role that a URL connects as.
///
/// # Errors
/// The URL is malformed.
pub fn role_of(url: &str) -> Result<String, SqlError> {
    Ok(url.parse::<PgConnectOptions>()?.get_username().to_owned())
}

/// Grants the program's role exactly these rights on a schema that the owner has migrated. For start-up, after the migrations of
/// `vault` and `policy`; opening the log grants the log's rights.
///
/// # Errors
/// The role is unknown, or the pool's role does not own the schema.
pub async fn grant_schema(owner: &PgPool, schema: &str, app_role: &str, rights: Rights) -> Result<(), SqlError> {
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

/// Allows the program's role to create schemas in the database: each view generation is one.
///
/// # Errors
/// The role is unknown, or the pool's role does not own the database.
pub async fn grant_new_schemas(owner: &PgPool, app_role: &str) -> Result<(), SqlError> {
    let database: String = sqlx::query("select current_database()::text").fetch_one(owner).await?.try_get(0)?;
    run(owner, [format!("grant create on database {} to {}", quoted(&database), quoted(app_role))]).await
}

/// In one transaction, so that rights are never partly revoked, and under a lock, because two nodes that grant at the same time
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
