//! What metrics and the detailed health ask the process managers' store.

use std::collections::BTreeMap;

use commands::{
    Node,
    process::{ProcessStore, Processes, StoreError},
};
use event_store::Clock;

/// The process managers' store, and the names of those that this node runs.
pub struct BackgroundWork {
    store: ProcessStore,
    processes: Vec<&'static str>,
    deliveries: Vec<String>,
}

impl BackgroundWork {
    /// These processes and their store.
    #[must_use]
    pub fn of(store: ProcessStore, processes: &Processes) -> Self {
        let names = processes.statuses().into_iter().map(|(name, _)| name).collect();
        Self { store, processes: names, deliveries: processes.deliveries() }
    }

    /// A store that nothing works with.
    #[must_use]
    pub fn none(store: ProcessStore) -> Self {
        Self { store, processes: Vec::new(), deliveries: Vec::new() }
    }

    /// Of each process whether this node holds its lease.
    pub(super) async fn leases(&self, node: &Node) -> Result<BTreeMap<String, bool>, StoreError> {
        let held = self.store.held_leases(node).await?;
        let is_held = |name: &&str| held.iter().any(|one| one == name);
        Ok(self.processes.iter().map(|name| ((*name).to_owned(), is_held(name))).collect())
    }

    /// How many seconds the oldest item of each kind has waited.
    pub(super) async fn oldest_items(&self, clock: &dyn Clock) -> Result<BTreeMap<String, f64>, StoreError> {
        let oldest = self.store.oldest_items().await?;
        let now = clock.now();
        let idle = self.deliveries.iter().map(|kind| (kind.clone(), 0.0));
        let waited = oldest.into_iter().map(|(kind, since)| (kind, now.duration_since(since).as_secs_f64().max(0.0)));
        Ok(idle.chain(waited).collect())
    }
}
