//! The rules of presence: it begins with a sign-in, ends with the last one, and is otherwise chosen; who is lost comes back.
//!
//! Invariant: an event is recorded only where the presence becomes another one.

use jiff::Timestamp;

use crate::{
    agent::{
        decide::Decision,
        event::{Event, PresenceChanged},
        presence::{Presence, PresenceCause},
        rejection::Rejection,
        state::Account,
    },
    id::SignInId,
};

/// What the owner of a sign-in chose.
pub(super) fn chosen(account: &Account, sign_in: SignInId, presence: Presence) -> Decision {
    if !account.sign_ins.contains_key(&sign_in) {
        return Err(Rejection::SignedOut);
    }
    Ok(changed(account, presence, PresenceCause::Chosen))
}

/// Signing in begins a presence where nobody was there; a second window changes nothing.
pub(super) fn begun(account: &Account, at: Timestamp) -> Vec<Event> {
    match account.presence_at(at) {
        Presence::Offline => changed(account, Presence::Online, PresenceCause::SignIn),
        Presence::Online | Presence::Busy | Presence::Break | Presence::Training => Vec::new(),
    }
}

/// These sign-ins end; with the last one the presence does.
pub(super) fn ended(account: &Account, ends: impl Fn(SignInId) -> bool) -> Vec<Event> {
    let is_over = account.sign_ins.keys().all(|sign_in| ends(*sign_in));
    if is_over { changed(account, Presence::Offline, PresenceCause::SignOut) } else { Vec::new() }
}

/// A sign of life after the agent was lost. Who chose to be offline stays so.
pub(super) fn come_back(account: &Account, sign_in: SignInId) -> Decision {
    if !account.sign_ins.contains_key(&sign_in) {
        return Err(Rejection::SignedOut);
    }
    let is_awaited = account.presence == Presence::Offline && account.presence_cause != PresenceCause::Chosen;
    Ok(if is_awaited { changed(account, Presence::Online, PresenceCause::SignIn) } else { Vec::new() })
}

/// Nothing is heard of the agent any more. A sign-in that ended meanwhile was no loss.
pub(super) fn lost(account: &Account, sign_in: SignInId) -> Vec<Event> {
    if !account.sign_ins.contains_key(&sign_in) {
        return Vec::new();
    }
    changed(account, Presence::Offline, PresenceCause::Lost)
}

fn changed(account: &Account, presence: Presence, cause: PresenceCause) -> Vec<Event> {
    if account.presence == presence {
        return Vec::new();
    }
    vec![Event::PresenceChanged(PresenceChanged { presence, cause })]
}
