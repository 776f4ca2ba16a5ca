//! A place for a log of KurrentDB's protocol: the protocol test server (`tests/protocol-server`), which is **not** KurrentDB,
//! in this process, over a folder of its own.
//!
//! Invariant: a server goes with the last value that holds it, and so does a folder that it made.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use protocol_server::{Options, Server};
use tempfile::TempDir;

/// A running server.
#[derive(Clone)]
pub struct Kurrent(Arc<Inner>);

struct Inner {
    // Before the folder that it writes to.
    server: Mutex<Server>,
    _folder: Option<TempDir>,
}

impl Kurrent {
    /// Starts a server that nobody else uses.
    ///
    /// # Panics
    /// It cannot listen, or write.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let server = Server::start(folder.path(), Options::default()).expect("the server starts");
        Self(Arc::new(Inner { server: Mutex::new(server), _folder: Some(folder) }))
    }

    /// Starts one in a folder that somebody else keeps.
    ///
    /// # Panics
    /// It cannot listen, or write.
    #[must_use]
    pub fn start_in(folder: &Path) -> Self {
        let server = Server::start(folder, Options::default()).expect("the server starts");
        Self(Arc::new(Inner { server: Mutex::new(server), _folder: None }))
    }

    /// Where it is, as desk takes it.
    #[must_use]
    pub fn url(&self) -> String {
        self.server().url()
    }

    /// The server, to ask for faults.
    ///
    /// # Panics
    /// Somebody panicked with it.
    pub fn server(&self) -> MutexGuard<'_, Server> {
        self.0.server.lock().expect("nobody panics with the server")
    }

    /// Stops it and starts it again on the same events.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&self) {
        self.server().restart().expect("the server starts again");
    }

    /// It is gone: connections are cut and refused.
    pub fn go_away(&self) {
        self.server().go_down_everywhere();
    }

    /// It is back.
    ///
    /// # Panics
    /// Its port is taken.
    pub fn come_back(&self) {
        self.server().listen_everywhere().expect("its port is still its own");
    }
}
