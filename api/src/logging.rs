//! One JSON line per event of note on standard error; with `--dev`, lines for people.
//!
//! Invariant: fields hold ids and durations, never texts, names or addresses; routes are logged by pattern, not by path.

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging; `RUST_LOG` chooses what, from `info` on.
pub fn start(dev: bool) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,actix_server=warn"));
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if dev {
        lines.try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    drop(started);
}
