//! The rules: from a visitor and a command to events, or a rejection. No events mean "valid, nothing to change".

use crate::{
    customer::{
        command::{Command, Identity},
        event::{Event, Identified, LeaveReason, ProfileChanged, SignedOut},
        rejection::Rejection,
        state::{Customer, State},
    },
    personal::Personal,
};

/// Decides a command.
///
/// # Errors
/// A rule refuses the command; the browser then becomes another visitor.
pub fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
    match (state, command) {
        (State::New, Command::Identify(identity)) => Ok(vec![identified(identity)]),
        (State::Known(customer), Command::Identify(identity)) if customer.is(&identity.profile.sub) => {
            Ok(changed(customer, identity))
        }
        (State::Known(_), Command::Identify(_)) => Err(Rejection::AnotherCustomer),
        (State::Left, Command::Identify(_)) => Err(Rejection::SignedOut),
        (State::New | State::Known(_), Command::SignOut { reason }) => Ok(vec![signed_out(reason)]),
        (State::Left, Command::SignOut { .. }) => Ok(Vec::new()),
    }
}

fn identified(Identity { profile, vip }: Identity) -> Event {
    Event::Identified(Identified { vip, profile: Personal::Known(profile) })
}

fn changed(customer: &Customer, Identity { profile, vip }: Identity) -> Vec<Event> {
    if customer.profile.as_ref() == Some(&profile) && customer.vip == vip {
        return Vec::new();
    }
    vec![Event::ProfileChanged(ProfileChanged { vip, profile: Personal::Known(profile) })]
}

fn signed_out(reason: LeaveReason) -> Event {
    Event::SignedOut(SignedOut { reason })
}
