//! What an assistant has used of its budget of the day, as operators are shown it.

use commands::assistants::BudgetState;
use domain::settings::event::Amount;
use serde::Serialize;
use utoipa::ToSchema;

/// A budget that is nearly used, or spent.
#[derive(Serialize, ToSchema)]
pub struct BudgetData {
    assistant: String,
    /// Of `time_zone`.
    #[schema(format = Date)]
    day: String,
    /// How much of it, in percent: 80 or 100.
    level: u8,
    /// What was used when that was reached, in millionths of the currency, or in tokens.
    spent: u64,
    /// What may be used in a day.
    budget: u64,
    /// The currency; null where tokens are counted.
    #[schema(required = true)]
    currency: Option<String>,
}

impl BudgetData {
    /// As it was noted last.
    #[must_use]
    pub fn of(assistant: String, state: &BudgetState) -> Self {
        let currency = match &state.budget {
            Amount::Money(cost) => Some(cost.currency.clone()),
            Amount::Tokens(_) => None,
        };
        Self {
            assistant,
            day: state.day.to_string(),
            level: state.level.percent(),
            spent: state.spent.number(),
            budget: state.budget.number(),
            currency,
        }
    }
}
