//! Mail to the team about a session.

use domain::session::event::{MailFailure, MailKind};

use super::{dsl::given, samples::*, situations::*};

fn requested() -> Vec<domain::session::Event> {
    and(with_ana(), [mail_requested(1, MailKind::ByHand)])
}

#[test]
fn staff_asks_for_a_mail_whatever_the_status() {
    for (_, history) in every_phase() {
        given(history).when(request_mail(1)).then([mail_requested(1, MailKind::ByHand)]);
    }
}

#[test]
fn a_mail_is_asked_for_once() {
    given(requested()).when(request_mail(1)).then_nothing();
    given(requested()).when(request_mail(2)).then([mail_requested(2, MailKind::ByHand)]);
}

#[test]
fn what_became_of_a_mail_is_recorded_once() {
    given(requested()).when(record_mail(1, None)).then([mail_sent(1)]);
    let failure = MailFailure::Rejected;
    given(requested()).when(record_mail(1, Some(failure))).then([mail_failed(1, failure)]);
    for end in [mail_sent(1), mail_failed(1, failure)] {
        given(and(requested(), [end])).when(record_mail(1, None)).then_nothing();
    }
}

#[test]
fn a_mail_that_nobody_asked_for_is_not_recorded() {
    given(with_ana()).when(record_mail(1, None)).then_nothing();
}
