//! The original's shapes (`SessionState`, rows of the list, statistics) as they go over the wire. Times are float seconds
//! where the original had them.

pub mod agent;
mod budget;
mod hand_off;
mod notes;
pub mod people;
mod session_data;
mod statistics;
mod summary;
mod usage;

pub use budget::BudgetData;
pub use hand_off::{HandOff, Mail, Offer, PendingTransfer, QueueEntryData};
pub use notes::{CustomerOfSession, EpisodeData, NoteData, NoteWordingData, RatingData, agents_of_notes};
pub use people::{Agent, People, Person};
pub use session_data::{At, CustomerView, LastDecision, PartlyShown, SessionData, Wanted};
pub use statistics::{AgentTodayData, StatisticsData, TodayData};
pub use summary::{Preview, Summary, SummaryProfile};
pub use usage::{CostData, SessionUsageData, TokensData, costs};

use std::collections::BTreeSet;

use domain::{
    session::{
        Status,
        event::{EscalationReason, Severity},
    },
    text::Tag,
};
use jiff::Timestamp;
use projections::{AuditEntry, EscalationView, MessageView, Role, SessionUsage, SessionView};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::openapi::words;

/// Seconds since 1970 with a fraction, as the original wrote them.
#[must_use]
pub fn seconds(time: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this century need 51 bits, f64 holds 53")]
    let micros = time.as_microsecond() as f64;
    micros / 1e6
}

/// A session's state.
#[derive(Serialize, ToSchema)]
pub struct SessionState {
    /// The id that staff may address it by.
    #[schema(format = "uuid")]
    session_id: String,
    /// What the client calls it; null once erased.
    session_name: Option<String>,
    #[schema(value_type = words::SessionStatus)]
    status: &'static str,
    /// The context that the assistant remembers.
    #[schema(format = "uuid")]
    conversation_id: String,
    user_profile: UserProfile,
    /// Newest 50, or those before `?before=`.
    history: Vec<Message>,
    escalation: Option<Escalation>,
    assigned_agent: Option<Agent>,
    mail: Mail,
    created_at: f64,
    updated_at: f64,
    last_manual_end_at: Option<f64>,
    ai_fail_count: u32,
    /// Counts the customer's returns after a close.
    episode: u32,
    /// The rating that the customer was last asked for; null for none.
    rating: Option<RatingData>,
    /// For staff: in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, required = false)]
    tags: Option<Vec<String>>,
    /// For staff: its class in the queue as it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = words::PriorityClass, required = false)]
    class: Option<&'static str>,
    /// For staff: how many internal notes it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    notes: Option<u64>,
    /// For staff: where it stands between people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = HandOff, required = false)]
    hand_off: Option<HandOff>,
    /// For staff: what assistants were asked in it, and what that cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SessionUsageData, required = false)]
    usage: Option<SessionUsageData>,
}

/// What is known of the customer.
#[derive(Serialize, ToSchema)]
pub struct UserProfile {
    nickname: &'static str,
    email: Option<String>,
    vip: bool,
    metadata: Map<String, Value>,
}

impl Default for UserProfile {
    fn default() -> Self {
        Self { nickname: "访客", email: None, vip: false, metadata: Map::new() }
    }
}

/// One message.
#[derive(Serialize, ToSchema)]
pub struct Message {
    #[schema(value_type = words::MessageRole)]
    role: &'static str,
    /// Null once erased.
    content: Option<String>,
    /// True once the text is erased.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
    timestamp: f64,
    /// Who wrote an agent's message: for staff the user name, for customers the id.
    agent_id: Option<String>,
    agent_name: Option<String>,
    /// For staff: the id beside the user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    agent_uuid: Option<String>,
    #[schema(format = "uuid")]
    message_id: String,
    position: u64,
    /// For staff: the customer cleared it from the screen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hidden: bool,
    /// For staff: made, but not given to the customer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    withheld: bool,
    /// For staff: how much of a withheld answer the customer saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    /// Of an answer: what the customer may choose to say next, to be sent as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    suggestions: Vec<String>,
}

/// Why a person is wanted.
#[derive(Serialize, ToSchema)]
pub struct Escalation {
    #[schema(value_type = words::EscalationReason)]
    reason: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = words::Severity, required = false)]
    severity: Option<Value>,
    trigger_at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_seconds: Option<f64>,
}

