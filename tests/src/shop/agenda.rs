//! What is still to come, in the order of time.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use domain::{
    MailId, OfferId, RunId, TransferId,
    session::event::{CancelReason, CloseReason, OfferEnd, TransferEnd},
};
use jiff::Timestamp;

/// Something that somebody is going to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    /// A customer comes.
    Arrive,
    /// The customer says what is next.
    Write,
    /// The customer says one thing more, whether or not there was an answer.
    WriteMore,
    /// The customer, who was asked for it, gives an e-mail address.
    GiveAddress,
    /// The client repeats a command that has nothing left to do.
    Repeat,
    /// The customer wants a new context, or an empty screen.
    StartFresh { clear: bool },
    /// The customer asks for a person by the button.
    PressButton,
    /// The customer wants to begin anew.
    Reopen,
    /// A node begins to answer.
    Begin,
    /// An attempt is over.
    Finish { run: RunId, attempt: u32, by_model: bool },
    /// Another attempt; by another node where the first one's died.
    Retake { run: RunId, attempt: u32, died: bool },
    /// Nobody waits any more.
    CancelEscalation(CancelReason),
    /// Nobody works.
    GiveNotice,
    /// An agent takes the session.
    TakeOver { from_any: bool },
    /// An agent tries to take what another one has.
    Rival,
    /// A supervisor takes the session from its agent.
    Steal,
    /// The agent who has the session writes.
    WriteAsAgent,
    /// The agent gives the session to another.
    HandOver,
    /// The one who was asked to take it answers.
    AnswerTransfer { transfer: TransferId, accept: bool },
    /// A transfer comes to nothing.
    EndTransfer { transfer: TransferId, reason: TransferEnd },
    /// The waiting session is offered to an agent.
    Offer,
    /// The agent takes what was offered.
    AcceptOffer(OfferId),
    /// An offer comes to nothing.
    EndOffer { offer: OfferId, reason: OfferEnd },
    /// The agent sends the team a mail.
    RequestMail,
    /// The mail server answers, or does not.
    SendMail(MailId),
    /// Staff writes a note, or changes one of before.
    KeepNote,
    /// Staff files the session under a tag, or takes one away.
    KeepTags,
    /// Staff sets the session's class.
    Prioritise,
    /// The customer says how well it was helped.
    Rate,
    /// The agent is done.
    Leave,
    /// Somebody works again.
    OpeningTime,
    /// The episode ends; with a version, only if nothing has happened since.
    Close { reason: CloseReason, at_version: Option<u64> },
    /// The customer wants to be forgotten.
    Forget,
}

#[derive(Debug)]
struct Entry {
    at: Timestamp,
    number: u64,
    slot: Option<usize>,
    action: Action,
}

impl Entry {
    fn key(&self) -> (Timestamp, u64) {
        (self.at, self.number)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Steps by time; those of one moment in the order in which they were planned.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    planned: u64,
}

impl Agenda {
    /// Plans an action of a session, or, without one, of the shop.
    pub(super) fn add(&mut self, at: Timestamp, slot: Option<usize>, action: Action) {
        self.planned += 1;
        self.entries.push(Reverse(Entry { at, number: self.planned, slot, action }));
    }

    /// The next action and its moment.
    pub(super) fn next(&mut self) -> Option<(Timestamp, Option<usize>, Action)> {
        self.entries.pop().map(|Reverse(Entry { at, slot, action, .. })| (at, slot, action))
    }
}
