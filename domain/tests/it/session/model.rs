//! What design 5 says, written a second time and from events alone: the table of moves, who ends whose message, who has the
//! session, and what is open beside it.
//!
//! It shares no code with the aggregate, so a rule that is wrong there is not wrong here in the same way.

mod moves;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AgentId, MessageId, NoteId, OfferId, RunId, TransferId,
    policy::Rule,
    session::{
        Event, Status,
        event::{Recipient, TransferKind, TransferRequested, TransferTarget, Transferred},
        notice::Notice,
    },
    text::Tag,
};

/// The log of one session, retold.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) status: Option<Status>,
    pub(crate) owner: Option<AgentId>,
    episode: u32,
    between_episodes: bool,
    run: Option<(RunId, u32, Vec<MessageId>)>,
    /// Messages to the assistant in the order they came, and in how many lists each has ended.
    pub(crate) ended: BTreeMap<usize, (MessageId, usize)>,
    /// Whether a person was asked for, and that is not over.
    pub(crate) needs_person: bool,
    offer: Option<(OfferId, AgentId)>,
    transfer: Option<(TransferId, TransferTarget)>,
    /// Who said yes, until the change that follows.
    accepted_by: Option<AgentId>,
    /// A message in which danger was read, until the notice that follows.
    danger: bool,
    /// Each note's version, until it is removed.
    notes: BTreeMap<NoteId, Option<u32>>,
    pub(crate) tags: BTreeSet<Tag>,
    /// Who wrote last as an agent in this episode, until a rating is asked for.
    helper: Option<AgentId>,
    /// Whom a rating is about.
    to_rate: Option<(u32, AgentId)>,
}

