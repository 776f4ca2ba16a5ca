//! The original's shapes (`SessionState`, rows of the list, statistics) as they go over the wire. Times are float seconds
//! where the original had them.

pub mod agent;
mod session_data;
mod statistics;

pub use session_data::{At, CustomerView, LastDecision, PartlyShown, SessionData};
pub use statistics::{StatisticsData, TodayData};

use domain::session::{
    Status,
    event::{EscalationReason, Severity},
};
use jiff::Timestamp;
use projections::{AuditEntry, MessageView, Role, SessionSummary, SessionView};
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
    #[schema(format = "uuid")]
    agent_id: Option<String>,
    agent_name: Option<String>,
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

/// Who serves a session.
#[derive(Serialize, ToSchema)]
pub struct Agent {
    #[schema(format = "uuid")]
    id: String,
    name: Option<String>,
}

/// The original's mail state; nothing is mailed yet.
#[derive(Serialize, Default, ToSchema)]
pub struct Mail {
    sent: bool,
    email_to: Vec<String>,
    message_id: Option<String>,
    error: Option<String>,
}

fn code(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("codes are plain strings")
}

fn reason_of(reason: EscalationReason) -> Value {
    code(reason)
}

fn severity_of(severity: Severity) -> Value {
    code(severity)
}

impl SessionState {
    /// From the views; staff sees what a rule saw, the customer does not.
    #[must_use]
    pub fn new(view: SessionView, messages: Vec<MessageView>, for_staff: bool) -> Self {
        let escalation = view.escalation.map(|escalation| Escalation {
            reason: reason_of(escalation.reason),
            rule: for_staff.then_some(escalation.rule),
            details: escalation.details.filter(|_| for_staff),
            severity: Some(severity_of(escalation.severity)),
            trigger_at: seconds(escalation.trigger_at),
            waiting_seconds: None,
        });
        Self {
            session_id: view.session.to_string(),
            session_name: view.name,
            status: view.status.as_str(),
            conversation_id: view.context.to_string(),
            user_profile: UserProfile::default(),
            history: messages.into_iter().map(Message::from).collect(),
            escalation,
            assigned_agent: view.agent.map(|agent| Agent { id: agent.to_string(), name: None }),
            mail: Mail::default(),
            created_at: seconds(view.created_at),
            updated_at: seconds(view.updated_at),
            last_manual_end_at: view.last_manual_end_at.map(seconds),
            ai_fail_count: view.ai_fail_count,
            episode: view.episode,
        }
    }

    /// Leaves no message.
    pub fn clear_history(&mut self) {
        self.history.clear();
    }
}

impl From<MessageView> for Message {
    fn from(view: MessageView) -> Self {
        Self {
            role: role(view.role),
            erased: view.content.is_none(),
            content: view.content,
            timestamp: seconds(view.at),
            agent_id: view.agent.map(|agent| agent.to_string()),
            agent_name: None,
            message_id: view.message.to_string(),
            position: view.position.0,
            hidden: view.hidden,
            withheld: view.withheld,
            shown: view.shown,
        }
    }
}

fn role(role: Role) -> &'static str {
    role.as_str()
}

/// A row of the list.
#[derive(Serialize, ToSchema)]
pub struct Summary {
    #[schema(format = "uuid")]
    session_id: String,
    session_name: Option<String>,
    #[schema(value_type = words::SessionStatus)]
    status: &'static str,
    user_profile: SummaryProfile,
    updated_at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message_preview: Option<Preview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalation: Option<Escalation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_agent: Option<Agent>,
}

/// What a row shows of the customer.
#[derive(Serialize, ToSchema)]
pub struct SummaryProfile {
    nickname: &'static str,
    vip: bool,
}

/// The beginning of the newest message.
#[derive(Serialize, ToSchema)]
pub struct Preview {
    #[schema(value_type = words::MessageRole)]
    role: &'static str,
    content: Option<String>,
    timestamp: f64,
}

impl Summary {
    /// A row at this moment.
    #[must_use]
    pub fn new(row: SessionSummary, now: Timestamp) -> Self {
        let waiting = row.waiting_since.map(|since| (seconds(now) - seconds(since)).max(0.0));
        Self {
            session_id: row.session.to_string(),
            session_name: row.name,
            status: row.status.as_str(),
            user_profile: SummaryProfile { nickname: "访客", vip: false },
            updated_at: seconds(row.updated_at),
            last_message_preview: row.last_message.map(|preview| Preview {
                role: role(preview.role),
                content: preview.content,
                timestamp: seconds(preview.at),
            }),
            escalation: row.escalation.map(|(reason, trigger_at)| Escalation {
                reason: reason_of(reason),
                rule: None,
                details: None,
                severity: None,
                trigger_at: seconds(trigger_at),
                waiting_seconds: waiting,
            }),
            assigned_agent: row.agent.map(|agent| Agent { id: agent.to_string(), name: None }),
        }
    }
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