fn code(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("codes are plain strings")
}

pub(crate) fn code_text(value: impl Serialize) -> String {
    code(value).as_str().unwrap_or_default().to_owned()
}

fn tag_names(tags: &BTreeSet<Tag>) -> Vec<String> {
    tags.iter().map(|tag| tag.as_str().to_owned()).collect()
}

fn reason_of(reason: EscalationReason) -> Value {
    code(reason)
}

fn severity_of(severity: Severity) -> Value {
    code(severity)
}

impl SessionState {
    /// From the views; staff sees rules, evidence, mails and what is pending, the customer does not.
    #[must_use]
    pub fn new(view: SessionView, messages: Vec<MessageView>, usage: Option<SessionUsage>, people: &People) -> Self {
        let hand_off = people.is_staff().then(|| HandOff::new(&view, people));
        let is_staff = people.is_staff();
        Self {
            session_id: view.session.to_string(),
            session_name: view.name,
            status: view.status.as_str(),
            conversation_id: view.context.to_string(),
            user_profile: UserProfile { email: view.email, ..UserProfile::default() },
            history: messages.into_iter().map(|message| Message::new(message, people)).collect(),
            escalation: view.escalation.map(|escalation| Escalation::of(escalation, is_staff)),
            assigned_agent: view.agent.map(|agent| people.agent(agent)),
            mail: view.mail.filter(|_| is_staff).map(Mail::from).unwrap_or_default(),
            created_at: seconds(view.created_at),
            updated_at: seconds(view.updated_at),
            last_manual_end_at: view.last_manual_end_at.map(seconds),
            ai_fail_count: view.ai_fail_count,
            episode: view.episode,
            rating: view.rating.map(RatingData::from),
            tags: is_staff.then(|| tag_names(&view.tags)),
            class: is_staff.then(|| view.class.as_str()),
            notes: is_staff.then_some(view.notes),
            hand_off,
            usage: usage.map(SessionUsageData::from),
        }
    }

    /// Whether it waits for a person.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.status == Status::PendingManual.as_str()
    }

    /// Leaves no message.
    pub fn clear_history(&mut self) {
        self.history.clear();
    }
}

impl Escalation {
    fn of(view: EscalationView, for_staff: bool) -> Self {
        Self {
            reason: reason_of(view.reason),
            rule: for_staff.then_some(view.rule),
            details: view.details.filter(|_| for_staff),
            severity: for_staff.then(|| severity_of(view.severity)),
            trigger_at: seconds(view.trigger_at),
            waiting_seconds: None,
        }
    }
}

impl Message {
    fn new(view: MessageView, people: &People) -> Self {
        let content = view.content.or_else(|| view.notice.as_ref().map(|notice| people.text(notice)));
        Self {
            role: role(view.role),
            erased: content.is_none(),
            content,
            timestamp: seconds(view.at),
            agent_id: view.agent.map(|agent| people.id(agent)),
            agent_name: view.agent.and_then(|agent| people.name(agent)),
            agent_uuid: view.agent.and_then(|agent| people.uuid(agent)),
            message_id: view.message.to_string(),
            position: view.position.0,
            hidden: view.hidden,
            withheld: view.withheld,
            shown: view.shown,
            suggestions: view.suggestions,
        }
    }
}

fn role(role: Role) -> &'static str {
    role.as_str()
}

/// An entry of a session's audit trail: the original's promised shape and more.
#[derive(Serialize, ToSchema)]
pub struct AuditTrailEntry {
    position: u64,
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    timestamp: f64,
    operator: String,
    action: String,
    #[schema(value_type = Option<words::SessionStatus>)]
    status_from: Option<&'static str>,
    #[schema(value_type = Option<words::SessionStatus>)]
    status_to: Option<&'static str>,
    details: Value,
}

impl From<AuditEntry> for AuditTrailEntry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            position: entry.position.0,
            at: event_store::event::time_text(entry.at),
            timestamp: seconds(entry.at),
            operator: entry.actor,
            action: entry.event_type,
            status_from: entry.status_from.map(Status::as_str),
            status_to: entry.status_to.map(Status::as_str),
            details: entry.details,
        }
    }
}
