//! What is measured of an assistant since this program began: of its last thousand answers the times, and its last error.
//!
//! Invariant: it holds a fixed number of measurements, whatever happens.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use domain::session::event::{Event, FailureCode, Outcome, Tokens};
use jiff::Timestamp;

use crate::assistant::AssistantError;

/// Answers whose times are known.
const REMEMBERED: usize = 1000;

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// When.
    pub at: Timestamp,
    /// Of which kind.
    pub code: FailureCode,
    /// The other side's code for it.
    pub error_code: Option<String>,
    /// What its support asks for.
    pub log_id: Option<String>,
}

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// Answers since the program began.
    pub answers: u64,
    /// Failures since the program began.
    pub failures: u64,
    /// Half of the last answers were whole after this time; absent before the first.
    pub p50: Option<Duration>,
    /// 99 of 100 of them were.
    pub p99: Option<Duration>,
    /// The last failure.
    pub last_error: Option<LastError>,
}

/// What this process has recorded of an assistant's runs since it began: attempts by how they ended, and what they used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCounts {
    /// By outcome: every one has a count.
    pub ended: BTreeMap<&'static str, u64>,
    /// In all.
    pub tokens: Tokens,
}

/// An attempt failed.
const FAILED: &str = "failed";
/// A reply came too late.
const WITHHELD: &str = "withheld";

impl Default for RunCounts {
    fn default() -> Self {
        let replies = Outcome::ALL.into_iter().map(name_of);
        let ended = replies.chain([FAILED, WITHHELD]).map(|outcome| (outcome, 0)).collect();
        Self { ended, tokens: Tokens::default() }
    }
}

impl RunCounts {
    fn add(&mut self, event: &Event) {
        let (outcome, tokens) = match event {
            Event::AssistantReplied(replied) => (name_of(replied.outcome), replied.tokens),
            Event::AssistantFailed(failed) => (FAILED, failed.tokens),
            Event::AssistantReplyWithheld(withheld) => (WITHHELD, withheld.tokens),
            _ends_no_attempt => return,
        };
        *self.ended.entry(outcome).or_default() += 1;
        let tokens = tokens.unwrap_or_default();
        self.tokens.input += tokens.input;
        self.tokens.output += tokens.output;
    }
}

fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Offered => "offered",
        Outcome::DoesNotKnow => "does_not_know",
        Outcome::HandsOver => "hands_over",
        Outcome::Blocked => "blocked",
        Outcome::CutOff => "cut_off",
        Outcome::Unavailable => "unavailable",
    }
}

#[derive(Debug, Default)]
struct Numbers {
    answers: u64,
    failures: u64,
    times: VecDeque<Duration>,
    last_error: Option<LastError>,
    runs: RunCounts,
}

#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Numbers>);

impl Meter {
    pub(super) fn answered(&self, after: Duration) {
        let mut numbers = self.lock();
        numbers.answers += 1;
        if numbers.times.len() == REMEMBERED {
            numbers.times.pop_front();
        }
        numbers.times.push_back(after);
    }

    pub(super) fn failed(&self, at: Timestamp, error: &AssistantError) {
        let mut numbers = self.lock();
        numbers.failures += 1;
        numbers.last_error = Some(LastError {
            at,
            code: error.code,
            error_code: error.error_code.clone(),
            log_id: error.log_id.clone(),
        });
    }

    pub(super) fn recorded(&self, events: &[Event]) {
        let mut numbers = self.lock();
        events.iter().for_each(|event| numbers.runs.add(event));
    }

    pub(super) fn runs(&self) -> RunCounts {
        self.lock().runs.clone()
    }

    pub(super) fn measured(&self) -> Measured {
        let numbers = self.lock();
        let mut times: Vec<Duration> = numbers.times.iter().copied().collect();
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len().saturating_sub(1) * percent).div_ceil(100)).copied();
        Measured {
            answers: numbers.answers,
            failures: numbers.failures,
            p50: at(50),
            p99: at(99),
            last_error: numbers.last_error.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_last_thousand_answers() {
        let meter = Meter::default();
        assert_eq!(meter.measured(), Measured::default());
        (0..1100).for_each(|n| meter.answered(Duration::from_millis(n)));
        let measured = meter.measured();
        assert_eq!(measured.answers, 1100);
        assert_eq!(measured.p50, Some(Duration::from_millis(600)));
        assert_eq!(measured.p99, Some(Duration::from_millis(1090)));
    }

    #[test]
    fn last_error_has_the_log_id() {
        let meter = Meter::default();
        let error = AssistantError::new(FailureCode::OutOfCredit, "").error_code(Some("4011".to_owned()));
        meter.failed(Timestamp::UNIX_EPOCH, &error);
        meter.failed(Timestamp::UNIX_EPOCH, &error.log_id(Some("2024".to_owned())));
        let measured = meter.measured();
        let last = measured.last_error.expect("there were two");
        assert_eq!((measured.failures, last.code, last.log_id), (2, FailureCode::OutOfCredit, Some("2024".to_owned())));
    }
}
