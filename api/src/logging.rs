//! One JSON line per event of note on standard error, and where `log_dir` is set in a file of the day; with `--dev`, lines for people
//! on standard error.
//!
//! Invariant: fields hold ids and durations, never texts, names or addresses, but for the network address of who was refused a right
//! or could not sign in; routes are logged by pattern, not by path.

mod day_files;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use event_store::Clock;
use jiff::tz::TimeZone;
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt as _, registry, util::SubscriberInitExt as _};

use day_files::DayFiles;
use queue::Queue;

/// Lines that no file got since the process began: the log is the process's, and so is this.
static LINES_DROPPED: AtomicU64 = AtomicU64::new(0);

/// Lines that `log_dir` did not get, because its disk was full or too slow.
#[must_use]
pub fn lines_dropped() -> u64 {
    LINES_DROPPED.load(Ordering::Relaxed)
}

/// Where lines go beside standard error.
pub struct LogFolder {
    /// The folder; this process's own.
    pub path: PathBuf,
    /// Days of which files are kept.
    pub days: u32,
    /// The shop's, where days begin.
    pub zone: TimeZone,
    /// Which day it is.
    pub clock: Arc<dyn Clock>,
}

/// Keeps the files written; what is on its way is written when this is dropped.
#[must_use]
pub struct Logging(#[expect(dead_code, reason = "it is held")] Option<queue::Guard>);

/// Starts logging; `RUST_LOG` chooses what, from `info` on.
///
/// # Errors
/// The folder cannot be made or written.
pub fn start(dev: bool, folder: Option<LogFolder>) -> io::Result<Logging> {
    let (lines, guard) = match folder {
        Some(folder) => {
            let (queue, guard) = Queue::start(DayFiles::open(folder)?, &LINES_DROPPED)?;
            (Some(json(move || queue.clone())), Some(guard))
        }
        None => (None, None),
    };
    let people = dev.then(|| fmt::layer().with_writer(io::stderr));
    let programs = (!dev).then(|| json(io::stderr));
    let filter = filter(std::env::var(EnvFilter::DEFAULT_ENV).ok());
    // A subscriber that is there already is a test's.
    drop(registry().with(people).with(programs).with(lines).with(filter).try_init());
    Ok(Logging(guard))
}

/// What `RUST_LOG` asks for, without what KurrentDB's client says to itself: what comes of it is logged by us, with its cause. It is
/// heard where `RUST_LOG` names it.
fn filter(asked_for: Option<String>) -> EnvFilter {
    let directives = asked_for.filter(|text| text.parse::<EnvFilter>().is_ok());
    let directives = directives.unwrap_or_else(|| "info,sqlx=warn,actix_server=warn".to_owned());
    if directives.contains("kurrentdb") {
        return EnvFilter::new(directives);
    }
    EnvFilter::new(format!("{directives},kurrentdb=off"))
}

/// A line of JSON for each event.
fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false).with_writer(writer)
}
