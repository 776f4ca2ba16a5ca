//! Low-priority work on a thread of its own.
//!
//! Invariant: the priority applies only to that thread and those it starts (a SQLite connection has one). Work that holds a lock or
//! a transaction that others wait for must not run here.

use std::{io, thread};

use tokio::{runtime::Handle, sync::oneshot};

/// About a third of the CPU share of other busy threads (nice(1)). With much less, a rebuild would never catch up with a busy log.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Runs a future on a new thread of low priority; dropping the receiver does not stop it.
///
/// # Errors
/// The thread cannot be started.
pub fn spawn<F>(name: &str, work: F) -> io::Result<oneshot::Receiver<F::Output>>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        lower_priority();
        // The receiver may be gone.
        drop(answer.send(runtime.block_on(work)));
    })?;
    Ok(answered)
}

/// On Linux niceness belongs to a thread; on systems where it belongs to the process nothing is changed.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "the priority of a background thread cannot be lowered"
        );
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::nice(0).expect("niceness can be read")
    }

    #[tokio::test]
    async fn only_the_background_thread_and_its_children_have_low_priority() {
        let work = async { (niceness(), thread::spawn(niceness).join().expect("it ends")) };
        let answer = spawn("background", work).expect("it starts").await;
        assert_eq!(answer, Ok((NICENESS, NICENESS)));
        assert_eq!(niceness(), 0);
    }
}
