//! How many files this process may have open. Each connection is one, and what a shell gives is often less than a busy desk needs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as it goes; answers where it is then.
#[must_use]
pub(crate) fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if raised != limit
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "the limit of open files stays as it was");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
