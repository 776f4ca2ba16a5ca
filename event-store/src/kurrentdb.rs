//! The log in KurrentDB (EventStoreDB): a stream for each of ours under the same name, version n at revision n - 1, the commit
//! position as position. It holds the log and nothing else.
//!
//! Nobody numbers here but the server, and no transaction is shared with anything; what the port promises beyond the server's own
//! promises is made up of reading back (`writer.rs`), of knowing streams (`stream_index.rs`) and of streams with one first event
//! (`reservations.rs`, `identity.rs`). What holds less than in a dense log stands at [`Positions::Increasing`].
//!
//! Invariants: stored bytes are ours as they were hashed (`codec.rs`); a stream's metadata are never written, so nothing of ours
//! may ever be scavenged; what decisions are made from is read from the leader. `docs/kurrentdb.md` is for operators.

mod codec;
mod connection;
mod fault;
mod identity;
mod import;
mod read;
mod reader;
mod reservations;
mod settings;
mod spin_guard;
mod stream_index;
mod truncations;
mod watch;
mod writer;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    migration::MigrationError,
    port::{
        AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Positions, ReadError,
        RecordedEnd, Truncation, reads_through_its_reader,
    },
    sequencer::Request,
};

use connection::Connection;
use fault::Fault;
use reader::KurrentReader;
use writer::KurrentWriter;

pub use import::KurrentImport;
pub use settings::{KurrentSettings, MAX_APPEND_BYTES, SettingsError};

/// How long the server may take for each question at the start.
const OPENS_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked whether it is there.
const TRIES: u32 = 5;
/// Older servers do not tell where in the log a stream's events are.
const OLDEST: (usize, usize) = (22, 10);

/// Why the log was not opened.
#[derive(Debug, thiserror::Error)]
pub enum KurrentError {
    /// The URL or the credentials.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The server cannot be reached or did not answer.
    #[error("KurrentDB is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// User and password are not right, or may not do what is needed.
    #[error("KurrentDB denies access: docs/kurrentdb.md says what its user must be allowed")]
    AccessDenied,
    /// The server lacks what is needed.
    #[error("KurrentDB is of version {found}, and {}.{} or newer is needed", OLDEST.0, OLDEST.1)]
    TooOld {
        /// What it says to be.
        found: String,
    },
    /// There is nothing of ours to read.
    #[error("there is no log of Fiido Desk in this KurrentDB")]
    NoLog,
    /// Events stand there, and nothing says which log they are of.
    #[error(
        "this KurrentDB holds events under names like ours and no identity: restore the stream {}, or name another",
        read::IDENTITY
    )]
    Nameless,
    /// It is being filled from another log, or that was interrupted.
    #[error(transparent)]
    Incomplete(#[from] MigrationError),
    /// What says which log it is says something else.
    #[error("the stream {} does not say which log this is", read::IDENTITY)]
    Identity,
}

impl From<Fault> for KurrentError {
    fn from(fault: Fault) -> Self {
        if fault.is_access_denied() { Self::AccessDenied } else { Self::Unavailable(Arc::new(fault)) }
    }
}

/// A log in a server or cluster that several nodes share.
#[derive(Clone)]
pub struct KurrentLog {
    reader: KurrentReader,
    writer: KurrentWriter,
}

impl KurrentLog {
    /// Opens the log; begins one in a database that has none.
    ///
    /// # Errors
    /// The server cannot be reached, is too old, denies access, its log cannot be told, or is a copy that is not whole.
    pub async fn open(settings: KurrentSettings) -> Result<Self, KurrentError> {
        Self::open_with(settings, SystemClock::shared()).await
    }

    /// Opens the log with another clock.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(settings: KurrentSettings, clock: Arc<dyn Clock>) -> Result<Self, KurrentError> {
        let connection = Connection::new(settings, true);
        refuse_older(&connection).await?;
        let stored = identity::ensure(&connection).await?;
        if stored.is_being_filled {
            return Err(MigrationError::Incomplete.into());
        }
        let identity = stored.identity();
        let reader = watching(connection, identity).await?;
        let writer = KurrentWriter::new(reader.clone(), clock);
        Ok(Self { reader, writer })
    }

    /// Opens an existing log for reading only, from whichever node the URL prefers; works while nodes write it, and for a
    /// user who may only read.
    ///
    /// # Errors
    /// As [`Self::open`]; there is no log.
    pub async fn open_reader(settings: KurrentSettings) -> Result<Arc<dyn EventReader>, KurrentError> {
        let connection = Connection::new(settings, false);
        refuse_older(&connection).await?;
        let (stored, _) = identity::read(&connection).await?.ok_or(KurrentError::NoLog)?;
        let identity = stored.identity();
        Ok(Arc::new(watching(connection, identity).await?))
    }
}

/// A reader that hears of news.
async fn watching(connection: Connection, identity: Identity) -> Result<KurrentReader, KurrentError> {
    let reader = KurrentReader::new(connection.clone(), identity);
    reader.announce(reader.last().await?);
    watch::start(connection, reader.downgrade());
    Ok(reader)
}

/// Also waits a while for a server that is just starting.
async fn refuse_older(connection: &Connection) -> Result<(), KurrentError> {
    let mut tries = 0;
    let version = loop {
        tries += 1;
        match connection.call(OPENS_WITHIN, |lent| async move { lent.client.server_info().await }).await {
            Ok(info) => break info.version(),
            Err(Fault::NoClient(what)) => return Err(Fault::NoClient(what).into()),
            Err(fault) if tries == TRIES => return Err(fault.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    if (version.major(), version.minor()) < OLDEST {
        return Err(KurrentError::TooOld { found: version.to_string() });
    }
    Ok(())
}

reads_through_its_reader!(KurrentLog);

#[async_trait]
impl EventStore for KurrentLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        self.writer.append(Request { stream: stream.clone(), expected, events }).await
    }

    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        reservations::reserve(&self.reader.connection, event_id, stream).await
    }
}
