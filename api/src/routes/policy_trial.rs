//! `POST /api/policies/test`: which rules fire on a text, or on what was said in a session, by a draft or by the policy in force.
//! Nothing is published and nobody is called.

use std::collections::VecDeque;

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use commands::{CommandError, Customers, SettingsInForce, sessions::stream_of};
use domain::{
    Language,
    agent::Permission,
    policy::{Counts, Customer, Firing, Message, Policy, Rule, Signal},
    session::{
        Event,
        event::{EscalationReason, Severity},
    },
    text::MessageText,
};
use event_store::StreamVersion;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::{
        require::{Require, SettingsRead},
        staff::Staff,
    },
    body::{JsonBody, field::optional},
    openapi::{texts, words},
    problem::Problem,
    routes::sessions::{self, SessionServices},
};

/// Messages of a customer that rules compare a new one with.
const EARLIER: usize = 3;

/// What is tried, and on what: one of `text` and `session`.
#[derive(Deserialize, ToSchema)]
pub struct TestPolicyRequest {
    /// A draft in TOML; without it the policy in force is tried.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    document: Option<String>,
    /// What a customer might write.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Text>)]
    text: Option<MessageText>,
    /// The customer's language; told by the text unless given.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::Language>)]
    language: Option<Language>,
    /// A session's id or name: everything that was said in it is tried, in its order. Needs session:read.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Name>)]
    session: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct TestPolicyAnswer {
    success: bool,
    /// The version tried; null for a draft.
    version: Option<u32>,
    /// For each text what the rules read in it.
    data: Vec<Tried>,
}

/// One text.
#[derive(Serialize, ToSchema)]
pub struct Tried {
    /// The session's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    message_id: Option<String>,
    #[schema(value_type = words::MessageRole)]
    role: &'static str,
    /// Rules that read something.
    signals: Vec<SignalData>,
    /// Whether it raises the class of a waiting session.
    is_urgent: bool,
    /// Whether a person is offered now.
    offers_person: bool,
    /// The rule that asks for a person; null where none does.
    #[schema(required = true)]
    fires: Option<FiringData>,
}

/// What a rule read.
#[derive(Serialize, ToSchema)]
pub struct SignalData {
    rule: &'static str,
    evidence: String,
}

/// A person is needed.
#[derive(Serialize, ToSchema)]
pub struct FiringData {
    rule: &'static str,
    #[schema(value_type = words::EscalationReason)]
    reason: EscalationReason,
    #[schema(value_type = words::Severity)]
    severity: Severity,
    /// danger, vip, urgent or normal
    class: &'static str,
    /// The skill of those who should take it; null for anybody.
    #[schema(required = true)]
    group: Option<String>,
    details: String,
}

impl From<Firing> for FiringData {
    fn from(firing: Firing) -> Self {
        Self {
            rule: firing.rule.as_str(),
            reason: firing.reason,
            severity: firing.severity,
            class: firing.class.as_str(),
            group: firing.group.map(|group| group.as_str().to_owned()),
            details: firing.details,
        }
    }
}

/// Tries a policy: which rules fire on a text, or on the messages of a session.
///
/// The policy in force, or a draft in the body. Nothing comes of it, however often it is repeated; a look at a session is
/// recorded (`access.session_viewed`).
///
/// # Errors
/// The draft is not right: line and field are named; not one of `text` and `session` is given; there is no such session; the
/// caller may not; the log is away.
#[utoipa::path(
    post, path = "/api/policies/test", operation_id = "test_policy", tag = "rules", security(("bearer" = [])),
    request_body = TestPolicyRequest,
    responses(
        (status = 200, body = TestPolicyAnswer),
        (status = 400, description = "Also: INVALID_DOCUMENT, with `line` and `document_field`"),
        (status = 404, description = "NOT_FOUND: there is no such session"),
        (status = 409, description = "AMBIGUOUS_SESSION: several sessions have this name"),
    )
)]
pub async fn test(
    caller: Require<SettingsRead>,
    app: SessionServices,
    customers: Data<Customers>,
    in_force: Data<SettingsInForce>,
    body: JsonBody<TestPolicyRequest>,
) -> Result<HttpResponse, Problem> {
    let TestPolicyRequest { document, text, language, session } = body.0;
    let version = document.is_none().then(|| in_force.policy().version());
    let policy = match document {
        Some(draft) => Policy::parse(&draft, 0)?,
        None => Policy::clone(&in_force.policy()),
    };
    let data = match (text, session) {
        (Some(text), None) => vec![on_text(&policy, text.as_str(), language)],
        (None, Some(session)) => on_session(&policy, &app, &customers, &caller.staff, session).await?,
        (Some(_), Some(_)) => return Err(Problem::invalid("session", "is one too many: give it or text")),
        (None, None) => return Err(Problem::invalid("text", "is required, or session")),
    };
    Ok(HttpResponse::Ok().json(TestPolicyAnswer { success: true, version, data }))
}

