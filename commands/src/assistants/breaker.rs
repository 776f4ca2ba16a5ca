//! A breaker: an assistant that keeps failing is left alone for a while, and then tried with one question at a time.
//!
//! Invariants: it opens at the fifth failure in a row; while it is open nobody is sent there; of a half-open one only one question
//! is on its way, and its end decides. It is open for 5 s at first and at most 20 s, so that it is closed within 30 s of the
//! assistant's recovery.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES: u32 = 5;
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(20);
/// A trial of which nothing was heard is forgotten after this time.
const TRIAL: Duration = Duration::from_secs(20);

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// All.
    Closed,
    /// Nothing.
    Open,
    /// One question, on trial.
    HalfOpen,
}

impl BreakerState {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration },
    OnTrial { since: Instant, pause: Duration },
}

/// Lets questions through, or not.
#[derive(Debug)]
pub(super) struct Breaker(Mutex<State>);

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(State::Closed { failures: 0 }))
    }
}

impl Breaker {
    /// What it lets through now.
    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match *self.lock() {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until, .. } if now < until => BreakerState::Open,
            State::Open { .. } | State::OnTrial { .. } => BreakerState::HalfOpen,
        }
    }

    /// Whether a question would be let through now.
    pub(super) fn is_passable(&self, now: Instant) -> bool {
        match *self.lock() {
            State::Closed { .. } => true,
            State::Open { until, .. } => now >= until,
            State::OnTrial { since, .. } => now.duration_since(since) >= TRIAL,
        }
    }

    /// Lets a question through, or not; one that passes must end in [`Breaker::note`].
    pub(super) fn pass(&self, now: Instant) -> bool {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => true,
            State::Open { until, pause } if now >= until => {
                *state = State::OnTrial { since: now, pause };
                true
            }
            State::OnTrial { since, pause } if now.duration_since(since) >= TRIAL => {
                *state = State::OnTrial { since: now, pause };
                true
            }
            State::Open { .. } | State::OnTrial { .. } => false,
        }
    }

    /// How a question ended that was let through.
    pub(super) fn note(&self, now: Instant, is_good: bool) {
        let mut state = self.lock();
        *state = match (&*state, is_good) {
            (State::Closed { .. } | State::OnTrial { .. }, true) => State::Closed { failures: 0 },
            (State::Closed { failures }, false) if failures + 1 < FAILURES => State::Closed { failures: failures + 1 },
            (State::Closed { .. }, false) => open(now, FIRST),
            (State::OnTrial { pause, .. }, false) => open(now, (*pause * 2).min(LONGEST)),
            // A question from before it opened.
            (State::Open { .. }, _) => return,
        };
    }

    /// A question that was let through has ended without saying anything about the assistant.
    pub(super) fn forget(&self, now: Instant) {
        let mut state = self.lock();
        if let State::OnTrial { pause, .. } = *state {
            *state = State::Open { until: now, pause };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

fn open(now: Instant, pause: Duration) -> State {
    State::Open { until: now + pause, pause }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn failed(now: Instant, times: u32) -> Breaker {
        let breaker = Breaker::default();
        (0..times).for_each(|_| {
            assert!(breaker.pass(now));
            breaker.note(now, false);
        });
        breaker
    }

    #[test]
    fn it_opens_at_the_fifth_failure_in_a_row() {
        let now = Instant::now();
        let breaker = failed(now, 4);
        breaker.note(now, true);
        (0..4).for_each(|_| breaker.note(now, false));
        assert_eq!(breaker.state(now), BreakerState::Closed);
        breaker.note(now, false);
        assert_eq!((breaker.state(now), breaker.pass(now)), (BreakerState::Open, false));
    }

    #[test]
    fn after_a_while_one_question_is_let_through_and_its_end_decides() {
        let mut now = Instant::now();
        let breaker = failed(now, 5);
        now += FIRST;
        assert_eq!(breaker.state(now), BreakerState::HalfOpen);
        assert!(breaker.is_passable(now) && breaker.pass(now));
        assert!(!breaker.is_passable(now) && !breaker.pass(now), "one at a time");
        breaker.note(now, false);
        now += FIRST;
        assert!(!breaker.pass(now), "a failed trial doubles the pause");
        now += FIRST;
        assert!(breaker.pass(now));
        breaker.note(now, true);
        assert_eq!((breaker.state(now), breaker.pass(now)), (BreakerState::Closed, true));
    }

    #[test]
    fn it_is_tried_again_within_thirty_seconds_however_often_it_failed() {
        let mut now = Instant::now();
        let breaker = failed(now, 5);
        for _ in 0..10 {
            now += LONGEST;
            assert!(breaker.pass(now));
            breaker.note(now, false);
        }
        assert!(breaker.pass(now + LONGEST) && LONGEST < SECOND * 30);
    }

    #[test]
    fn a_trial_that_was_given_up_lets_the_next_one_through() {
        let mut now = Instant::now();
        let breaker = failed(now, 5);
        now += FIRST;
        assert!(breaker.pass(now));
        breaker.forget(now);
        assert!(breaker.pass(now));
        assert!(!breaker.pass(now + TRIAL - SECOND) && breaker.pass(now + TRIAL), "one of which nothing was heard");
    }

    #[test]
    fn what_was_asked_before_it_opened_changes_nothing() {
        let now = Instant::now();
        let breaker = failed(now, 5);
        breaker.note(now, true);
        breaker.forget(now);
        assert_eq!(breaker.state(now), BreakerState::Open);
    }
}
