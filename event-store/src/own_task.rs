//! Reads that go on whether or not whoever asked for them goes on.
//!
//! A future that is no longer polled keeps what it holds: a stream of events in a `select!` whose other branch is taken, or an
//! answer that its client does not read. A connection of a pool or a lock that is kept like that is missing for everybody else,
//! and for ever if what is waited for instead needs it. So nothing is held by a future of the caller's.

use std::{future::pending, panic::resume_unwind};

use tracing::Instrument as _;

/// What `work` comes to, done in a task of its own. A panic in it goes on here.
pub(crate) async fn in_own_task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work.in_current_span()).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime is being shut down, and this task ends with it.
        Err(Err(_cancelled)) => pending().await,
    }
}
