//! The log in KurrentDB (EventStoreDB): each stream under its own name, version n at revision n - 1, the commit position as
//! position. Only the log is stored there.
//!
//! The server assigns positions, and there are no transactions across streams. Promises of the port that the server does not give
//! itself are kept by reading back (`writer.rs`), by an index of each stream (`stream_index.rs`), and by streams whose first event
//! decides (`reservations.rs`, `identity.rs`). [`Positions::Increasing`] documents what is weaker than in a dense log.
//!
//! Invariants: events are stored as the bytes that were hashed (`codec.rs`); stream metadata are never written, so our events are
//! never scavenged; reads that decisions depend on come from the leader. `docs/kurrentdb.md` is for operators.

mod codec;
mod connection;
mod fault;
mod identity;
mod import;
mod live;
mod look;
mod names;
mod no_delay;
mod read;
mod reader;
mod recall;
mod reservations;
mod rival;
mod searched;
mod settings;
mod spin_guard;
mod steps;
mod stream_index;
mod truncations;
mod watch;
mod writer;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    migration::MigrationError,
    port::{
        AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Positions, ReadError,
        RecordedEnd, Truncation, reads_through_its_reader,
    },
    reach::Unreachable,
    sequencer::Request,
};

use connection::Connection;
use fault::Fault;
use reader::KurrentReader;
use writer::KurrentWriter;

pub use import::KurrentImport;
pub use names::is_ours;
pub use settings::{KurrentSettings, MAX_APPEND_BYTES, SettingsError};

/// Limit of each call while opening.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
/// How long a server that may just be starting is asked again while opening.
const PATIENCE: Duration = Duration::from_secs(1);
/// The oldest supported version: older servers do not return the log position of a stream's events.
const OLDEST: (usize, usize) = (22, 10);

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum KurrentError {
    /// The URL or the credentials are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// It cannot be reached, or is set up otherwise than the URL says.
    #[error(transparent)]
    Unreachable(Unreachable),
    /// The server did not answer.
    #[error("KurrentDB is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Credentials or certificates cannot be used.
    #[error("no connection to KurrentDB can be made: {0}")]
    NoClient(String),
    /// User and password are wrong, or lack rights.
    #[error("KurrentDB denies access: docs/kurrentdb.md lists the rights that its user needs")]
    AccessDenied,
    /// The server is too old.
    #[error("KurrentDB is of version {found}, and {}.{} or newer is needed", OLDEST.0, OLDEST.1)]
    TooOld {
        /// Its version.
        found: String,
    },
    /// It contains no log.
    #[error("there is no log of Fiido Desk in this KurrentDB")]
    NoLog,
    /// It contains events but no identity.
    #[error(
        "this KurrentDB holds events in streams named like ours but no identity: restore the stream {}, or use another database",
        read::IDENTITY
    )]
    Nameless,
    /// It is an incomplete copy of another log.
    #[error(transparent)]
    Incomplete(#[from] MigrationError),
    /// The identity stream has other content.
    #[error("the stream {} does not hold the identity of a log", read::IDENTITY)]
    Identity,
}

impl From<Fault> for KurrentError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoClient(what) => Self::NoClient(what),
            fault if fault.is_access_denied() => Self::AccessDenied,
            fault => Self::Unavailable(Arc::new(fault)),
        }
    }
}

impl KurrentError {
    /// Whether waiting may help: a server that is being started, not one that is set up otherwise.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(unreachable) => unreachable.may_pass(),
            Self::Unavailable(_) => true,
            Self::Settings(_)
            | Self::NoClient(_)
            | Self::AccessDenied
            | Self::TooOld { .. }
            | Self::NoLog
            | Self::Nameless
            | Self::Incomplete(_)
            | Self::Identity => false,
        }
    }
}

/// A log in a server or cluster that several nodes share.
#[derive(Clone)]
pub struct KurrentLog {
    reader: KurrentReader,
    writer: KurrentWriter,
}

impl KurrentLog {
    /// Opens the log, or creates one in a database without a log.
    ///
    /// # Errors
    /// The server cannot be reached, is too old or denies access, or its log has no identity or is an incomplete copy.
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

    /// Asks the server whether a log could be opened there, and changes nothing.
    ///
    /// # Errors
    /// The server cannot be reached, is too old or denies access; its leader does not answer.
    pub async fn check_server(settings: KurrentSettings) -> Result<(), KurrentError> {
        let connection = Connection::new(settings, true);
        refuse_older(&connection).await?;
        identity::read(&connection).await.map(drop)
    }

    /// Opens an existing log read-only, on the node that the URL prefers; works while nodes write it, and for a user who may
    /// only read.
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

/// A reader that is notified of new events.
async fn watching(connection: Connection, identity: Identity) -> Result<KurrentReader, KurrentError> {
    let reader = KurrentReader::new(connection, identity);
    reader.find_end().await?;
    watch::start(&reader);
    Ok(reader)
}

/// Also waits a while for a server that is starting.
async fn refuse_older(connection: &Connection) -> Result<(), KurrentError> {
    let began = Instant::now();
    let version = loop {
        match connection.call(OPEN_LIMIT, |lent| async move { lent.client.server_info().await }).await {
            Ok(info) => break info.version(),
            Err(fault) if matches!(fault, Fault::NoClient(_)) || fault.is_access_denied() => return Err(fault.into()),
            Err(fault) => {
                let (client, _) = connection.settings().for_client()?;
                let unreachable = look::look(&client, &fault).await;
                if !unreachable.may_pass() || began.elapsed() >= PATIENCE {
                    return Err(KurrentError::Unreachable(unreachable));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
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
        if !is_ours(stream) {
            return Err(AppendError::Refused("goes to a stream whose name is of no form of this program"));
        }
        self.writer.append(Request { stream: stream.clone(), expected, events }).await
    }

    async fn raise_generation(&self) -> Result<Identity, AppendError> {
        let unavailable = |error: KurrentError| AppendError::Unavailable(Arc::new(error));
        let Identity { log_id, generation } =
            self.identity().await.map_err(|e| AppendError::Unavailable(Arc::new(e)))?;
        let raised = Identity { log_id, generation: generation + 1 };
        let stored = identity::Stored::complete(raised);
        identity::update(&self.reader.connection, stored).await.map_err(unavailable)?;
        Ok(raised)
    }

    async fn probe_write(&self) -> Result<(), AppendError> {
        identity::probe_write(&self.reader.connection).await.map_err(AppendError::from)
    }

    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        reservations::reserve(&self.reader.connection, event_id, stream).await
    }
}
