//! Ratings: asked for when a person has helped and the service ends, given within a week, and nothing else changes.

use domain::session::{Event, Rejection, event::CloseReason, notice::Notice};
use jiff::SignedDuration;

use super::{dsl::given, samples::*, situations::*};

const WEEK: SignedDuration = SignedDuration::from_hours(168);
const MOMENT: SignedDuration = SignedDuration::from_nanos(1);

/// Ana has the session and wrote.
fn helped() -> Vec<Event> {
    and(with_ana(), [written_as(ANA, 5)])
}

/// Ana gave it back.
fn asked() -> Vec<Event> {
    and(helped(), [told(Notice::Released), rating_asked(), released(ANA)])
}

#[test]
fn a_rating_is_asked_for_when_a_person_wrote_and_the_service_ends() {
    given(helped()).when(release(ANA)).then([told(Notice::Released), rating_asked(), released(ANA)]);
    given(helped()).when(close_as(ANA)).then([told(Notice::Closed), rating_asked(), closed(&[])]);
    given(helped()).when(close()).then([rating_asked(), closed(&[])]);
    let idle = closed_for(CloseReason::Idle, &[]);
    given(helped()).when(close_idle(Some(message_id(5)))).then([rating_asked(), idle]);
}

#[test]
fn no_rating_is_asked_for_where_no_person_wrote() {
    given(with_ana()).when(release(ANA)).then([told(Notice::Released), released(ANA)]);
    given(pending()).when(close_as(BO)).then([told(Notice::Closed), closed(&[])]);
    given(waiting()).when(close()).then([closed(&[1])]);
}

#[test]
fn it_is_asked_for_once_until_a_person_writes_again() {
    given(asked()).when(close()).then([closed(&[])]);
    let again = and(asked(), [escalated(&[]), taken_over(BO, &[])]);
    given(again.clone()).when(release(BO)).then([told(Notice::Released), released(BO)]);
    let again = and(again, [written_as(BO, 6)]);
    given(again).when(release(BO)).then([told(Notice::Released), rating_asked(), released(BO)]);
}

#[test]
fn what_a_person_wrote_in_an_earlier_episode_is_not_asked_about() {
    let history = and(helped(), [closed(&[]), reopened(), said_in_episode(6, 2)]);
    given(history).when(close()).then([closed(&[6])]);
}

#[test]
fn the_customer_rates_within_a_week_whoever_has_the_session_and_as_often_as_it_likes() {
    let second_episode = and(asked(), [closed(&[]), reopened(), said_in_episode(6, 2)]);
    for history in [asked(), and(asked(), [closed(&[])]), second_episode] {
        given(history.clone()).when(rate(2, SignedDuration::ZERO)).then([rated(2, 1, ANA)]);
        given(and(history, [rated(2, 1, ANA)])).when(rate(5, WEEK - MOMENT)).then([rated(5, 1, ANA)]);
    }
}

#[test]
fn a_rating_that_nobody_asked_for_or_that_is_late_is_refused() {
    for history in [helped(), with_assistant(), ended()] {
        given(history).when(rate(5, SignedDuration::ZERO)).then_rejected(Rejection::RatingNotAsked);
    }
    given(asked()).when(rate(5, WEEK)).then_rejected(Rejection::RatingNotAsked);
    given([]).when(rate(5, SignedDuration::ZERO)).then_rejected(Rejection::NoSession);
}

#[test]
fn a_rating_is_of_who_helped_before_it_was_asked_for() {
    let history = and(asked(), [escalated(&[]), taken_over(BO, &[]), written_as(BO, 6)]);
    given(history).when(rate(4, SignedDuration::ZERO)).then([rated(4, 1, ANA)]);
}
