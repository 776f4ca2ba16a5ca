//! Staff sets the priority; danger is the rule's alone.

use domain::session::{
    Rejection, Status,
    priority::PriorityClass::{Danger, Normal, Urgent, Vip},
};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn staff_raises_and_lowers_the_priority_of_a_session_that_is_not_closed() {
    for (_, history) in every_phase_but(&[Status::Closed]) {
        given(history.clone()).when(set_priority(Vip)).then([priority_set(Vip)]);
        given(history.clone()).when(set_priority(Normal)).then_nothing();
        given(and(history, [priority_set(Vip)])).when(set_priority(Urgent)).then([priority_set(Urgent)]);
    }
    given(ended()).when(set_priority(Vip)).then_rejected(invalid(Status::Closed));
    given([]).when(set_priority(Vip)).then_rejected(Rejection::NoSession);
}

#[test]
fn nobody_declares_danger_and_nobody_lowers_it() {
    given(pending()).when(set_priority(Danger)).then_rejected(Rejection::DangerIsByRule);
    for class in [Danger, Vip, Urgent, Normal] {
        let history = and(pending(), [raised_to_danger()]);
        given(history).when(set_priority(class)).then_rejected(Rejection::DangerIsByRule);
    }
}

#[test]
fn a_priority_that_was_set_before_is_kept_by_the_escalation_and_over_with_it() {
    let history = and(waiting(), [priority_set(Vip)]);
    let events = given(history.clone()).when(escalate()).events();
    assert!(matches!(&events[0], domain::session::Event::Escalated(escalated) if escalated.class == Vip));
    let over = and(history, [escalated(&[1]), cancelled()]);
    given(over).when(set_priority(Normal)).then_nothing();
}
