//! What is left to assistants for the shop's day: an assistant that has spent its budget is passed over until the day ends, or
//! hands over to a person.
//!
//! Invariants: what was noted in the log holds on every node, also after a restart; a budget that was raised meanwhile is not spent
//! by what was noted of the smaller one; answers under way may overshoot.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use domain::{
    budget::DailyBudgets,
    session::event::{FailureCode, Outcome},
    settings::event::{Amount, BudgetLevel, BudgetReached},
};
use event_store::Clock;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    assistant::{AssistantError, Completion, Piece},
    settings::SettingsInForce,
};

/// What happens to questions for an assistant that has spent its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetThen {
    /// The next assistant is asked.
    Next,
    /// A person is called.
    Person,
}

/// It is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be next or person")]
pub struct NotBudgetThen;

impl FromStr for BudgetThen {
    type Err = NotBudgetThen;

    fn from_str(text: &str) -> Result<Self, NotBudgetThen> {
        match text {
            "next" => Ok(Self::Next),
            "person" => Ok(Self::Person),
            _ => Err(NotBudgetThen),
        }
    }
}

impl BudgetThen {
    /// What is answered instead of asking the assistant.
    pub(super) fn instead(self) -> Result<Piece, AssistantError> {
        match self {
            Self::Person => Ok(Piece::Done(Completion::new(Outcome::HandsOver))),
            Self::Next => {
                let error = AssistantError::new(FailureCode::OutOfCredit, "its budget of the day is spent");
                Err(error.error_code(Some("daily_budget".to_owned())))
            }
        }
    }
}

/// How far an assistant is with one of its budgets, as it was noted last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetState {
    /// What was used when the level was reached; answers since then are not in it.
    pub spent: Amount,
    /// What may be used in a day.
    pub budget: Amount,
    /// How much of it that is.
    pub level: BudgetLevel,
    /// The shop's day.
    pub day: Date,
}

/// What is left to assistants today.
pub struct Budgets {
    daily: DailyBudgets,
    then: BudgetThen,
    zone: TimeZone,
    settings: Arc<SettingsInForce>,
    clock: Arc<dyn Clock>,
}

impl Budgets {
    /// These budgets, for days of this time zone.
    #[must_use]
    pub fn new(
        daily: DailyBudgets,
        then: BudgetThen,
        zone: TimeZone,
        settings: Arc<SettingsInForce>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { daily, then, zone, settings, clock }
    }

    /// What was set.
    #[must_use]
    pub fn daily(&self) -> &DailyBudgets {
        &self.daily
    }

    /// The shop's day at a time.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// How far an assistant is today: the highest level that was reached; none below 80 percent, and without a budget.
    #[must_use]
    pub fn of(&self, assistant: &str) -> Option<BudgetState> {
        let budgets: Vec<Amount> = self.daily.of(assistant).collect();
        if budgets.is_empty() {
            return None;
        }
        let noted = self.settings.budgets_reached(self.day(self.clock.now()));
        let noted = noted.iter().filter(|reached| reached.assistant == assistant);
        let states = noted.flat_map(|reached| budgets.iter().filter_map(|budget| state(reached, budget)));
        states.max_by_key(|state| state.level)
    }

    /// Every assistant that has reached a level today.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, BudgetState> {
        let noted = self.settings.budgets_reached(self.day(self.clock.now()));
        noted
            .into_iter()
            .filter_map(|reached| self.of(&reached.assistant).map(|state| (reached.assistant, state)))
            .collect()
    }

    /// What is to happen to questions for an assistant whose budget of the day is spent; none where it is not.
    #[must_use]
    pub fn spent(&self, assistant: &str) -> Option<BudgetThen> {
        let is_spent = self.of(assistant).is_some_and(|state| state.level == BudgetLevel::Spent);
        is_spent.then_some(self.then)
    }
}

/// What was noted, against the budget that is set now.
fn state(reached: &BudgetReached, budget: &Amount) -> Option<BudgetState> {
    let used = u128::from(reached.spent.number()) * 100;
    let levels = BudgetLevel::ALL.into_iter().rev();
    let mut levels = levels.filter(|level| used >= u128::from(budget.number()) * u128::from(level.percent()));
    let level = levels.next().filter(|_| reached.spent.is_like(budget))?;
    Some(BudgetState { spent: reached.spent.clone(), budget: budget.clone(), level, day: reached.day })
}
