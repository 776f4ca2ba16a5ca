//! A row of a list of sessions, for staff.

use domain::session::priority::PriorityClass;
use jiff::Timestamp;
use projections::{SessionSummary, session_list};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Escalation, RatingData,
    people::{Agent, People},
    reason_of, role, seconds, severity_of, tag_names,
};
use crate::openapi::words;

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
    /// Who should take it; null for anybody.
    group: Option<String>,
    /// How many of the customer's messages of the last 15 days the caller has not read, counted up to 100. In the list of sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    unread: Option<u64>,
    /// In order.
    tags: Vec<String>,
    /// Its class in the queue as it was set.
    #[schema(value_type = words::PriorityClass)]
    class: &'static str,
    /// How many internal notes it has.
    notes: u64,
    /// The rating that the customer was last asked for; null for none.
    rating: Option<RatingData>,
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
    pub fn new(row: SessionSummary, people: &People, now: Timestamp) -> Self {
        let waiting = row.waiting_since.map(|since| (seconds(now) - seconds(since)).max(0.0));
        Self {
            session_id: row.session.to_string(),
            session_name: row.name,
            status: row.status.as_str(),
            user_profile: SummaryProfile { nickname: "访客", vip: row.class == PriorityClass::Vip },
            updated_at: seconds(row.updated_at),
            last_message_preview: row.last_message.map(|preview| Preview::new(preview, people)),
            escalation: row.escalation.map(|escalation| Escalation {
                reason: reason_of(escalation.reason),
                rule: Some(escalation.rule),
                details: None,
                severity: Some(severity_of(escalation.severity)),
                trigger_at: seconds(escalation.trigger_at),
                waiting_seconds: waiting,
            }),
            assigned_agent: row.agent.map(|agent| people.agent(agent)),
            group: row.group.map(|group| group.as_str().to_owned()),
            unread: None,
            tags: tag_names(&row.tags),
            class: row.class.as_str(),
            notes: row.notes,
            rating: row.rating.map(RatingData::from),
        }
    }

    /// With what the reader has not read.
    #[must_use]
    pub fn with_unread(self, unread: u64) -> Self {
        Self { unread: Some(unread), ..self }
    }
}

impl Preview {
    fn new(view: projections::Preview, people: &People) -> Self {
        let notice = view.notice.map(|notice| session_list::shortened(&people.text(&notice)));
        Self { role: role(view.role), content: view.content.or(notice), timestamp: seconds(view.at) }
    }
}
