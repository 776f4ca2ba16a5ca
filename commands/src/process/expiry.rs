//! Ends offers and transfers that nobody answers in time. By when that is, the event says that made them.

use domain::{
    OfferId, SessionId, TransferId,
    session::{
        Command, Event,
        event::{OfferEnd, TransferEnd},
    },
};
use event_store::StreamName;
use jiff::Timestamp;
use journal::Decoded;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::manager::{Action, ProcessManager, Timer, whole_millisecond};

/// The keys of its timers: a session has one open offer and one open transfer at most.
const OFFER: &str = "offer";
const TRANSFER: &str = "transfer";

/// The process manager.
#[derive(Debug, Clone, Copy)]
pub struct Expiry;

/// What a timer says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    Offer(OfferId),
    Transfer(TransferId),
}

impl ProcessManager for Expiry {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn react(&self, _: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((_, event)) = decoded.event().session() else { return Vec::new() };
        let stream = decoded.recorded().stream.clone();
        vec![match event {
            Event::OfferMade(made) => waits(stream, Asked::Offer(made.offer), made.expires_at),
            Event::TransferRequested(asked) => waits(stream, Asked::Transfer(asked.transfer), asked.expires_at),
            Event::OfferAccepted(_) | Event::OfferExpired(_) => over(stream, OFFER),
            Event::TransferAccepted(_) | Event::TransferDeclined(_) => over(stream, TRANSFER),
            Event::Opened(_)
            | Event::CustomerMessageSent(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantReplied(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::Escalated(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentTookOver(_)
            | Event::AgentMessageSent(_)
            | Event::NoticeGiven(_)
            | Event::Transferred(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => return Vec::new(),
        }]
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        let (Ok(asked), Some(id)) = (Asked::deserialize(&timer.payload), timer.stream.id()) else { return Vec::new() };
        let (name, command) = match asked {
            Asked::Offer(offer) => ("end_offer", Command::EndOffer { offer, reason: OfferEnd::Expired }),
            Asked::Transfer(transfer) => {
                ("end_transfer", Command::EndTransfer { transfer, reason: TransferEnd::Expired, by: None })
            }
        };
        vec![Action::Command { name, session: SessionId(id), command: Box::new(command) }]
    }
}

fn waits(stream: StreamName, asked: Asked, until: Timestamp) -> Action {
    let key = match asked {
        Asked::Offer(_) => OFFER,
        Asked::Transfer(_) => TRANSFER,
    };
    let due = whole_millisecond(until);
    Action::SetTimer(Timer { stream, key: key.to_owned(), due, payload: json!(asked), life: None })
}

fn over(stream: StreamName, key: &str) -> Action {
    Action::CancelTimer { stream, key: key.to_owned() }
}
