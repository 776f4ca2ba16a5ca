//! What assistants cost, what they may cost in a day, and when they have: the sums of one day, from the events that end their
//! attempts.
//!
//! Invariants: pure; an attempt counts once, on the day on which it ended; what is remembered of attempts under way is bounded, and
//! gone when they end.

mod daily;
mod ledger;
mod price;

pub use daily::{DailyBudgets, Micros, NotBudgets, PerAssistant};
pub use ledger::{Ledger, LedgerRow, LevelReached, RowOf};
pub use price::Price;
