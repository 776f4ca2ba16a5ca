//! Presence begins with a sign-in and ends with the last one; what is chosen in between stays; who is lost comes back.

use domain::agent::{
    Command, Event, Presence, PresenceCause, Rejection, State,
    event::{Deactivated, PasswordOrigin, PresenceChanged, RevokedReason, SignedOut},
};

use super::samples::{
    WEEK, anna_and, at, hash, online, password_set, renew, renewed, revoked, sign_in, sign_in_id, signed_in, then,
    then_rejected,
};

fn now(presence: Presence, cause: PresenceCause) -> Event {
    Event::PresenceChanged(PresenceChanged { presence, cause })
}

fn gone() -> Event {
    now(Presence::Offline, PresenceCause::SignOut)
}

fn lost() -> Event {
    now(Presence::Offline, PresenceCause::Lost)
}

fn chosen(presence: Presence) -> Event {
    now(presence, PresenceCause::Chosen)
}

fn left(n: u128) -> Event {
    Event::SignedOut(SignedOut { sign_in: sign_in_id(n) })
}

fn choose(presence: Presence) -> Command {
    Command::ChoosePresence { sign_in: sign_in_id(1), presence }
}

fn come_back() -> Command {
    Command::ComeBack { sign_in: sign_in_id(1) }
}

fn note_lost() -> Command {
    Command::NoteLost { sign_in: sign_in_id(1) }
}

/// Signed in once, and what happened afterwards.
fn here_and(events: impl IntoIterator<Item = Event>) -> State {
    anna_and([signed_in(1, 0), online()].into_iter().chain(events))
}

#[test]
fn the_first_sign_in_makes_online_and_the_next_leaves_what_is_chosen() {
    then(&anna_and([]), sign_in(1, 0), [signed_in(1, 0), online()]);
    then(&here_and([]), sign_in(2, 1), [signed_in(2, 1)]);
    then(&here_and([chosen(Presence::Break)]), sign_in(2, 1), [signed_in(2, 1)]);
    for offline in [chosen(Presence::Offline), lost()] {
        then(&here_and([offline]), sign_in(2, 1), [signed_in(2, 1), online()]);
    }
}

#[test]
fn a_sign_in_that_expired_leaves_nobody_there() {
    let week = WEEK.as_secs();
    let state = here_and([chosen(Presence::Break)]);
    let presence = |second| state.account().unwrap().presence_at(at(second));
    assert_eq!([presence(week - 1), presence(week)], [Presence::Break, Presence::Offline]);
    then(&state, sign_in(2, week), [signed_in(2, week), online()]);
    then(&here_and([]), sign_in(2, week), [signed_in(2, week)]);
}

#[test]
fn every_presence_can_be_chosen_and_the_same_again_is_no_event() {
    for presence in Presence::ALL {
        let expected = (*presence != Presence::Online).then(|| chosen(*presence));
        then(&here_and([]), choose(*presence), expected);
        then(&here_and([chosen(*presence)]), choose(*presence), []);
    }
    then(&here_and([lost()]), choose(Presence::Busy), [chosen(Presence::Busy)]);
}

#[test]
fn what_a_sign_in_that_is_over_says_of_the_presence_is_refused() {
    for state in [anna_and([]), here_and([left(1), gone()]), here_and([Event::Deactivated(Deactivated {}), gone()])] {
        then_rejected(&state, choose(Presence::Online), Rejection::SignedOut);
        then_rejected(&state, come_back(), Rejection::SignedOut);
        then(&state, note_lost(), []);
    }
}

#[test]
fn the_last_sign_in_takes_the_presence_with_it_however_it_ends() {
    let sign_out = Command::SignOut { sign_in: sign_in_id(1) };
    then(&here_and([]), sign_out.clone(), [left(1), gone()]);
    then(&here_and([chosen(Presence::Training)]), sign_out.clone(), [left(1), gone()]);
    then(&here_and([chosen(Presence::Offline)]), sign_out.clone(), [left(1)]);
    then(&here_and([signed_in(2, 1)]), sign_out, [left(1)]);
    let revoke = Command::Revoke { sign_in: sign_in_id(1), reason: RevokedReason::Asked };
    then(&here_and([]), revoke, [revoked(1, RevokedReason::Asked), gone()]);
    then(&here_and([signed_in(2, 1)]), Command::Deactivate, [Event::Deactivated(Deactivated {}), gone()]);
    let renewed = [renewed(1, 1, 900), renewed(1, 2, 1_800)];
    then(&here_and(renewed), renew(1, 0, 1_900), [revoked(1, RevokedReason::TokenReused), gone()]);
}

#[test]
fn a_new_password_ends_the_presence_unless_a_sign_in_is_kept() {
    let set = |keep| Command::SetPassword { hash: hash("next"), by: PasswordOrigin::Owner, keep };
    let (password, ended) = (password_set("next", PasswordOrigin::Owner), revoked(1, RevokedReason::PasswordSet));
    then(&here_and([]), set(Some(sign_in_id(1))), [password.clone()]);
    then(&here_and([]), set(None), [password.clone(), ended.clone(), gone()]);
    then(&here_and([signed_in(2, 1)]), set(Some(sign_in_id(2))), [password, ended]);
}

#[test]
fn who_is_lost_is_offline_until_a_sign_of_life() {
    then(&here_and([]), note_lost(), [lost()]);
    then(&here_and([chosen(Presence::Busy)]), note_lost(), [lost()]);
    then(&here_and([lost()]), note_lost(), []);
    then(&here_and([lost()]), come_back(), [online()]);
    then(&here_and([]), come_back(), []);
    then(&here_and([chosen(Presence::Break)]), come_back(), []);
}

#[test]
fn who_chose_to_be_offline_is_not_brought_back() {
    let state = here_and([chosen(Presence::Offline)]);
    then(&state, come_back(), []);
    then(&state, note_lost(), []);
}

#[test]
fn an_account_signed_in_before_presence_was_recorded_comes_with_its_first_sign_of_life() {
    then(&anna_and([signed_in(1, 0)]), come_back(), [online()]);
}
