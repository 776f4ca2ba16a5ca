//! Histories that bring a session into each of its phases, named by the phase.

use domain::session::{Event, Rejection, Status};

use super::samples::{
    ANA, after_hours_notice_given, closed, escalated, opened, run_started, said, taken_over, told_that_nobody_works,
};

pub(crate) fn with_assistant() -> Vec<Event> {
    vec![opened()]
}

/// Message 1 waits for its answer.
pub(crate) fn waiting() -> Vec<Event> {
    vec![opened(), said(1)]
}

/// Run 1 answers message 1; message 2 came meanwhile.
pub(crate) fn running() -> Vec<Event> {
    vec![opened(), said(1), run_started(1, 1, &[1]), said(2)]
}

pub(crate) fn pending() -> Vec<Event> {
    vec![opened(), said(1), escalated(&[1])]
}

pub(crate) fn with_ana() -> Vec<Event> {
    vec![opened(), said(1), escalated(&[1]), taken_over(ANA, &[])]
}

pub(crate) fn after_hours() -> Vec<Event> {
    vec![opened(), said(1), escalated(&[1]), after_hours_notice_given()]
}

/// The customer and the team were told.
pub(crate) fn told_after_hours() -> Vec<Event> {
    and(after_hours(), told_that_nobody_works(true))
}

pub(crate) fn ended() -> Vec<Event> {
    vec![opened(), said(1), closed(&[1])]
}

/// One history for each phase that exists.
pub(crate) fn every_phase() -> [(Status, Vec<Event>); 5] {
    [
        (Status::BotActive, with_assistant()),
        (Status::PendingManual, pending()),
        (Status::ManualLive, with_ana()),
        (Status::AfterHoursEmail, after_hours()),
        (Status::Closed, ended()),
    ]
}

pub(crate) fn every_phase_but(left_out: &[Status]) -> impl Iterator<Item = (Status, Vec<Event>)> {
    every_phase().into_iter().filter(|(status, _)| !left_out.contains(status))
}

pub(crate) fn invalid(status: Status) -> Rejection {
    Rejection::InvalidStatus { status }
}

/// A history and then some more.
pub(crate) fn and(mut history: Vec<Event>, more: impl IntoIterator<Item = Event>) -> Vec<Event> {
    history.extend(more);
    history
}
