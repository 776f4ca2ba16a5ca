//! The shop says who a visitor is: once, again, otherwise, and of somebody else.

use domain::{
    Personal,
    customer::{
        Event, Rejection, State,
        event::{Identified, LeaveReason},
    },
};

use super::samples::{changed, confirmed, given, identified, identify, ming, profile, signed_out, then, then_rejected};

#[test]
fn the_first_customer_becomes_the_visitors_identity() {
    then(&State::New, identify(ming(), true), [identified(ming(), true)]);
    let known = given([identified(ming(), true)]);
    let customer = known.customer().unwrap();
    assert_eq!((customer.profile.as_ref(), customer.vip), (Some(&ming()), true));
}

#[test]
fn the_same_identity_again_changes_nothing() {
    then(&given([identified(ming(), false)]), identify(ming(), false), []);
    then(&given([identified(ming(), false), confirmed()]), identify(ming(), false), []);
}

#[test]
fn another_profile_of_the_same_customer_is_a_change() {
    let known = given([identified(ming(), false)]);
    let moved = profile("shop-4711", Some("wang@example.org"), Some("Wang Xiaoming"));
    let nameless = profile("shop-4711", None, None);
    then(&known, identify(moved.clone(), false), [changed(moved.clone(), false)]);
    then(&known, identify(nameless.clone(), false), [changed(nameless, false)]);
    then(&known, identify(ming(), true), [changed(ming(), true)]);
    let after = given([identified(ming(), false), changed(moved.clone(), true)]);
    then(&after, identify(moved, true), []);
    then(&after, identify(ming(), true), [changed(ming(), true)]);
}

#[test]
fn another_customer_signs_the_visitor_out() {
    let other = || identify(profile("shop-4712", Some("ming@example.com"), Some("Wang Xiaoming")), false);
    then_rejected(&given([identified(ming(), false)]), other(), Rejection::AnotherCustomer);
    for sub in ["shop-4711 x", "SHOP-4711", "shop-471"] {
        let nearly = identify(profile(sub, None, None), false);
        then_rejected(&given([identified(ming(), false)]), nearly, Rejection::AnotherCustomer);
    }
}

#[test]
fn a_signed_out_visitor_cannot_be_identified() {
    let gone = [identified(ming(), false), signed_out(LeaveReason::Asked)];
    then_rejected(&given(gone), identify(ming(), false), Rejection::SignedOut);
    then_rejected(&given([signed_out(LeaveReason::Asked)]), identify(ming(), false), Rejection::SignedOut);
}

#[test]
fn an_erased_customer_is_never_the_same_customer() {
    for profile in [Personal::Erased, Personal::Sealed] {
        let unknown = given([Event::Identified(Identified { vip: true, profile })]);
        assert!(unknown.customer().unwrap().profile.is_none());
        then_rejected(&unknown, identify(ming(), true), Rejection::AnotherCustomer);
    }
}
