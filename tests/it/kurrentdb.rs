//! The KurrentDB adapter on the protocol test server (`tests/protocol-server`, which is not KurrentDB): every promise of the port,
//! and faults of network, cluster and operator.

mod cluster;
mod conformance;
mod foreign;
mod importing;
mod limits;
mod names;
mod opening;
mod outages;
mod outcomes;
mod positions;
mod program;
mod reads;
mod sockets;
mod truncations;

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use event_store::{
    Position, SealedEvent, StreamName,
    kurrentdb::{KurrentLog, KurrentSettings},
};
use protocol_server::{Options, Server};
use tempfile::TempDir;
use testkit::sealed_event;
use uuid::Uuid;

/// Timeout of everything here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server with its own folder.
pub(crate) struct Fixture {
    server: Mutex<Server>,
    _folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { server: Mutex::new(Server::start(folder.path(), options).unwrap()), _folder: folder }
    }

    pub(crate) fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    pub(crate) fn settings(&self) -> KurrentSettings {
        KurrentSettings::parse(&self.server().url()).unwrap()
    }

    pub(crate) async fn log(&self) -> Arc<KurrentLog> {
        Arc::new(KurrentLog::open(self.settings()).await.unwrap())
    }

    /// A plain client, for the actions of operators and other programs.
    fn client(&self, credentials: &str) -> eventstore::Client {
        eventstore::Client::new(self.server().url_with(credentials).parse().unwrap()).unwrap()
    }

    /// Writes an event past the adapter; returns its position.
    async fn write(&self, stream: &str, event_type: &str, data: &serde_json::Value) -> Position {
        self.write_as("", stream, event_type, data).await
    }

    async fn write_as(&self, credentials: &str, stream: &str, event_type: &str, data: &serde_json::Value) -> Position {
        let event = eventstore::EventData::json(event_type, data).unwrap();
        let written = self.client(credentials).append_to_stream(stream, &Default::default(), event).await.unwrap();
        Position(written.position.commit)
    }
}

fn events(count: usize) -> Vec<SealedEvent> {
    (0..count).map(|_| sealed_event()).collect()
}

fn new_stream() -> StreamName {
    StreamName::of("session", Uuid::new_v4())
}
