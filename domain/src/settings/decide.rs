//! The rules: from a topic's settings and a command to events, or a rejection. No events mean "valid, nothing to change".

use crate::settings::{
    command::Command,
    event::{Event, Published, RolledBack},
    rejection::Rejection,
    state::State,
};

/// Decides a command. What is in force already is nothing to change, whatever version was seen: so a repeat is safe.
///
/// # Errors
/// A rule refuses the command.
pub fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
    let version = state.version() + 1;
    match command {
        Command::Publish { document, reason, seen } => {
            if state.in_force().is_some_and(|current| **current == *document) {
                return Ok(Vec::new());
            }
            must_be_current(state, seen)?;
            Ok(vec![Event::Published(Published { version, document, reason })])
        }
        Command::RollBack { to_version, reason, seen } => {
            let wanted = state.document(to_version).ok_or(Rejection::NoVersion { version: to_version })?;
            if wanted == state.in_force() {
                return Ok(Vec::new());
            }
            must_be_current(state, seen)?;
            Ok(vec![Event::RolledBack(RolledBack { to_version, version, reason })])
        }
    }
}

fn must_be_current(state: &State, seen: Option<u32>) -> Result<(), Rejection> {
    let current = state.version();
    match seen {
        Some(seen) if seen != current => Err(Rejection::Stale { current }),
        Some(_) | None => Ok(()),
    }
}
