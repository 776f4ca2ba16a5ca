//! Work that can wait: it runs on a thread of its own that gives way to every other thread of the process.
//!
//! Invariant: only the thread is slowed down, and the threads that are started from it (a SQLite connection has one); what
//! holds a lock or a transaction that others wait for must not run here.

use std::{io, thread};

use tokio::{runtime::Handle, sync::oneshot};

/// A third of what others get while they want it (nice(1)); with much less, work would never catch up with a log that never
/// pauses.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Runs a future there; dropping the answer does not stop it.
///
/// # Errors
/// There can be no more threads.
pub fn spawn<F>(name: &str, work: F) -> io::Result<oneshot::Receiver<F::Output>>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        give_way();
        // Whoever asked may be gone.
        drop(answer.send(runtime.block_on(work)));
    })?;
    Ok(answered)
}

/// On Linux a thread has a niceness of its own. Where the whole process has one, it stays as it is.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(error = &error as &dyn std::error::Error, "this thread will not give way");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::nice(0).expect("it can be asked")
    }

    #[tokio::test]
    async fn it_gives_way_and_so_does_what_it_starts_and_nobody_else() {
        let work = async { (niceness(), thread::spawn(niceness).join().expect("it ends")) };
        let answer = spawn("background", work).expect("it starts").await;
        assert_eq!(answer, Ok((NICENESS, NICENESS)));
        assert_eq!(niceness(), 0);
    }
}
