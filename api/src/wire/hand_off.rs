//! What staff is shown of a session's way from person to person, and the queue.

use domain::session::event::TransferTarget;
use jiff::{SignedDuration, Timestamp};
use projections::{MailStatus, MailView, OfferView, QueueEntry, SessionView, TransferView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Summary, code_text,
    people::{Agent, People},
    seconds,
};
use crate::openapi::words;

/// The original's mail state and more, for staff; to customers it is empty.
#[derive(Serialize, Default, ToSchema)]
pub struct Mail {
    sent: bool,
    email_to: Vec<String>,
    /// The id of the newest mail about the session.
    message_id: Option<String>,
    /// Why it was given up.
    error: Option<String>,
    /// What became of it; null without one.
    #[schema(value_type = Option<words::MailStatus>)]
    status: Option<String>,
    /// When that was.
    at: Option<f64>,
}

impl From<MailView> for Mail {
    fn from(view: MailView) -> Self {
        Self {
            sent: view.status == MailStatus::Sent,
            email_to: Vec::new(),
            message_id: Some(view.mail.to_string()),
            error: view.failure.map(code_text),
            status: Some(code_text(view.status)),
            at: Some(seconds(view.at)),
        }
    }
}

/// Where a session stands between people, for staff.
#[derive(Serialize, ToSchema)]
pub struct HandOff {
    #[schema(value_type = words::PriorityClass)]
    priority_class: &'static str,
    /// Who should take it; null for anybody.
    group: Option<String>,
    /// Since when it waits: a session that comes back keeps its first time.
    waiting_since: Option<f64>,
    /// Since when its agent has it.
    taken_over_at: Option<f64>,
    /// Since when one agent or another has it.
    live_since: Option<f64>,
    /// The offer that waits for an answer.
    offer: Option<Offer>,
    /// The transfer that waits for an answer.
    transfer: Option<PendingTransfer>,
}

impl HandOff {
    /// From the view.
    #[must_use]
    pub fn new(view: &SessionView, people: &People) -> Self {
        Self {
            priority_class: view.class.as_str(),
            group: view.group.as_ref().map(|group| group.as_str().to_owned()),
            waiting_since: view.waiting_since.map(seconds),
            taken_over_at: view.taken_over_at.map(seconds),
            live_since: view.live_since.map(seconds),
            offer: view.offer.map(|offer| Offer::new(offer, people)),
            transfer: view.transfer.as_ref().map(|transfer| PendingTransfer::new(transfer, people)),
        }
    }
}

/// An offer that waits for an answer.
#[derive(Serialize, ToSchema)]
pub struct Offer {
    #[schema(format = "uuid")]
    offer_id: String,
    agent: Agent,
    expires_at: f64,
}

impl Offer {
    /// From the view.
    #[must_use]
    pub fn new(view: OfferView, people: &People) -> Self {
        Self { offer_id: view.offer.to_string(), agent: people.agent(view.agent), expires_at: seconds(view.expires_at) }
    }
}

/// A transfer that waits for an answer.
#[derive(Serialize, ToSchema)]
pub struct PendingTransfer {
    #[schema(format = "uuid")]
    transfer_id: String,
    from: Agent,
    /// Who was asked, if it was one agent.
    to_agent: Option<Agent>,
    /// Who was asked, if it was a group.
    to_group: Option<String>,
    /// Null where nobody said, and once erased.
    reason: Option<String>,
    expires_at: f64,
}

impl PendingTransfer {
    /// From the view.
    #[must_use]
    pub fn new(view: &TransferView, people: &People) -> Self {
        let (to_agent, to_group) = match &view.to {
            TransferTarget::Agent(agent) => (Some(people.agent(*agent)), None),
            TransferTarget::Group(group) => (None, Some(group.as_str().to_owned())),
        };
        Self {
            transfer_id: view.transfer.to_string(),
            from: people.agent(view.from),
            to_agent,
            to_group,
            reason: view.reason.clone(),
            expires_at: seconds(view.expires_at),
        }
    }
}

/// A session in the queue.
#[derive(Serialize, ToSchema)]
pub struct QueueEntryData {
    /// From 1.
    position: u64,
    /// After the time that it has waited.
    #[schema(value_type = words::PriorityClass)]
    priority_class: &'static str,
    /// The original's word for it.
    #[schema(value_type = words::PriorityLevel)]
    priority_level: &'static str,
    /// Seconds.
    wait_time: f64,
    /// Seconds until somebody takes it, roughly; null while nobody serves.
    estimated_wait: Option<f64>,
    #[serde(flatten)]
    session: Summary,
}

impl QueueEntryData {
    /// A row at this moment.
    #[must_use]
    pub fn new(entry: QueueEntry, people: &People, now: Timestamp) -> Self {
        let place = entry.place;
        Self {
            position: place.position,
            priority_class: place.class.as_str(),
            priority_level: words::level(place.class),
            wait_time: place.waited.as_secs_f64(),
            estimated_wait: place.estimated_wait.as_ref().map(SignedDuration::as_secs_f64),
            session: Summary::new(entry.session, people, now),
        }
    }
}
