//! What the tests share: a server on a folder of its own, events to write, and a limit on everything that is waited for.

use std::time::Duration;

use eventstore::{Client, EventData};
use protocol_server::{Options, Server};
use tempfile::TempDir;
use uuid::Uuid;

/// The longest that anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A server, and the folder that goes away with it.
pub(crate) struct Started {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

pub(crate) fn start() -> Started {
    start_with(Options::default())
}

pub(crate) fn start_with(options: Options) -> Started {
    let folder = tempfile::tempdir().unwrap();
    Started { server: Server::start(folder.path(), options).unwrap(), folder }
}

impl Started {
    pub(crate) fn client(&self) -> Client {
        client(&self.server.url())
    }
}

pub(crate) fn client(url: &str) -> Client {
    Client::new(url.parse().unwrap()).unwrap()
}

pub(crate) fn event(number: u32) -> EventData {
    event_with_id(number, Uuid::new_v4())
}

pub(crate) fn event_with_id(number: u32, id: Uuid) -> EventData {
    EventData::json("counted", &serde_json::json!({ "number": number })).unwrap().id(id)
}

pub(crate) fn events(numbers: std::ops::Range<u32>) -> Vec<EventData> {
    numbers.map(event).collect()
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("it takes too long")
}
