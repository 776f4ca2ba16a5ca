//! Customers as streams, and their use cases: the shop says who a visitor is; a visitor leaves.
//!
//! Invariant: an identity token is good once in this log, whichever node it comes to and however often: the only event that
//! it can bring about has an id made of the token's own, and the log takes an id once.

mod identify;
mod sign_out;

use domain::{
    DomainEvent, Encoded, VisitorId,
    customer::{Command, Event, State, decide, encode, event::CommandConfirmed},
};
use event_store::{Actor, StreamName, StreamVersion};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    error::CommandError,
    event_id::CommandId,
    executor::{CommandMetadata, Decider, Executor},
};

pub use identify::{Identified, Identify, IdentifyError, TokenId};

/// The use cases of customers.
pub type Customers = Executor<CustomerDecider>;
/// A customer's state and where in its stream that is.
pub type LoadedState = crate::executor::LoadedState<State>;
/// What a command to a customer came to.
type Execution = crate::executor::Execution<State, Event>;

/// The stream of a visitor as a customer.
#[must_use]
pub fn stream_of(visitor: VisitorId) -> StreamName {
    StreamName::of(CustomerDecider::CATEGORY, visitor.0)
}

/// The visitor whose sign-out an event records, if it does.
#[must_use]
pub fn signed_out(event: &DomainEvent) -> Option<VisitorId> {
    match event.customer()? {
        (visitor, Event::SignedOut(_)) => Some(visitor),
        (_, Event::Identified(_) | Event::ProfileChanged(_) | Event::CommandConfirmed(_) | Event::DataErased(_)) => {
            None
        }
    }
}

/// The visitor whom the shop names with an event for the first time, if it does.
#[must_use]
pub fn first_identified(event: &DomainEvent) -> Option<VisitorId> {
    match event.customer()? {
        (visitor, Event::Identified(_)) => Some(visitor),
        (_, Event::SignedOut(_) | Event::ProfileChanged(_) | Event::CommandConfirmed(_) | Event::DataErased(_)) => None,
    }
}

/// What a visitor's tokens are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it has left.
    Left,
    /// It is here.
    Present {
        /// When the shop first named it; tokens of before that are over.
        identified_at: Option<Timestamp>,
    },
}

impl Customers {
    /// Whether the visitor has left, by the end of its stream: what another node recorded a moment ago counts.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn has_left(&self, visitor: VisitorId) -> Result<bool, CommandError> {
        Ok(self.current(visitor).await?.state.has_left())
    }

    /// What the visitor's tokens are good for, by the same.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn standing(&self, visitor: VisitorId) -> Result<Standing, CommandError> {
        match &self.current(visitor).await?.state {
            State::Left => Ok(Standing::Left),
            State::New => Ok(Standing::Present { identified_at: None }),
            State::Known(_) => {
                // Whatever comes first in the stream of a visitor who is known and has not left has named it.
                let first = self.log().reader().read_stream(&stream_of(visitor), StreamVersion::NONE, 1).await?;
                Ok(Standing::Present { identified_at: first.first().map(|event| event.recorded_at) })
            }
        }
    }
}

/// The rules of customers.
#[derive(Debug)]
pub struct CustomerDecider;

impl Decider for CustomerDecider {
    type Id = VisitorId;
    type State = State;
    type Event = Event;
    type Command = Command;

    const CATEGORY: &'static str = "customer";
    // The shop's name for the customer is sealed, and decides whether a token is of the same one.
    const NEEDS_PERSONAL: bool = true;
    // Some 5 MB when full; visitors whom no shop has named are not remembered at all.
    const CACHE_CAPACITY: u64 = 10_000;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, CommandError> {
        Ok(decide(state, command)?)
    }

    fn evolve(state: State, event: &Event) -> State {
        state.evolve(event)
    }

    fn encode(event: &Event) -> Encoded {
        encode(event)
    }

    fn event_of(event: &DomainEvent) -> Option<&Event> {
        event.customer().map(|(_, event)| event)
    }

    /// The visitor is the subject of whatever is personal in it.
    fn subject(visitor: VisitorId, _: &State, _: &[Event]) -> Result<Uuid, CommandError> {
        Ok(visitor.0)
    }

    fn confirmation(_: &CommandMetadata, command: &Command) -> Option<Event> {
        let command = match command {
            Command::Identify(_) => "identify",
            Command::SignOut { .. } => "sign_out",
        };
        Some(Event::CommandConfirmed(CommandConfirmed { command: command.to_owned() }))
    }
}

fn metadata_of(visitor: VisitorId, id: CommandId, correlation_id: Uuid) -> CommandMetadata {
    CommandMetadata { actor: Actor::new("customer", &visitor.to_string()), correlation_id, causation_id: None, id }
}
