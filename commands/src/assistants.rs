//! The assistants that may be asked, in order, each behind what keeps its faults from others: a breaker, a limited number of places,
//! and time-outs. Which one is asked is chosen for each attempt.
//!
//! Invariants: an attempt asks one assistant; no run goes back to one that it has left; a question waits for a place no longer
//! than it may, and then goes on to the next assistant.

mod breaker;
mod budgets;
mod guard;
mod meter;
mod places;

use std::{sync::Arc, time::Duration};

pub use breaker::BreakerState;
pub use budgets::{BudgetState, BudgetThen, Budgets};
pub use guard::Guarded;
pub use meter::{LastError, Measured, RunCounts};
pub use places::Occupancy;

use crate::assistant::{Assistant, AssistantError};

/// How long an assistant may take, and how many questions it is asked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A whole answer.
    pub total: Duration,
    /// Until the first piece of an answer.
    pub first_piece: Duration,
    /// Between two pieces.
    pub idle: Duration,
    /// Questions at once.
    pub at_once: usize,
    /// Questions that wait for a place.
    pub queue: usize,
    /// How long one waits for a place.
    pub queue_time: Duration,
    /// Attempts of one run before the next assistant.
    pub attempts: u32,
}

impl Default for Limits {
    /// For an assistant elsewhere. 120 s: the longest the slowest may take (decision 0004); 30 s: the original's time-out for
    /// reading. 100 at once is what Coze lets a small shop ask in a second.
    fn default() -> Self {
        Self {
            total: Duration::from_secs(120),
            first_piece: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            at_once: 100,
            queue: 400,
            queue_time: Duration::from_secs(5),
            attempts: 2,
        }
    }
}

/// Chooses among assistants.
pub struct Assistants {
    members: Vec<Arc<Guarded>>,
}

/// The assistants of a variant, by name, in place of the order that is set.
pub type Order<'a> = Option<&'a [String]>;

/// What every order ends with.
const LAST_RESORT: &str = "faq";

/// What a run has tried so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tried<'a> {
    /// The assistants of its attempts, in order.
    pub asked: &'a [String],
    /// Whether the last of them may be asked again.
    pub again: bool,
}

impl Assistants {
    /// These, the first of which is asked first.
    ///
    /// # Panics
    /// There is none: a program without an assistant has the FAQ.
    #[must_use]
    pub fn new(members: Vec<Arc<Guarded>>) -> Self {
        assert!(!members.is_empty(), "there is an assistant");
        Self { members }
    }

    /// One that is asked up to three times, as the original asked.
    #[must_use]
    pub fn only(assistant: Arc<dyn Assistant>) -> Self {
        Self::new(vec![Arc::new(Guarded::new(assistant, Limits { attempts: 3, ..Limits::default() }, None))])
    }

    /// All of them, in order.
    pub fn members(&self) -> impl Iterator<Item = &Arc<Guarded>> {
        self.members.iter()
    }

    /// Who is asked first: the first that takes questions, or the first of all, whose answer then says why.
    #[must_use]
    pub fn first(&self, order: Order<'_>) -> &Arc<Guarded> {
        let members = self.ordered(order);
        let [first, ..] = &*members else { unreachable!("there is an assistant") };
        members.iter().find(|member| member.takes_questions()).unwrap_or(first)
    }

    /// Those of an order that are there, and the last resort; all where none of it is there.
    fn ordered(&self, order: Order<'_>) -> Vec<&Arc<Guarded>> {
        let names = order.unwrap_or_default();
        let last = Some(LAST_RESORT).filter(|last| names.iter().all(|name| name != last));
        let named = names.iter().map(String::as_str).chain(last.filter(|_| order.is_some()));
        let ordered: Vec<_> = named.filter_map(|name| self.named(name)).collect();
        if ordered.is_empty() { self.members.iter().collect() } else { ordered }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Guarded>> {
        self.members.iter().find(|member| member.name() == name)
    }

    /// Who is asked next in a run; `None` when nobody is left.
    #[must_use]
    pub fn choose(&self, tried: Tried<'_>, order: Order<'_>) -> Option<&Arc<Guarded>> {
        let (members, last) = (self.ordered(order), tried.asked.last());
        let place = last.and_then(|last| members.iter().position(|member| member.name() == last));
        let asked_before = |member: &Guarded| tried.asked.iter().filter(|name| *name == member.name()).count();
        let is_left = |member: &Guarded| {
            let attempts = usize::try_from(member.limits().attempts).unwrap_or(usize::MAX);
            let is_last = last.is_some_and(|last| member.name() == last);
            asked_before(member) == 0 || (is_last && tried.again && asked_before(member) < attempts)
        };
        let mut rest = members.into_iter().skip(place.unwrap_or_default()).filter(|member| is_left(member));
        rest.find(|member| member.takes_questions())
    }

    /// How long to wait before the next attempt of a run; none before another assistant is asked.
    #[must_use]
    pub fn pause(&self, tried: &[String], error: &AssistantError, backoff: Duration) -> Duration {
        let Some(last) = tried.last() else { return Duration::ZERO };
        let times = tried.iter().filter(|name| *name == last).count();
        let doubled = backoff * 2u32.pow(u32::try_from(times.saturating_sub(1).min(6)).unwrap_or_default());
        // So that many who failed together do not come back together.
        let jittered = doubled.mul_f64(rand::random_range(0.5..1.5));
        error.retry_after.map_or(jittered, |wanted| jittered.max(wanted))
    }
}

/// The longest that an assistant may want to be left alone for the customer to wait for it.
pub const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
