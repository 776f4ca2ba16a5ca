//! What is known of a session while a person is asked for: how urgent it is, for whom, and since when it waits.

use domain::{
    session::{Event, priority::PriorityClass},
    text::Skill,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A session for which a person is asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Wait {
    pub(super) class: PriorityClass,
    pub(super) group: Option<Skill>,
    /// In microseconds since 1970; `None` while it does not wait in the queue.
    since_us: Option<i64>,
}

impl Wait {
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.since_us.map(|since| Timestamp::from_microsecond(since).unwrap_or(Timestamp::MAX))
    }
}

/// What an event changes in it.
pub(super) enum Change {
    /// It waits, with this class and for this group.
    Asked(PriorityClass, Option<Skill>),
    /// It waits again, perhaps for another group.
    Returned(Option<Skill>),
    /// It has another class.
    Class(PriorityClass),
    /// A person has it.
    Taken,
    /// It is with the assistant until the shop opens.
    AfterHours(Option<Timestamp>),
    /// No person is asked for any more.
    Over,
}

impl Change {
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Escalated(escalated) => Self::Asked(escalated.class, escalated.group.clone()),
            Event::ReturnedToQueue(returned) => Self::Returned(returned.group.clone()),
            Event::PriorityChanged(changed) => Self::Class(changed.class),
            Event::AgentTookOver(_) => Self::Taken,
            Event::AfterHoursNoticeGiven(given) => Self::AfterHours(given.opens_at),
            Event::EscalationCancelled(_) | Event::Released(_) | Event::Closed(_) => Self::Over,
            Event::Opened(_)
            | Event::CustomerMessageSent(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantReplied(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::AgentMessageSent(_)
            | Event::NoticeGiven(_)
            | Event::TransferRequested(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
            | Event::Transferred(_)
            | Event::OfferMade(_)
            | Event::OfferAccepted(_)
            | Event::OfferExpired(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::ProfileChanged(_)
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => return None,
        })
    }

    /// The opening that it waits for, if it does; the inner `None`: nobody knows when.
    pub(super) fn opens_at(&self) -> Option<Option<Timestamp>> {
        match self {
            Self::AfterHours(opens_at) => Some(*opens_at),
            Self::Asked(..) | Self::Returned(_) | Self::Class(_) | Self::Taken | Self::Over => None,
        }
    }

    pub(super) fn apply(self, before: Option<Wait>, at: Timestamp) -> Option<Wait> {
        let since_us = Some(at.as_microsecond());
        match self {
            Self::Asked(class, group) => Some(Wait { class, group, since_us }),
            Self::Returned(group) => {
                let Wait { class, group: group_before, .. } = before.unwrap_or_default();
                Some(Wait { class, group: group.or(group_before), since_us })
            }
            Self::Class(class) => before.map(|before| Wait { class, ..before }),
            Self::Taken | Self::AfterHours(_) => Some(Wait { since_us: None, ..before.unwrap_or_default() }),
            Self::Over => None,
        }
    }
}
