//! A waiting session is offered to one agent after the other.

use domain::session::{Status, event::OfferEnd, notice::Notice};

use super::{dsl::given, samples::*, situations::*};

fn offered() -> Vec<domain::session::Event> {
    and(pending(), [offer_made(1, ANA)])
}

#[test]
fn a_waiting_session_is_offered_to_one_agent_at_a_time() {
    given(pending()).when(make_offer(1, ANA)).then([offer_made(1, ANA)]);
    given(offered()).when(make_offer(2, BO)).then_nothing();
}

#[test]
fn nothing_else_is_offered() {
    for (_, history) in every_phase_but(&[Status::PendingManual]) {
        given(history).when(make_offer(1, ANA)).then_nothing();
    }
}

#[test]
fn an_agent_accepts_by_taking_over() {
    let joined = told(Notice::AgentJoined { agent: agent(ANA) });
    given(offered()).when(take_over(ANA)).then([offer_accepted(1), taken_over(ANA, &[]), joined]);
}

#[test]
fn whoever_is_faster_ends_the_offer() {
    let joined = told(Notice::AgentJoined { agent: agent(BO) });
    let withdrawn = offer_ended(1, OfferEnd::Withdrawn);
    given(offered()).when(take_over(BO)).then([withdrawn, taken_over(BO, &[]), joined]);
}

#[test]
fn an_offer_is_declined_or_expires_and_the_next_is_made() {
    for reason in [OfferEnd::Declined, OfferEnd::Expired] {
        given(offered()).when(end_offer(1, reason)).then([offer_ended(1, reason)]);
        given(offered()).when(end_offer(2, reason)).then_nothing();
        given(and(offered(), [offer_ended(1, reason)])).when(make_offer(2, BO)).then([offer_made(2, BO)]);
        given(and(offered(), [offer_ended(1, reason)])).when(end_offer(1, reason)).then_nothing();
    }
}

#[test]
fn an_offer_ends_with_the_wait() {
    let withdrawn = || offer_ended(1, OfferEnd::Withdrawn);
    given(offered()).when(cancel()).then([withdrawn(), told(Notice::NobodyCame), cancelled()]);
    given(offered()).when(close()).then([withdrawn(), closed(&[])]);
    let notice = [vec![withdrawn(), after_hours_notice_given()], told_that_nobody_works(true).to_vec()].concat();
    given(offered()).when(give_after_hours_notice()).then(notice);
}
