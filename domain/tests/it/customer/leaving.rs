//! A visitor leaves, once and for ever.

use domain::customer::{Command, State, event::LeaveReason};

use super::samples::{changed, given, identified, ming, sign_out, signed_out, then};

#[test]
fn a_visitor_signs_out_whether_identified_or_not() {
    then(&State::New, sign_out(), [signed_out(LeaveReason::Asked)]);
    then(&given([identified(ming(), false)]), sign_out(), [signed_out(LeaveReason::Asked)]);
    let pushed_out = Command::SignOut { reason: LeaveReason::AnotherCustomer };
    then(&given([identified(ming(), false)]), pushed_out, [signed_out(LeaveReason::AnotherCustomer)]);
}

#[test]
fn a_second_sign_out_changes_nothing() {
    then(&given([signed_out(LeaveReason::Asked)]), sign_out(), []);
}

#[test]
fn the_state_after_a_sign_out_keeps_nothing_of_the_customer() {
    let gone = given([identified(ming(), true), signed_out(LeaveReason::Asked)]);
    assert!(gone.has_left() && gone.customer().is_none());
    for event in [identified(ming(), true), changed(ming(), true)] {
        assert_eq!(gone.clone().evolve(&event), State::Left);
    }
}
