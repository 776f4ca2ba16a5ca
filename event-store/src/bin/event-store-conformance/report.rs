//! The printed report.

use std::{
    error::Error,
    io::{self, Write as _},
    time::Duration,
};

use event_store::{Identity, Positions};

use crate::{Failure, place::Place};

/// Prints results as they come.
#[derive(Default)]
pub(crate) struct Report {
    promises: usize,
}

impl Report {
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::Report)
    }

    pub(crate) fn head(&mut self, place: &Place, identity: Identity, positions: Positions) -> Result<(), Failure> {
        let numbers = match positions {
            Positions::Dense => {
                "numbered without a hole, times rise through the whole log, an id is known in the whole log"
            }
            Positions::Increasing => "numbered with holes, times rise in each stream, an id is known in its stream",
        };
        self.line(&format!("event-store-conformance {}", env!("CARGO_PKG_VERSION")))?;
        self.line(&format!("against   {place}"))?;
        self.line(&format!("log       {}, generation {}", identity.log_id, identity.generation))?;
        self.line(&format!("positions {numbers}"))
    }

    pub(crate) fn promise(&mut self, name: &str, took: Duration, said: Option<&[String]>) -> Result<(), Failure> {
        self.promises += 1;
        let mark = if said.is_none() { "ok  " } else { "FAIL" };
        self.line(&format!("  {mark}  {name:<68} {:>7} ms", took.as_millis()))?;
        let lines = said.into_iter().flatten().flat_map(|said| said.lines());
        lines.into_iter().try_for_each(|line| self.line(&format!("          {line}")))
    }

    pub(crate) fn end(&mut self, broken: usize, crashes_hold: bool) -> Result<(), Failure> {
        let held = format!("{} of {} promises hold", self.promises - broken, self.promises);
        let crashes = if crashes_hold { "" } else { "; the crash walk found differences" };
        let verdict = if broken == 0 && crashes_hold { "OK" } else { "NOT OK" };
        self.line(&format!("result    {verdict}: {held}{crashes}"))
    }
}

/// Prints why the checks could not run.
pub(crate) fn complain(failure: &Failure) {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    // Standard error is closed: nothing more can be reported.
    let _untold = writeln!(io::stderr().lock(), "event-store-conformance: {text}");
}
