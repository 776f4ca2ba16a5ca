//! What keeps a subscription of the client from spinning.
//!
//! When a server, or more likely a proxy before it, ends the answer to a subscription without an error, the client (1.2.0)
//! takes that for a message it does not know, warns, and asks the ended answer for the next: for ever, without once giving its
//! thread back. Nothing from outside ends that but unwinding, and the warning is the one moment at which that can be done.
//!
//! Invariant: only the future that is guarded hears this, and nothing is unwound but the client's own loop.

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

/// Where the client's subscriptions live.
const TARGET: &str = "kurrentdb::commands";

/// Ended without an error.
struct Ended;

/// Why a guarded future did not come to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It began to spin.
    Spinning,
    /// It panicked.
    Panicked,
}

/// Runs one call of the client's subscription, up to where it would spin. Nothing that it logs is passed on: whoever asks is
/// told by the result.
pub(super) async fn guarded<F: Future>(call: F) -> Result<F::Output, Stopped> {
    let heard = AssertUnwindSafe(call.with_subscriber(Dispatch::new(SpinGuard::default()))).catch_unwind().await;
    heard.map_err(|panic: Box<dyn Any + Send>| if panic.is::<Ended>() { Stopped::Spinning } else { Stopped::Panicked })
}

/// One call may meet a message or two that a newer server sends and the client does not know; in a spin there is no end of
/// them.
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
            // Not `panic!`: there is nothing for the process's panic hook to tell.
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
    async fn what_spins_is_stopped() {
        let spins = async {
            loop {
                tracing::warn!(target: TARGET, "not again");
            }
        };
        assert_eq!(guarded::<_>(spins).await, Err(Stopped::Spinning));
    }

    #[tokio::test]
    async fn anything_else_comes_to_its_end() {
        let works = async {
            tracing::warn!("of somebody else");
            tracing::warn!(target: TARGET, "a message of a newer server");
            tracing::error!(target: TARGET, "an error is told by its result");
            tokio::time::sleep(Duration::from_millis(1)).await;
            7
        };
        assert_eq!(guarded(works).await, Ok(7));
    }

    #[tokio::test]
    async fn another_panic_is_not_taken_for_it() {
        assert_eq!(guarded(async { panic!("no answer") }).await, Err(Stopped::Panicked));
    }
}
