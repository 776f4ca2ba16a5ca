//! What is asked of a PostgreSQL server before anything is opened on it: that it answers, keeps any text, and keeps what it has
//! acknowledged.
//!
//! Invariant: an error names host and port, and no password. It is asked by one connection, not by a pool, which would say no more
//! than that it has waited.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    postgres::{
        PostgresError,
        session::{CONNECT, refuse_unsafe},
    },
    sql::SqlError,
};

/// How long a server that is just starting is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// The oldest version, as `server_version_num` writes it.
const OLDEST: i32 = 150_000;
/// Stores any text of ours.
const ENCODING: &str = "UTF8";

/// Refuses a server that cannot be reached, is too old, does not keep texts in UTF-8, or could lose what it has acknowledged.
///
/// # Errors
/// As above; a server that refuses connections or is just starting is asked again for 5 s.
pub async fn check_server(url: &str) -> Result<(), PostgresError> {
    let options: PgConnectOptions = url.parse().map_err(SqlError)?;
    let mut connection = connect(&options).await?;
    let asked = "select current_setting('server_version_num')::int, current_setting('server_encoding'), version()";
    let row = sqlx::query(asked).fetch_one(&mut connection).await.map_err(SqlError)?;
    let encoding: String = row.try_get(1).map_err(SqlError)?;
    if row.try_get::<i32, _>(0).map_err(SqlError)? < OLDEST {
        return Err(PostgresError::TooOld { found: row.try_get(2).map_err(SqlError)? });
    }
    if encoding != ENCODING {
        return Err(PostgresError::Encoding { at: place(&options), encoding });
    }
    refuse_unsafe(&mut connection).await?;
    // Whether this connection ends in order matters to nobody.
    drop(connection.close().await);
    Ok(())
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, PostgresError> {
    let began = Instant::now();
    loop {
        let reason = match timeout(CONNECT, options.connect()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) if may_come(&error) && began.elapsed() < PATIENCE => {
                sleep(TRY_AGAIN).await;
                continue;
            }
            Ok(Err(error)) => reason_of(&error),
            Err(_elapsed) => format!("no answer within {} s", CONNECT.as_secs()),
        };
        return Err(PostgresError::Unreachable { at: place(options), reason });
    }
}

/// Refused connections, and servers that start or stop (57P03, 57P01).
fn may_come(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code == "57P03" || code == "57P01"),
        _other => false,
    }
}

fn reason_of(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

/// `host:port/database as role`.
fn place(options: &PgConnectOptions) -> String {
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let (port, role) = (options.get_port(), options.get_username());
    format!("{host}:{port}/{} as {role}", options.get_database().unwrap_or(role))
}
