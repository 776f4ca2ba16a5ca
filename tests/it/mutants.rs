//! Mutation tests of the conformance suite: one log per fault, and for each fault the promises that must fail on it. A promise that
//! no fault breaks is itself a failure.

mod fault;
mod files;
mod judging;
mod reading;
mod store;

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use event_store::{
    EventStore, Positions,
    conformance::{Fresh, check, promises},
};
use futures::FutureExt;

use self::{
    fault::{BREAKS, Fault},
    store::Breakable,
};

/// Logs with one fault, or none.
struct Broken {
    fault: Option<Fault>,
    positions: Positions,
    last: Mutex<Option<Breakable>>,
}

impl Broken {
    fn by(fault: Option<Fault>, positions: Positions) -> Self {
        Self { fault, positions, last: Mutex::default() }
    }
}

#[async_trait]
impl Fresh for Broken {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        let store = Breakable::new(self.fault, self.positions);
        *self.last.lock().unwrap() = Some(store.clone());
        Arc::new(store)
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        let again = self.last.lock().unwrap().as_ref().unwrap().reopened();
        Some(Arc::new(again))
    }

    fn patience(&self) -> Duration {
        if self.fault.is_some() { Duration::from_secs(2) } else { Duration::from_secs(20) }
    }
}

/// Each of these promises must fail on such logs.
async fn must_break<F: Fresh + 'static>(make: impl Fn() -> F, names: &[&str]) {
    assert!(!names.is_empty());
    for name in names {
        assert!(promises().iter().any(|promise| promise.name == *name), "there is no promise {name}");
        let outcome = AssertUnwindSafe(check(name, Arc::new(make()))).catch_unwind().await;
        assert!(outcome.is_err(), "{name} holds although it is broken");
    }
}

#[test]
fn every_seeded_fault_breaks_its_promises() {
    let broken: HashSet<&str> = BREAKS.iter().chain(&files::BREAKS).flat_map(|names| names.iter().copied()).collect();
    let unproved: Vec<&str> = promises().iter().map(|p| p.name).filter(|name| !broken.contains(name)).collect();
    assert!(unproved.is_empty(), "no fault breaks {unproved:?}");
}

/// Without a fault the same log keeps every promise, so failures are due to the fault.
mod no_fault {
    event_store::conformance_suite!(super::Broken::by(None, super::Positions::Dense));
}

/// The same on a log that numbers with holes.
mod no_fault_with_holes {
    event_store::conformance_suite!(super::Broken::by(None, super::Positions::Increasing));
}