fn on_text(policy: &Policy, text: &str, language: Option<Language>) -> Tried {
    let language = language.unwrap_or_else(|| Language::decide(text, None, None));
    Trial::new(policy).message(None, text, language)
}

/// Everything said in a session whose texts are not erased. The view is on record before.
async fn on_session(
    policy: &Policy,
    app: &SessionServices,
    customers: &Customers,
    staff: &Staff,
    session: String,
) -> Result<Vec<Tried>, Problem> {
    if !staff.may(Permission::SessionRead) {
        let detail = format!("session needs {}, which the caller does not have", Permission::SessionRead);
        return Err(Problem::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", detail));
    }
    let session = sessions::found(app, staff, session).await?;
    let journal = app.journal();
    let events = journal.whole_stream(&stream_of(session), StreamVersion::NONE).await.map_err(CommandError::from)?;
    journal.open_all(&events).await.map_err(CommandError::from)?;
    let mut trial = Trial::new(policy);
    let mut tried = Vec::new();
    for decoded in &events {
        let Some((_, event)) = decoded.opened_event().session() else { continue };
        if let Event::Opened(opened) = event {
            let customer = customers.current(opened.visitor).await?;
            trial.customer.is_vip = customer.state.customer().is_some_and(|customer| customer.vip);
            trial.customer.is_listed = policy.lists(opened.visitor);
        }
        tried.extend(trial.event(event));
    }
    Ok(tried)
}

/// A policy on its way through a session.
struct Trial<'a> {
    policy: &'a Policy,
    counts: Counts,
    customer: Customer,
    /// The newest first.
    earlier: VecDeque<String>,
}

impl<'a> Trial<'a> {
    fn new(policy: &'a Policy) -> Self {
        Self { policy, counts: Counts::default(), customer: Customer::default(), earlier: VecDeque::new() }
    }

    fn event(&mut self, event: &Event) -> Option<Tried> {
        match event {
            Event::CustomerMessageSent(sent) => {
                let words = sent.words.known()?;
                Some(self.message(Some(sent.message.to_string()), words.text.as_str(), sent.language))
            }
            Event::AssistantReplied(replied) => {
                let text = replied.reply.known()?.text.as_str();
                let signals = self.policy.read_reply(text, replied.outcome, replied.confidence_permille);
                self.counts = self.counts.with_reply(&rules(&signals));
                let fires = self.policy.on_reply(&self.counts, &signals);
                let offers_person = self.policy.offers_person(&self.counts);
                Some(tried(Some(replied.message.to_string()), "assistant", signals, fires, offers_person))
            }
            other => {
                if begins_anew(other) {
                    self.counts = Counts::default();
                }
                None
            }
        }
    }

    fn message(&mut self, message_id: Option<String>, text: &str, language: Language) -> Tried {
        let earlier: Vec<&str> = self.earlier.iter().map(String::as_str).collect();
        let read = Message::new(text);
        let signals = self.policy.read_message(&read, read.repeats(&earlier), language, self.customer);
        self.counts = self.counts.with_message(&rules(&signals));
        let fires = self.policy.on_message(&self.counts, &signals);
        self.earlier.push_front(text.to_owned());
        self.earlier.truncate(EARLIER);
        let is_urgent = self.policy.urgency(&read).is_some();
        Tried { is_urgent, ..tried(message_id, "user", signals, fires, false) }
    }
}

/// Whether the session's counts begin at nothing after this.
fn begins_anew(event: &Event) -> bool {
    matches!(
        event,
        Event::Escalated(_)
            | Event::AgentTookOver(_)
            | Event::Released(_)
            | Event::Closed(_)
            | Event::EscalationCancelled(_)
    )
}

fn rules(signals: &[Signal]) -> Vec<Rule> {
    signals.iter().map(|signal| signal.rule).collect()
}

fn tried(
    message_id: Option<String>,
    role: &'static str,
    signals: Vec<Signal>,
    fires: Option<Firing>,
    offers_person: bool,
) -> Tried {
    let signals = signals.into_iter().map(|Signal { rule, evidence }| SignalData { rule: rule.as_str(), evidence });
    let (signals, fires) = (signals.collect(), fires.map(FiringData::from));
    Tried { message_id, role, signals, is_urgent: false, offers_person, fires }
}
