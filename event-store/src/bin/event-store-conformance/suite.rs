//! Every promise once, one after the other, for each is alone with the log.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use event_store::conformance::promises;
use futures::FutureExt as _;
use tokio::time::timeout;

use crate::{Failure, options::Options, place::Place, report::Report};

/// A promise that is not kept within this is not kept.
const LONGEST: Duration = Duration::from_secs(300);

/// What was said when a check failed: that of the check itself, or of the writer or reader it had started.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Names them.
pub(crate) fn list(report: &mut Report) -> Result<(), Failure> {
    promises().iter().try_for_each(|promise| report.line(promise.name))
}

/// A name that is none would pass as a promise that is kept.
pub(crate) fn is_known(names: &[String]) -> Result<(), Failure> {
    let known = promises();
    match names.iter().find(|name| known.iter().all(|promise| promise.name != name.as_str())) {
        Some(unknown) => Err(Failure::NoPromise(unknown.clone())),
        None => Ok(()),
    }
}

/// How many are broken.
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