impl Model {
    /// Takes an event in, or says which rule of design 5 it breaks.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), String> {
        self.check_move(event)?;
        self.check_what_follows(event)?;
        self.take_talk(event)?;
        self.take_hand_off(event)?;
        self.take_note(event)?;
        self.take_rating(event)?;
        self.check_nothing_outlives_its_status()
    }

    /// What customer, assistant and agents say.
    fn take_talk(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Opened(_) | Event::Reopened(_) => self.between_episodes = true,
            Event::CustomerMessageSent(sent) => {
                self.episode += u32::from(std::mem::take(&mut self.between_episodes));
                ensure(sent.episode == self.episode, "the episode counts the customer's returns")?;
                if sent.recipient == Recipient::Assistant {
                    self.ended.insert(self.ended.len(), (sent.message, 0));
                }
                self.danger = sent.rule_signals.contains(&Rule::R0);
            }
            Event::AssistantRunStarted(started) => self.begin(started.run, started.attempt, &started.messages)?,
            Event::AssistantReplied(replied) => {
                let current = self.run.take().ok_or("a reply without a run")?;
                ensure((replied.run, replied.attempt) == (current.0, current.1), "only the current attempt replies")?;
                ensure(replied.answers == current.2, "a reply answers the messages of its run")?;
                self.end(&replied.answers)?;
            }
            Event::AssistantFailed(failed) => {
                let current = self.run.as_ref().map(|(run, attempt, _)| (*run, *attempt));
                ensure(current == Some((failed.run, failed.attempt)), "only the current attempt fails")?;
            }
            Event::AssistantReplyWithheld(late) => {
                let current = self.run.as_ref().map(|(run, attempt, _)| (*run, *attempt));
                ensure(current != Some((late.run, late.attempt)), "the current attempt is not withheld")?;
            }
            Event::AgentMessageSent(sent) => {
                ensure(self.owner == Some(sent.agent), "nobody but the owner writes as an agent")?;
            }
            Event::Escalated(escalated) => self.hand_on(&escalated.messages)?,
            Event::AgentTookOver(taken) => self.hand_on(&taken.messages)?,
            Event::Closed(closed) => self.hand_on(&closed.messages)?,
            _of_the_hand_off => {}
        }
        Ok(())
    }

    /// What staff keeps beside the talk.
    fn take_note(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::NoteAdded(added) => {
                ensure(self.notes.insert(added.note, Some(1)).is_none(), "a note is added once")?;
            }
            Event::NoteEdited(edited) => {
                let version = self.notes.get_mut(&edited.note).and_then(Option::as_mut).ok_or("an edit of no note")?;
                *version += 1;
                ensure(*version == edited.version, "an edit raises the version by one")?;
            }
            Event::NoteRemoved(removed) => {
                let note = self.notes.get_mut(&removed.note).ok_or("a removal of no note")?;
                ensure(note.take().is_some(), "a note is removed once")?;
            }
            Event::TagsChanged(changed) => {
                ensure(!changed.added.is_empty() || !changed.removed.is_empty(), "something changes")?;
                for tag in &changed.added {
                    ensure(self.tags.insert(tag.clone()), "a tag is added that was not there")?;
                }
                for tag in &changed.removed {
                    ensure(self.tags.remove(tag), "a tag is removed that was there")?;
                }
                ensure(self.tags.len() <= 20, "at most twenty tags")?;
            }
            _no_note => {}
        }
        Ok(())
    }

    fn take_rating(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::AgentMessageSent(sent) => self.helper = Some(sent.agent),
            Event::NoticeGiven(given) if matches!(given.notice, Notice::RatingAsked { .. }) => {
                let helper = self.helper.take().ok_or("a rating is asked for where no person wrote")?;
                self.to_rate = Some((self.episode + u32::from(self.between_episodes), helper));
            }
            Event::Released(_) | Event::Closed(_) => {
                ensure(self.helper.is_none(), "a rating is asked for when a person has helped")?;
            }
            Event::RatingGiven(given) => {
                ensure(self.to_rate == Some((given.episode, given.agent)), "what is rated was asked about")?;
            }
            _no_rating => {}
        }
        if matches!(event, Event::Closed(_)) {
            self.between_episodes = true;
        }
        Ok(())
    }

    /// Who has the session, who was asked to take it, and whether a person is needed.
    fn take_hand_off(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Escalated(_) => self.needs_person = true,
            Event::AgentTookOver(taken) => {
                ensure(self.owner.is_none(), "one owner at a time")?;
                let accepted = self.accepted_by.take();
                ensure(accepted.is_none_or(|by| by == taken.agent), "who accepts an offer takes the session")?;
                self.owner = Some(taken.agent);
            }
            Event::Transferred(transferred) => self.transferred(transferred)?,
            Event::Released(left) => self.leaves(left.agent)?,
            Event::ReturnedToQueue(left) => self.leaves(left.agent)?,
            Event::Closed(_) => self.owner = None,
            Event::OfferMade(made) => {
                ensure(self.offer.is_none(), "one offer at a time")?;
                self.offer = Some((made.offer, made.agent));
            }
            Event::OfferAccepted(accepted) => self.accepted_by = Some(self.end_offer(accepted.offer)?),
            Event::OfferExpired(ended) => drop(self.end_offer(ended.offer)?),
            Event::TransferRequested(requested) => self.requested(requested)?,
            Event::TransferAccepted(accepted) => {
                let to = self.end_transfer(accepted.transfer)?;
                let is_asked = matches!(to, TransferTarget::Group(_)) || to == TransferTarget::Agent(accepted.by);
                ensure(is_asked && self.owner != Some(accepted.by), "only who was asked accepts")?;
                self.accepted_by = Some(accepted.by);
            }
            Event::TransferDeclined(ended) => drop(self.end_transfer(ended.transfer)?),
            _of_the_talk => {}
        }
        if matches!(event, Event::Released(_) | Event::EscalationCancelled(_) | Event::Closed(_)) {
            self.needs_person = false;
        }
        Ok(())
    }

    fn transferred(&mut self, transferred: &Transferred) -> Result<(), String> {
        let Transferred { from, to, how, .. } = transferred;
        ensure(self.owner == Some(*from) && from != to, "the owner's session goes to another")?;
        let accepted = self.accepted_by.take();
        ensure((*how == TransferKind::Accepted) == accepted.is_some(), "accepted is what was asked for")?;
        ensure(accepted.is_none_or(|by| by == *to), "who accepts has the session")?;
        self.owner = Some(*to);
        Ok(())
    }

    fn requested(&mut self, requested: &TransferRequested) -> Result<(), String> {
        ensure(
            self.transfer.is_none() && self.owner == Some(requested.from),
            "one transfer at a time, of the owner's",
        )?;
        self.transfer = Some((requested.transfer, requested.to.clone()));
        Ok(())
    }

    fn leaves(&mut self, agent: AgentId) -> Result<(), String> {
        ensure(self.owner.take() == Some(agent), "only the owner leaves")
    }

    fn end_offer(&mut self, offer: OfferId) -> Result<AgentId, String> {
        let open = self.offer.take().filter(|(open, _)| *open == offer);
        Ok(open.ok_or("an offer ends once, and only if it was made")?.1)
    }

    fn end_transfer(&mut self, transfer: TransferId) -> Result<TransferTarget, String> {
        let open = self.transfer.take().filter(|(open, _)| *open == transfer);
        Ok(open.ok_or("a transfer ends once, and only if it was asked for")?.1)
    }

    fn check_what_follows(&mut self, event: &Event) -> Result<(), String> {
        let is_notice = matches!(event, Event::NoticeGiven(given) if given.notice == Notice::Danger);
        ensure(std::mem::take(&mut self.danger) == is_notice, "danger is answered at once, and nothing else is so")
    }

    fn check_nothing_outlives_its_status(&self) -> Result<(), String> {
        ensure(self.offer.is_none() || self.status == Some(Status::PendingManual), "an offer outlives the wait")?;
        ensure(self.transfer.is_none() || self.owner.is_some(), "a transfer outlives its owner")?;
        ensure(self.owner.is_some() == (self.status == Some(Status::ManualLive)), "a person has it, and only then")?;
        let is_visible =
            matches!(self.status, Some(Status::PendingManual | Status::ManualLive | Status::AfterHoursEmail));
        ensure(!self.needs_person || is_visible, "an escalation is over, or somebody sees it")
    }

    /// Messages that no list has.
    pub(crate) fn open(&self) -> Vec<MessageId> {
        self.ended.values().filter(|(_, lists)| *lists == 0).map(|(message, _)| *message).collect()
    }

    fn check_move(&mut self, event: &Event) -> Result<(), String> {
        self.status = Some(moves::after(self.status, event)?);
        Ok(())
    }

    fn begin(&mut self, run: RunId, attempt: u32, messages: &[MessageId]) -> Result<(), String> {
        match &self.run {
            None => {
                ensure(attempt == 1, "a run begins with its first attempt")?;
                ensure(!messages.is_empty() && messages == self.open(), "a run takes up everything that waits")?;
            }
            Some((current, before, of)) => {
                ensure(*current == run, "at most one run at a time")?;
                ensure(attempt == before + 1 && of == messages, "a retake is the next attempt at the same messages")?;
            }
        }
        self.run = Some((run, attempt, messages.to_vec()));
        Ok(())
    }

    fn hand_on(&mut self, messages: &[MessageId]) -> Result<(), String> {
        ensure(messages == self.open(), "a hand-over names every open message, oldest first")?;
        self.run = None;
        self.end(messages)
    }

    fn end(&mut self, messages: &[MessageId]) -> Result<(), String> {
        for message in messages {
            let entry = self.ended.values_mut().find(|(known, _)| known == message).ok_or("a message nobody sent")?;
            entry.1 += 1;
            ensure(entry.1 == 1, "every message ends in at most one list")?;
        }
        Ok(())
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
