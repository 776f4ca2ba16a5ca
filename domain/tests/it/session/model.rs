//! What design 5 says, written a second time and from events alone: the table of moves, and who ends whose message.
//!
//! It shares no code with the aggregate, so a rule that is wrong there is not wrong here in the same way.

use std::collections::BTreeMap;

use domain::{
    AgentId, MessageId, RunId,
    session::{Event, Status},
};

use Status::{AfterHoursEmail, BotActive, Closed, ManualLive, PendingManual};

/// The moves of design 5; staying is no move.
const MOVES: [(Status, &[Status]); 5] = [
    (BotActive, &[PendingManual, AfterHoursEmail, ManualLive, Closed]),
    (PendingManual, &[ManualLive, BotActive, AfterHoursEmail, Closed]),
    (ManualLive, &[BotActive, PendingManual, Closed]),
    (AfterHoursEmail, &[PendingManual, ManualLive, BotActive, Closed]),
    (Closed, &[BotActive]),
];

/// Where each event may stand, and where it leads; `None` as target: the session stays.
fn rule(event: &Event) -> (&'static [Status], Option<Status>) {
    match event {
        Event::Opened(_) => (&[], Some(BotActive)),
        Event::Escalated(_) => (&[BotActive, AfterHoursEmail], Some(PendingManual)),
        Event::EscalationCancelled(_) => (&[PendingManual, AfterHoursEmail], Some(BotActive)),
        Event::AfterHoursNoticeGiven(_) => (&[BotActive, PendingManual], Some(AfterHoursEmail)),
        Event::AgentTookOver(_) => (&[BotActive, PendingManual, AfterHoursEmail], Some(ManualLive)),
        Event::Released(_) => (&[ManualLive], Some(BotActive)),
        Event::ReturnedToQueue(_) => (&[ManualLive], Some(PendingManual)),
        Event::Closed(_) => (&[BotActive, PendingManual, ManualLive, AfterHoursEmail], Some(Closed)),
        Event::Reopened(_) => (&[Closed], Some(BotActive)),
        Event::CustomerMessageSent(_) | Event::AssistantRunStarted(_) | Event::AssistantReplied(_) => {
            (&[BotActive, AfterHoursEmail], None)
        }
        Event::AssistantFailed(_) => (&[BotActive, AfterHoursEmail], None),
        Event::AssistantReplyWithheld(_) | Event::ContextStarted(_) | Event::CommandConfirmed(_) => {
            (&Status::ALL, None)
        }
    }
}

/// The log of one session, retold.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) status: Option<Status>,
    owner: Option<AgentId>,
    episode: u32,
    between_episodes: bool,
    run: Option<(RunId, u32, Vec<MessageId>)>,
    /// Messages in the order they came, and in how many lists each has ended.
    pub(crate) ended: BTreeMap<usize, (MessageId, usize)>,
}

impl Model {
    /// Takes an event in, or says which rule of design 5 it breaks.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), String> {
        self.check_move(event)?;
        match event {
            Event::Opened(_) | Event::Reopened(_) => self.between_episodes = true,
            Event::CustomerMessageSent(sent) => {
                self.episode += u32::from(std::mem::take(&mut self.between_episodes));
                ensure(sent.episode == self.episode, "the episode counts the customer's returns")?;
                self.ended.insert(self.ended.len(), (sent.message, 0));
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
            Event::Escalated(escalated) => self.hand_on(&escalated.messages)?,
            Event::AgentTookOver(taken) => {
                self.owner = Some(taken.agent);
                self.hand_on(&taken.messages)?;
            }
            Event::Closed(closed) => self.hand_on(&closed.messages)?,
            Event::Released(left) => ensure(self.owner.take() == Some(left.agent), "only the owner leaves")?,
            Event::ReturnedToQueue(left) => ensure(self.owner.take() == Some(left.agent), "only the owner leaves")?,
            Event::ContextStarted(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::CommandConfirmed(_) => {}
        }
        Ok(())
    }

    /// Messages that no list has.
    pub(crate) fn open(&self) -> Vec<MessageId> {
        self.ended.values().filter(|(_, lists)| *lists == 0).map(|(message, _)| *message).collect()
    }

    fn check_move(&mut self, event: &Event) -> Result<(), String> {
        let (from, to) = rule(event);
        let at_its_place = self.status.map_or(matches!(event, Event::Opened(_)), |status| from.contains(&status));
        ensure(at_its_place, &format!("{event:?} while {:?}", self.status))?;
        if let (Some(status), Some(to)) = (self.status, to) {
            let moves = MOVES.iter().find(|(from, _)| *from == status).map_or(&[][..], |(_, to)| to);
            ensure(moves.contains(&to), &format!("no move from {status} to {to}"))?;
        }
        self.status = to.or(self.status);
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
