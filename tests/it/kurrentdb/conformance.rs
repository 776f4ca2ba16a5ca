//! The conformance suite of the port.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_store::{EventStore, conformance::Fresh};

use super::Fixture;

/// A server for each log; reopening restarts the last server.
#[derive(Default)]
struct OnTheServer {
    last: Mutex<Option<Arc<Fixture>>>,
}

#[async_trait]
impl Fresh for OnTheServer {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        let fixture = Arc::new(Fixture::new());
        *self.last.lock().unwrap() = Some(fixture.clone());
        fixture.log().await
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        let fixture = self.last.lock().unwrap().clone().unwrap();
        fixture.server().restart().unwrap();
        Some(fixture.log().await)
    }
}

event_store::conformance_suite!(OnTheServer::default());
