//! What is asked of a PostgreSQL server before anything is opened on it: that it answers, keeps any text, and keeps what it has
//! acknowledged.
//!
//! Invariant: an error names host and port, and no password. It is asked by one connection, not by a pool, which would say no more
//! than that it has waited.

use std::io;

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, Row as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::{
    postgres::{
        PostgresError,
        session::{CONNECT, refuse_unsafe},
    },
    reach::{self, Cause, LOOK, Unreachable},
    sql::{SqlError, connect_options},
};

/// The oldest version, as `server_version_num` writes it.
const OLDEST: i32 = 150_000;
/// Stores any text of ours.
const ENCODING: &str = "UTF8";
/// Asks a server whether it speaks TLS (`SSLRequest` of its protocol); `S` and `N` are its answers.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Refuses a server that cannot be reached, is too old, does not keep texts in UTF-8, or could lose what it has acknowledged.
///
/// # Errors
/// As above, or the URL is none.
pub async fn check_server(url: &str) -> Result<(), PostgresError> {
    let options = options(url)?;
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

/// Refuses a server that cannot be reached.
///
/// # Errors
/// As above, or the URL is none.
pub(super) async fn reach(url: &str) -> Result<(), PostgresError> {
    drop(connect(&options(url)?).await?.close().await);
    Ok(())
}

/// Why there is no connection, if there is none.
pub(crate) async fn why_unreachable(options: &PgConnectOptions) -> Option<Unreachable> {
    match connect(options).await {
        Ok(connection) => {
            drop(connection.close().await);
            None
        }
        Err(unreachable) => Some(unreachable),
    }
}

fn options(url: &str) -> Result<PgConnectOptions, PostgresError> {
    connect_options(url).map_err(|error| match error {
        SqlError(sqlx::Error::Configuration(fault)) => PostgresError::Url(fault.to_string()),
        error => error.into(),
    })
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Unreachable> {
    let cause = match timeout(CONNECT, options.connect()).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => cause_of(&error, options).await,
        Err(_elapsed) => Cause::Silent(CONNECT),
    };
    Err(Unreachable::at("PostgreSQL", place(options), cause))
}

/// What the server itself says counts; the driver's other errors say too little.
async fn cause_of(error: &sqlx::Error, options: &PgConnectOptions) -> Cause {
    match error {
        // A server that starts (57P03) or stops (57P01, 57P02).
        sqlx::Error::Database(said) if said.code().is_some_and(|code| code.starts_with("57P")) => {
            Cause::NotReady(said.message().to_owned())
        }
        sqlx::Error::Database(said) => Cause::Refused(said.message().to_owned()),
        sqlx::Error::Io(said) => look(options).await.err().unwrap_or_else(|| of_io(said)),
        sqlx::Error::Tls(said) => look(options).await.err().unwrap_or_else(|| Cause::Untrusted(said.to_string())),
        other => look(options).await.err().unwrap_or_else(|| Cause::Refused(other.to_string())),
    }
}

/// Where the look found nothing wrong: the handshake failed, or the server went away in the middle.
fn of_io(said: &io::Error) -> Cause {
    match said.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Cause::Untrusted(said.to_string()),
        _other => Cause::of_connecting(said),
    }
}

/// Asks for TLS, which any PostgreSQL answers by one letter.
async fn look(options: &PgConnectOptions) -> Result<(), Cause> {
    if let Some(socket) = options.get_socket() {
        let connected = tokio::net::UnixStream::connect(socket.join(format!(".s.PGSQL.{}", options.get_port()))).await;
        return connected.map(drop).map_err(|error| Cause::NoSocket(error.to_string()));
    }
    let mut connection = reach::connect(options.get_host(), options.get_port()).await?;
    let mut answer = [0];
    let asking = async {
        connection.write_all(&TLS_REQUEST).await?;
        connection.read_exact(&mut answer).await
    };
    match timeout(LOOK, asking).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(Cause::of_connecting(&error)),
        Err(_elapsed) => return Err(Cause::Silent(LOOK)),
    }
    let wants_tls = !matches!(options.get_ssl_mode(), PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer);
    match answer {
        [b'N'] if wants_tls => Err(Cause::NoTls),
        [b'S' | b'N'] => Ok(()),
        _other => Err(Cause::OtherProtocol),
    }
}

/// `host:port/database as role`.
fn place(options: &PgConnectOptions) -> String {
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let (port, role) = (options.get_port(), options.get_username());
    format!("{host}:{port}/{} as {role}", options.get_database().unwrap_or(role))
}
