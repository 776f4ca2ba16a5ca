//! The conformance suite on PostgreSQL, each promise on its own database.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_store::{EventStore, conformance::Fresh};
use tests::postgres::{FreshDatabase, Postgres};

/// Logs in databases of the shared server.
#[derive(Default)]
pub(crate) struct InPostgres {
    last: Mutex<Option<FreshDatabase>>,
}

#[async_trait]
impl Fresh for InPostgres {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        let database = Postgres::shared().await.fresh_database().await;
        *self.last.lock().expect("no check panics while it holds this lock") = Some(database.clone());
        Arc::new(database.open().await)
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        let database = self.last.lock().expect("no check panics while it holds this lock").clone();
        Some(Arc::new(database?.open().await))
    }
}

event_store::conformance_suite!(InPostgres::default());
