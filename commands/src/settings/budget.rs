//! The stream `settings-budgets` and its one use case: noting that an assistant has reached a level of its budget.

use domain::{
    DomainEvent, Encoded,
    settings::{Event, budget, encode, event::BudgetReached},
};
use event_store::StreamName;
use uuid::Uuid;

use super::SettingsDecider;
use crate::{
    error::CommandError,
    executor::{CommandMetadata, Decider, Executor},
};

/// Notes what was reached.
pub type BudgetNotes = Executor<BudgetDecider>;

/// The stream's name.
#[must_use]
pub fn budget_stream() -> StreamName {
    StreamName::parse("settings-budgets").expect("it is a good name")
}

/// The one stream of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OfBudgets;

impl From<OfBudgets> for Uuid {
    fn from(_: OfBudgets) -> Self {
        Self::new_v5(&Self::NAMESPACE_OID, b"budgets")
    }
}

/// The rule of what is noted.
#[derive(Debug)]
pub struct BudgetDecider;

impl Decider for BudgetDecider {
    type Id = OfBudgets;
    type State = budget::State;
    type Event = Event;
    type Command = BudgetReached;

    const CATEGORY: &'static str = SettingsDecider::CATEGORY;
    const NEEDS_PERSONAL: bool = false;
    const CACHE_CAPACITY: u64 = 1;

    fn decide(state: &budget::State, reached: BudgetReached) -> Result<Vec<Event>, CommandError> {
        Ok(budget::note(state, reached))
    }

    fn evolve(state: budget::State, event: &Event) -> budget::State {
        state.evolve(event)
    }

    fn encode(event: &Event) -> Encoded {
        encode(event)
    }

    fn event_of(event: &DomainEvent) -> Option<&Event> {
        event.settings()
    }

    /// Nothing of it is personal.
    fn subject(id: OfBudgets, _: &budget::State, _: &[Event]) -> Result<Uuid, CommandError> {
        Ok(id.into())
    }

    fn stream(_: OfBudgets) -> StreamName {
        budget_stream()
    }

    /// None: what is noted already stays noted.
    fn confirmation(_: &CommandMetadata, _: &BudgetReached) -> Option<Event> {
        None
    }
}
