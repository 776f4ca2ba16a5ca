//! What a session's own stream says of an event beside what is stored: agents' names and the texts of notices. And what it does
//! not say to the customer.
//!
//! Invariant: a field that the domain hides from customers is in no frame of theirs.

use domain::{
    AgentId, Viewer,
    session::{
        Event,
        event::{NoticeGiven, TransferTarget},
    },
};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use crate::{agent_names::NameLookup, reader::Shown};

/// The event's data as this stream shows it; `None` where that is as it is stored.
pub async fn data(names: &NameLookup, shown: &Shown<'_>) -> Option<Box<RawValue>> {
    let (_, event) = shown.decoded.event().session()?;
    let hidden = if shown.viewer == Viewer::Customer { event.hidden_from_customer() } else { &[] };
    let added = added(names, event).await;
    if hidden.is_empty() && added.is_empty() {
        return None;
    }
    let stored = serde_json::from_str(&shown.decoded.recorded().event.data);
    let mut data: Map<String, Value> = stored.expect("it has been decoded, so it is an object");
    data.retain(|field, _| !hidden.contains(&field.as_str()));
    data.extend(added.into_iter().map(|(field, text)| (field.to_owned(), text.into())));
    Some(to_raw_value(&data).expect("it has string keys"))
}

/// Names beside ids, and the text beside a notice's code. An agent whose name was erased has none.
async fn added(names: &NameLookup, event: &Event) -> Vec<(&'static str, String)> {
    let mut added = Vec::new();
    for (field, agent) in agents_in(event).into_iter().flatten() {
        added.extend(names.of(agent).await.name.map(|name| (field, name)));
    }
    if let Event::NoticeGiven(NoticeGiven { notice, language, .. }) = event {
        added.push(("text", names.text_of(notice, *language).await));
    }
    added
}

/// The agents that an event names, each with the field that its name goes into.
fn agents_in(event: &Event) -> [Option<(&'static str, AgentId)>; 2] {
    let one = |agent: AgentId| [Some(("agent_name", agent)), None];
    match event {
        Event::AgentTookOver(taken) => one(taken.agent),
        Event::AgentMessageSent(sent) => one(sent.agent),
        Event::Released(released) => one(released.agent),
        Event::ReturnedToQueue(returned) => one(returned.agent),
        Event::OfferMade(made) => one(made.agent),
        Event::Transferred(moved) => [Some(("from_name", moved.from)), Some(("to_name", moved.to))],
        Event::TransferRequested(requested) => {
            let to = match requested.to {
                TransferTarget::Agent(agent) => Some(("to_name", agent)),
                TransferTarget::Group(_) => None,
            };
            [Some(("from_name", requested.from)), to]
        }
        Event::TransferAccepted(accepted) => [Some(("by_name", accepted.by)), None],
        Event::NoteAdded(added) => [Some(("author_name", added.author)), None],
        Event::RatingGiven(given) => one(given.agent),
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
        | Event::NoticeGiven(_)
        | Event::TransferDeclined(_)
        | Event::OfferAccepted(_)
        | Event::OfferExpired(_)
        | Event::MailRequested(_)
        | Event::MailSent(_)
        | Event::MailFailed(_)
        | Event::PriorityChanged(_)
        | Event::ProfileChanged(_)
        | Event::NoteEdited(_)
        | Event::NoteRemoved(_)
        | Event::TagsChanged(_)
        | Event::Closed(_)
        | Event::Reopened(_)
        | Event::CommandConfirmed(_) => [None, None],
    }
}
