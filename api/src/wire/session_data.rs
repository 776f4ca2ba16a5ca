//! A session as a reader is shown it, from one state of the views: the newest, or the one of a moment. Both are written by
//! the same function, so what is answered for a moment is what was answered then.
//!
//! Invariant: nothing here depends on the clock.

use domain::{AgentId, Personal, SessionId};
use event_store::{Position, event::time_text};
use jiff::tz::TimeZone;
use projections::{
    Audience, AuditEntry, MessageView, Reading, SessionAt, SessionUsage, SessionView, ViewsError, as_of::Decision,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::openapi::words;

use super::{
    AuditTrailEntry, SessionState, code,
    people::{People, agents_in},
    seconds,
};

/// Messages at a time, as in the original.
const HISTORY: u32 = 50;
/// Entries of the audit trail at a time.
const AUDIT: u32 = 1000;

/// A session with its audit trail.
#[derive(Serialize, ToSchema)]
pub struct SessionData {
    /// What the reader sees of the session.
    pub session: SessionState,
    /// Empty for customers.
    pub audit_trail: Vec<AuditTrailEntry>,
    /// With `?at=`: the session's newest event of then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// With `?at=`, for staff: what the customer's own routes showed then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_view: Option<CustomerView>,
    /// With `?at=`, for staff: why a person was last wanted by then, over or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_decision: Option<LastDecision>,
}

/// An event's place and time.
#[derive(Serialize, ToSchema)]
pub struct At {
    position: u64,
    /// RFC 3339.
    #[schema(format = DateTime)]
    recorded_at: String,
    /// Place in the session, from 1.
    version: u64,
}

/// A session as its customer saw it.
#[derive(Serialize, ToSchema)]
pub struct CustomerView {
    /// Without what was cleared by then, and without withheld replies.
    pub session: SessionState,
    /// Beginnings of withheld replies that had been sent to the customer's stream.
    partly_shown: Vec<PartlyShown>,
}

/// How much of a withheld reply the customer saw.
#[derive(Serialize, ToSchema)]
pub struct PartlyShown {
    #[schema(format = "uuid")]
    message_id: String,
    position: u64,
    timestamp: f64,
    shown: String,
}

/// A rule that fired.
#[derive(Serialize, ToSchema)]
pub struct LastDecision {
    position: u64,
    /// RFC 3339.
    #[schema(format = DateTime)]
    recorded_at: String,
    #[schema(value_type = words::EscalationReason)]
    reason: Value,
    rule: String,
    #[schema(value_type = words::Severity)]
    severity: Value,
    policy_version: u32,
    /// What the rule saw; null once erased.
    evidence: Option<String>,
    /// True once what the rule saw is erased.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
}

impl SessionData {
    /// What a reader is shown of a session in one state; nothing where it is not in it. Messages are the newest 50, all or
    /// those before a position.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn read(reading: &mut Reading, wanted: &Wanted<'_>) -> Result<Option<Self>, ViewsError> {
        let Some(rows) = Rows::read(reading, wanted).await? else { return Ok(None) };
        let people = People::read(reading, rows.agents(), wanted.audience, wanted.zone).await?;
        Ok(Some(rows.shown(&people)))
    }

    /// What a reader is shown of a session as it stood, with the names that agents have now.
    ///
    /// # Errors
    /// The moment's database, or that of now, does not answer.
    pub async fn read_then(
        then: &SessionAt,
        now: &mut Reading,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Self>, ViewsError> {
        let mut reading = then.reading().await?;
        let Some(rows) = Rows::read(&mut reading, wanted).await? else { return Ok(None) };
        let people = People::read(now, rows.agents(), wanted.audience, wanted.zone).await?;
        let mut data = rows.shown(&people);
        data.at = Some(At::of(then));
        if wanted.audience == Audience::Staff {
            data.customer_view = CustomerView::read(&mut reading, now, wanted).await?;
            data.last_decision = then.decision.clone().map(LastDecision::from);
        }
        Ok(Some(data))
    }
}

/// What is asked of a session, and for whom.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Which.
    pub session: SessionId,
    /// For whom.
    pub audience: Audience,
    /// Messages before this position only.
    pub before: Option<Position>,
    /// For times in notices.
    pub zone: &'a TimeZone,
}

/// A session's rows in one state.
struct Rows {
    view: SessionView,
    messages: Vec<MessageView>,
    audit_trail: Vec<AuditEntry>,
    /// For staff.
    usage: Option<SessionUsage>,
}

impl Rows {
    async fn read(reading: &mut Reading, wanted: &Wanted<'_>) -> Result<Option<Self>, ViewsError> {
        let Wanted { session, audience, before, .. } = *wanted;
        let Some(view) = reading.session(session).await? else { return Ok(None) };
        let messages = reading.messages(session, audience, before, HISTORY).await?;
        let (audit_trail, usage) = match audience {
            Audience::Staff => {
                let trail = reading.audit_trail(session, Position::START, AUDIT).await?;
                (trail, Some(reading.session_usage(session).await?))
            }
            Audience::Customer => (Vec::new(), None),
        };
        Ok(Some(Self { view, messages, audit_trail, usage }))
    }

    fn agents(&self) -> impl Iterator<Item = AgentId> {
        agents_in(&self.view, &self.messages)
    }

    fn shown(self, people: &People) -> SessionData {
        SessionData {
            session: SessionState::new(self.view, self.messages, self.usage, people),
            audit_trail: self.audit_trail.into_iter().map(AuditTrailEntry::from).collect(),
            at: None,
            customer_view: None,
            last_decision: None,
        }
    }
}

impl At {
    fn of(then: &SessionAt) -> Self {
        let newest = &then.newest;
        Self { position: newest.position.0, recorded_at: newest.recorded_at_text(), version: newest.version.0 }
    }
}

impl CustomerView {
    async fn read(reading: &mut Reading, now: &mut Reading, wanted: &Wanted<'_>) -> Result<Option<Self>, ViewsError> {
        let wanted = Wanted { audience: Audience::Customer, ..*wanted };
        let Some(rows) = Rows::read(reading, &wanted).await? else { return Ok(None) };
        let people = People::read(now, rows.agents(), wanted.audience, wanted.zone).await?;
        let all = reading.messages(wanted.session, Audience::Staff, wanted.before, HISTORY).await?;
        let partly_shown = all.into_iter().filter(|message| !message.hidden).filter_map(PartlyShown::of).collect();
        Ok(Some(Self { session: rows.shown(&people).session, partly_shown }))
    }
}

impl PartlyShown {
    fn of(message: MessageView) -> Option<Self> {
        let shown = message.shown.filter(|shown| message.withheld && !shown.is_empty())?;
        Some(Self {
            message_id: message.message.to_string(),
            position: message.position.0,
            timestamp: seconds(message.at),
            shown,
        })
    }
}

impl From<Decision> for LastDecision {
    fn from(decision: Decision) -> Self {
        Self {
            position: decision.position.0,
            recorded_at: time_text(decision.at),
            reason: code(decision.reason),
            rule: decision.rule,
            severity: code(decision.severity),
            policy_version: decision.policy_version,
            erased: decision.evidence == Personal::Erased,
            evidence: decision.evidence.known().cloned(),
        }
    }
}
