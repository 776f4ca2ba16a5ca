//! Notifications between the nodes that share the store, and rows for what is too long for one.
//!
//! Invariant: a row is there before the notification that names it, because both are committed together.

use std::time::Duration;

use event_store::sql::{Database, Listener, Transaction};
use uuid::Uuid;

use super::{ProcessStore, StoreError, lease::database_now};

/// How long a row lives: a node that has not read it by then is far behind, and ephemeral frames are for now.
pub const ROW_LIFETIME: Duration = Duration::from_secs(60);

const INSERT: &str = "insert into ephemeral_frame (id, sealed, created_at) values ($1, $2, $3)";

/// What is told to other nodes at once.
#[derive(Debug, Default)]
pub struct Notices {
    /// Channel and payload; PostgreSQL takes payloads below 8,000 bytes.
    pub payloads: Vec<(String, String)>,
    /// What is too long for one.
    pub rows: Vec<(Uuid, Vec<u8>)>,
}

impl ProcessStore {
    /// Listens to channels; `None` where the store is a file, which no other node has.
    ///
    /// # Errors
    /// The database is away.
    pub async fn listen(&self, channels: &[&str]) -> Result<Option<Listener>, StoreError> {
        Ok(self.0.listen("desk ephemeral frames", channels).await?)
    }

    /// Whether several nodes may share the store.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Database::Postgres(_))
    }

    /// Notifies.
    ///
    /// # Errors
    /// The database is away.
    pub async fn notify(&self, notices: &Notices) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        let now = milliseconds(&mut tx).await?;
        for (id, sealed) in &notices.rows {
            tx.execute(INSERT, &[(*id).into(), (&**sealed).into(), now.into()]).await?;
        }
        for (channel, payload) in &notices.payloads {
            tx.fetch("select 1 from pg_notify($1, $2)", &[(&**channel).into(), (&**payload).into()]).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A row, unless its time is over.
    ///
    /// # Errors
    /// The database is away.
    pub async fn ephemeral_row(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.0.fetch("select sealed from ephemeral_frame where id = $1", &[id.into()]).await?;
        Ok(rows.first().map(|row| row.bytes(0)).transpose()?)
    }

    /// Removes rows whose time is over.
    ///
    /// # Errors
    /// The database is away.
    pub async fn remove_old_ephemeral_rows(&self) -> Result<(), StoreError> {
        let mut tx = self.0.begin().await?;
        let lifetime = i64::try_from(ROW_LIFETIME.as_millis()).expect("a minute");
        let over = milliseconds(&mut tx).await? - lifetime;
        tx.execute("delete from ephemeral_frame where created_at < $1", &[over.into()]).await?;
        Ok(tx.commit().await?)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^63")]
async fn milliseconds(tx: &mut Transaction) -> Result<i64, StoreError> {
    Ok((database_now(tx).await? * 1000.0).round() as i64)
}
