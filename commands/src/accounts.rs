//! Staff accounts as streams, and their use cases.
//!
//! Invariant: the acting person comes from a token; what may be done was asked before a command gets here.

mod api_keys;
pub mod login_throttle;
mod manage;
mod presence;
mod second_factor;
mod sign_in;

use domain::{
    AgentId, DomainEvent, Encoded,
    agent::{Command, Event, State, decide, encode},
};
use event_store::{Actor, StreamName};
use uuid::Uuid;

use crate::{
    error::CommandError,
    event_id::CommandId,
    executor::{CommandMetadata, Decider, Executor},
};

pub use api_keys::IssuedKey;
pub use login_throttle::{LoginThrottle, Subject};
pub use manage::{Found, Managed};
pub use sign_in::{REFRESH_LIFETIME, Renewed, SignInStart};

/// The use cases of accounts.
pub type Accounts = Executor<AccountDecider>;
/// An account's state and where in its stream that is.
pub type LoadedState = crate::executor::LoadedState<State>;

/// The stream of an account.
#[must_use]
pub fn stream_of(agent: AgentId) -> StreamName {
    StreamName::of(AccountDecider::CATEGORY, agent.0)
}

/// The rules of accounts.
#[derive(Debug)]
pub struct AccountDecider;

impl Decider for AccountDecider {
    type Id = AgentId;
    type State = State;
    type Event = Event;
    type Command = Command;

    const CATEGORY: &'static str = "agent";
    // Whoever signs in is checked against the sealed hash.
    const NEEDS_PERSONAL: bool = true;
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
        event.agent().map(|(_, event)| event)
    }

    /// Everything personal in an account is its owner's.
    fn subject(agent: AgentId, _: &State, _: &[Event]) -> Result<Uuid, CommandError> {
        Ok(agent.0)
    }

    /// None: what is wanted of an account is how it should be, so that a repeat changes nothing either.
    fn confirmation(_: &CommandMetadata, _: &Command) -> Option<Event> {
        None
    }
}

/// Metadata of a command, without a key: commands to accounts say how they should be, and those that give out secrets must not
/// be answered twice.
fn metadata(log_id: Uuid, actor: Actor, correlation_id: Uuid) -> CommandMetadata {
    CommandMetadata { actor, correlation_id, causation_id: None, id: CommandId::random(log_id) }
}

/// A member of staff as an actor.
#[must_use]
pub fn actor_of(agent: AgentId) -> Actor {
    Actor::new("agent", &agent.to_string())
}
