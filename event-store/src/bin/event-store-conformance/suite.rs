//! Runs every promise once, one after the other, because each needs the log for itself.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use event_store::conformance::promises;
use futures::FutureExt as _;
use tokio::time::timeout;

use crate::{Failure, options::Options, place::Place, report::Report};

/// Limit of one check.
const LONGEST: Duration = Duration::from_secs(300);

/// The panic messages of a failed check, its writers and readers.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Prints their names.
pub(crate) fn list(report: &mut Report) -> Result<(), Failure> {
    promises().iter().try_for_each(|promise| report.line(promise.name))
}

/// An unknown name is refused; otherwise it would count as a kept promise.
pub(crate) fn is_known(names: &[String]) -> Result<(), Failure> {
    let known = promises();
    match names.iter().find(|name| known.iter().all(|promise| promise.name != name.as_str())) {
        Some(unknown) => Err(Failure::NoPromise(unknown.clone())),
        None => Ok(()),
    }
}

/// Number of broken promises.
pub(crate) async fn check(place: &Place, options: &Options, report: &mut Report) -> Result<usize, Failure> {
    std::panic::set_hook(Box::new(|panic| {
        SAID.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
    }));
    report.line("promises")?;
    let mut broken = 0;
    for promise in promises() {
        let is_wanted = options.only.is_empty() || options.only.iter().any(|name| name == promise.name);
        if !is_wanted {
            continue;
        }
        SAID.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let began = Instant::now();
        let checked = timeout(LONGEST, AssertUnwindSafe(promise.check(Arc::new(place.clone()))).catch_unwind()).await;
        let said = match checked {
            Ok(Ok(())) => None,
            Ok(Err(_panic)) => Some(SAID.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Err(_elapsed) => Some(vec![format!("it took longer than {} s", LONGEST.as_secs())]),
        };
        broken += usize::from(said.is_some());
        report.promise(promise.name, began.elapsed(), said.as_deref())?;
    }
    let _ours = std::panic::take_hook();
    Ok(broken)
}
