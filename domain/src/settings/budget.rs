//! What is noted of budgets, in the stream `settings-budgets`: that an assistant has reached 80 or 100 percent of what it may cost
//! in a day.
//!
//! Invariants: the same is noted once; only the newest day is remembered, so that the state stays small for ever.

use jiff::civil::Date;

use crate::settings::event::{BudgetReached, Event};

/// What was noted of the newest day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    reached: Vec<BudgetReached>,
}

impl State {
    /// What was noted of a day.
    pub fn of(&self, day: Date) -> impl Iterator<Item = &BudgetReached> {
        self.reached.iter().filter(move |reached| reached.day == day)
    }

    /// The state after one more event; never fails.
    #[must_use]
    pub fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::BudgetReached(reached) => {
                self.reached.retain(|other| other.day >= reached.day);
                self.reached.push(reached.clone());
            }
            Event::Published(_)
            | Event::RolledBack(_)
            | Event::QuickReplySaved(_)
            | Event::PersonalQuickReplySaved(_)
            | Event::QuickReplyRemoved(_)
            | Event::LogRestored(_) => {}
        }
        self
    }
}

/// Notes that a level was reached; the same level of the same budget on the same day is nothing new, nor is a day that is over.
#[must_use]
pub fn note(state: &State, reached: BudgetReached) -> Vec<Event> {
    let is_over = state.reached.iter().any(|other| other.day > reached.day);
    if is_over || state.reached.iter().any(|other| is_same(other, &reached)) {
        return Vec::new();
    }
    vec![Event::BudgetReached(reached)]
}

/// A budget that was changed in the course of the day is another one.
fn is_same(one: &BudgetReached, other: &BudgetReached) -> bool {
    (&one.assistant, one.day, one.level, &one.budget) == (&other.assistant, other.day, other.level, &other.budget)
}
