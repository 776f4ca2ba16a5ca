//! A visitor leaves, once and for ever.

use domain::customer::{Command, State, event::LeaveReason};

use super::samples::{changed, given, identified, ming, sign_out, signed_out, then};

#[test]
fn a_visitor_may_leave_whether_known_or_not() {
    then(&State::New, sign_out(), [signed_out(LeaveReason::Asked)]);
    then(&given([identified(ming(), false)]), sign_out(), [signed_out(LeaveReason::Asked)]);
    let pushed_out = Command::SignOut { reason: LeaveReason::AnotherCustomer };
    then(&given([identified(ming(), false)]), pushed_out, [signed_out(LeaveReason::AnotherCustomer)]);
}

#[test]
fn leaving_twice_is_leaving_once() {
    then(&given([signed_out(LeaveReason::Asked)]), sign_out(), []);
}

#[test]
fn of_whom_has_left_nothing_is_kept() {
    let gone = given([identified(ming(), true), signed_out(LeaveReason::Asked)]);
    assert!(gone.has_left() && gone.customer().is_none());
    for event in [identified(ming(), true), changed(ming(), true)] {
        assert_eq!(gone.clone().evolve(&event), State::Left);
    }
}
