//! Listening to PostgreSQL's notifications, on a connection of its own.
//!
//! Invariant: a connection that is lost is an error, so that whoever listens knows that notifications may have been missed.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::{Database, SqlError};

/// Limit for connecting.
const CONNECT: Duration = Duration::from_secs(3);

/// Hears notifications of some channels.
pub struct Listener(PgListener);

impl Database {
    /// Listens to these channels, under this application name; `None` for a file, which has no notifications.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn listen(&self, name: &str, channels: &[&str]) -> Result<Option<Listener>, SqlError> {
        let Self::Postgres(pool) = self else { return Ok(None) };
        let options = (*pool.connect_options()).clone().application_name(name);
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&own).await?;
        listener.eager_reconnect(false);
        listener.listen_all(channels.iter().copied()).await?;
        Ok(Some(Listener(listener)))
    }
}

impl Listener {
    /// The payload of the next notification. May be given up and called again.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn next(&mut self) -> Result<String, SqlError> {
        match self.0.try_recv().await? {
            Some(heard) => Ok(heard.payload().to_owned()),
            None => Err(SqlError(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()))),
        }
    }
}
