//! Stops a subscription of the client from looping forever.
//!
//! When a server, or more likely a proxy in between, ends the answer to a subscription without an error, the client (1.2.0) takes that
//! for an unknown message, logs a warning, and polls the ended answer again: an endless loop that never yields. Only unwinding can
//! end it from outside, and the warning is the only point where that is possible.
//!
//! Invariant: only the guarded future is affected, and only the client's own loop is unwound.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::atomic::{AtomicU32, Ordering},
};

use futures::FutureExt as _;
use tracing::{
    Dispatch, Event, Level, Metadata,
    instrument::WithSubscriber as _,
    span::{Attributes, Id, Record},
    subscriber::Subscriber,
};

/// Log target of the client's subscriptions.
const TARGET: &str = "kurrentdb::commands";

/// The panic payload that ends the loop.
struct Ended;

/// Why a guarded future did not complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It was in the endless loop.
    Spinning,
    /// It panicked.
    Panicked,
}

/// Runs one call of the client's subscription, and stops it in the endless loop. Its log output is discarded; the result tells the
/// outcome.
pub(super) async fn guarded<F: Future>(call: F) -> Result<F::Output, Stopped> {
    let heard = AssertUnwindSafe(call.with_subscriber(Dispatch::new(SpinGuard::default()))).catch_unwind().await;
    heard.map_err(|panic: Box<dyn Any + Send>| if panic.is::<Ended>() { Stopped::Spinning } else { Stopped::Panicked })
}

/// Warnings per call before it counts as looping: a newer server may send one or two messages that the client does not know.
const ENOUGH: u32 = 8;

#[derive(Default)]
struct SpinGuard {
    warned: AtomicU32,
}

impl Subscriber for SpinGuard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target() == TARGET
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        if self.warned.fetch_add(1, Ordering::Relaxed) + 1 >= ENOUGH {
            // Not `panic!`, so that the process's panic hook is not called.
            resume_unwind(Box::new(Ended));
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_endless_loop_is_stopped() {
        let spins = async {
            loop {
                tracing::warn!(target: TARGET, "not again");
            }
        };
        assert_eq!(guarded::<_>(spins).await, Err(Stopped::Spinning));
    }

    #[tokio::test]
    async fn other_futures_complete() {
        let works = async {
            tracing::warn!("from another target");
            tracing::warn!(target: TARGET, "a message of a newer server");
            tracing::error!(target: TARGET, "an error");
            tokio::time::sleep(Duration::from_millis(1)).await;
            7
        };
        assert_eq!(guarded(works).await, Ok(7));
    }

    #[tokio::test]
    async fn another_panic_is_reported_as_such() {
        assert_eq!(guarded(async { panic!("no answer") }).await, Err(Stopped::Panicked));
    }
}
