//! Sign-ins begin, go on and end; a refresh token is good once.

use domain::agent::{
    Command, Event, Rejection,
    event::{PasswordOrigin, RevokedReason, SignedOut},
};

use super::samples::{
    WEEK, anna_and, at, online, password_set, renew, renewed, revoked, sign_in, sign_in_id, signed_in, then,
    then_rejected,
};

#[test]
fn the_right_password_begins_a_sign_in() {
    then(&anna_and([]), sign_in(1, 0), [signed_in(1, 0), online()]);
}

#[test]
fn a_password_changed_during_the_check_is_rejected() {
    let state = anna_and([password_set("second", PasswordOrigin::Owner)]);
    then_rejected(&state, sign_in(1, 0), Rejection::PasswordChanged);
}

#[test]
fn the_newest_refresh_token_gives_the_next() {
    then(&anna_and([signed_in(1, 0)]), renew(1, 0, 900), [renewed(1, 1, 900)]);
    then(&anna_and([signed_in(1, 0), renewed(1, 1, 900)]), renew(1, 1, 1_800), [renewed(1, 2, 1_800)]);
}

#[test]
fn a_lost_answer_is_given_again_within_30_seconds_to_the_same_device_alone() {
    let state = anna_and([signed_in(1, 0), renewed(1, 1, 900)]);
    then(&state, renew(1, 0, 900), []);
    then(&state, renew(1, 0, 930), []);
    let reused = [revoked(1, RevokedReason::TokenReused)];
    then(&state, renew(1, 0, 931), reused.clone());
    let Command::Renew(mut elsewhere) = renew(1, 0, 901) else { unreachable!() };
    elsewhere.device = None;
    then(&state, Command::Renew(elsewhere), reused.clone());
}

#[test]
fn any_token_exchanged_within_30_seconds_gives_the_newest_whatever_lay_between() {
    let state = anna_and([signed_in(1, 0), renewed(1, 1, 900), renewed(1, 2, 901), renewed(1, 3, 925)]);
    for number in 0..3 {
        then(&state, renew(1, number, 926), []);
        then(&state, renew(1, number, 930), []);
    }
    then(&state, renew(1, 3, 926), [renewed(1, 4, 926)]);
    let reused = [revoked(1, RevokedReason::TokenReused)];
    then(&state, renew(1, 0, 931), reused.clone());
    then(&state, renew(1, 1, 931), []);
    then(&state, renew(1, 1, 932), reused.clone());
    then(&state, renew(1, 2, 955), []);
    then(&state, renew(1, 4, 926), reused.clone());
    // Exchanged long before the last three, so forgotten and not taken for one of them.
    let old = anna_and([signed_in(1, 0), renewed(1, 1, 100), renewed(1, 2, 900), renewed(1, 3, 901)]);
    then(&old, renew(1, 0, 902), reused);
    then(&old, renew(1, 1, 902), []);
}

#[test]
fn used_refresh_token_stays_used_when_the_clock_is_set_back() {
    let state = anna_and([signed_in(1, 0), renewed(1, 1, 900)]);
    then(&state, renew(1, 0, 897), []);
    then(&state, renew(1, 0, 890), [revoked(1, RevokedReason::TokenReused)]);
}

#[test]
fn an_ended_sign_in_is_not_renewed() {
    let left = Event::SignedOut(SignedOut { sign_in: sign_in_id(1) });
    for end in [left, revoked(1, RevokedReason::Asked)] {
        then_rejected(&anna_and([signed_in(1, 0), end]), renew(1, 0, 900), Rejection::SignedOut);
    }
    let week = WEEK.as_secs();
    then_rejected(&anna_and([signed_in(1, 0)]), renew(1, 0, week), Rejection::SignedOut);
    then(&anna_and([signed_in(1, 0)]), renew(1, 0, week - 1), [renewed(1, 1, week - 1)]);
    then_rejected(&anna_and([]), renew(1, 0, 900), Rejection::SignedOut);
}

#[test]
fn a_sign_in_ends_once() {
    let out = Command::SignOut { sign_in: sign_in_id(1) };
    let left = Event::SignedOut(SignedOut { sign_in: sign_in_id(1) });
    then(&anna_and([signed_in(1, 0)]), out.clone(), [left.clone()]);
    then(&anna_and([signed_in(1, 0), left]), out, []);
    let revoke = Command::Revoke { sign_in: sign_in_id(1), reason: RevokedReason::Asked };
    then(&anna_and([signed_in(1, 0)]), revoke.clone(), [revoked(1, RevokedReason::Asked)]);
    then(&anna_and([]), revoke, []);
}

#[test]
fn expired_sign_ins_are_forgotten_with_the_next() {
    let week = WEEK.as_secs();
    let state = anna_and([signed_in(1, 0), signed_in(2, 10), signed_in(3, week)]);
    let kept: Vec<_> = state.account().unwrap().sign_ins.keys().copied().collect();
    assert_eq!(kept, [sign_in_id(2), sign_in_id(3)]);
}

#[test]
fn a_device_is_known_while_one_of_its_sign_ins_is_good() {
    let account =
        |state: &domain::agent::State, second| state.account().unwrap().knows(super::samples::device(1), at(second));
    let state = anna_and([signed_in(1, 0)]);
    assert!(account(&state, 1) && !account(&state, WEEK.as_secs()));
    assert!(!account(&anna_and([signed_in(2, 0)]), 1));
    assert!(!account(&anna_and([signed_in(1, 0), revoked(1, RevokedReason::Asked)]), 1));
}
