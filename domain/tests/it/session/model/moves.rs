//! The table of moves: where each event may stand, and where it leads.

use domain::session::{
    Event, Status,
    event::{CustomerMessageSent, Recipient},
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

const NOT_CLOSED: &[Status] = &[BotActive, PendingManual, ManualLive, AfterHoursEmail];
const WITH_ASSISTANT: &[Status] = &[BotActive, AfterHoursEmail];
const WITH_PERSONS: &[Status] = &[PendingManual, ManualLive];

/// Where an event may stand, and where it leads; `None`: the session stays.
fn rule(event: &Event) -> (&'static [Status], Option<Status>) {
    match event {
        Event::Opened(_) => (&[], Some(BotActive)),
        Event::Escalated(_) => (WITH_ASSISTANT, Some(PendingManual)),
        Event::EscalationCancelled(_) => (&[PendingManual, AfterHoursEmail], Some(BotActive)),
        Event::AfterHoursNoticeGiven(_) => (&[BotActive, PendingManual], Some(AfterHoursEmail)),
        Event::AgentTookOver(_) => (&[BotActive, PendingManual, AfterHoursEmail], Some(ManualLive)),
        Event::Released(_) => (&[ManualLive], Some(BotActive)),
        Event::ReturnedToQueue(_) => (&[ManualLive], Some(PendingManual)),
        Event::Closed(_) => (NOT_CLOSED, Some(Closed)),
        Event::Reopened(_) => (&[Closed], Some(BotActive)),
        Event::CustomerMessageSent(CustomerMessageSent { recipient: Recipient::Person, .. }) => (WITH_PERSONS, None),
        Event::CustomerMessageSent(_) | Event::AssistantRunStarted(_) | Event::AssistantReplied(_) => {
            (WITH_ASSISTANT, None)
        }
        Event::AssistantFailed(_) => (WITH_ASSISTANT, None),
        Event::AgentMessageSent(_)
        | Event::Transferred(_)
        | Event::TransferRequested(_)
        | Event::TransferAccepted(_)
        | Event::TransferDeclined(_) => (&[ManualLive], None),
        Event::OfferMade(_) | Event::OfferAccepted(_) | Event::OfferExpired(_) => (&[PendingManual], None),
        Event::NoticeGiven(_) | Event::ProfileChanged(_) | Event::PriorityChanged(_) => (NOT_CLOSED, None),
        Event::AssistantAsked(_)
        | Event::AssistantReplyWithheld(_)
        | Event::ContextStarted(_)
        | Event::MailRequested(_)
        | Event::MailSent(_)
        | Event::MailFailed(_)
        | Event::NoteAdded(_)
        | Event::NoteEdited(_)
        | Event::NoteRemoved(_)
        | Event::TagsChanged(_)
        | Event::RatingGiven(_)
        | Event::CommandConfirmed(_) => (&Status::ALL, None),
    }
}

/// The status after an event, if it may stand there.
pub(super) fn after(before: Option<Status>, event: &Event) -> Result<Status, String> {
    let (from, to) = rule(event);
    let wrong = || format!("{event:?} while {before:?}");
    let Some(status) = before else {
        return to.filter(|_| matches!(event, Event::Opened(_))).ok_or_else(wrong);
    };
    let Some(to) = to else {
        return if from.contains(&status) { Ok(status) } else { Err(wrong()) };
    };
    let moves = MOVES.iter().find(|(from, _)| *from == status).map_or(&[][..], |(_, to)| to);
    if from.contains(&status) && moves.contains(&to) { Ok(to) } else { Err(wrong()) }
}
