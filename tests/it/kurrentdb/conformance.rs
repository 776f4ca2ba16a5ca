//! The promises of the port, as on every adapter.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_store::{EventStore, conformance::Fresh};

use super::Ground;

/// A server for each log; the last is started again, and so is the log.
#[derive(Default)]
struct OnTheServer {
    last: Mutex<Option<Arc<Ground>>>,
}

#[async_trait]
impl Fresh for OnTheServer {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        let ground = Arc::new(Ground::new());
        *self.last.lock().unwrap() = Some(ground.clone());
        ground.log().await
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        let ground = self.last.lock().unwrap().clone().unwrap();
        ground.server().restart().unwrap();
        Some(ground.log().await)
    }
}

event_store::conformance_suite!(OnTheServer::default());
