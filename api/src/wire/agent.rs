//! Accounts and sign-ins as they stand on the wire.

use domain::{
    AgentId, Language, SignInId,
    agent::{Account, Presence},
};
use event_store::event::time_text;
use jiff::Timestamp;
use projections::{AgentView, SignInView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::words;

/// An account, as the original has it.
#[derive(Serialize, ToSchema)]
pub struct AgentData {
    #[schema(format = "uuid")]
    id: String,
    /// What it signs in with; null once erased.
    username: Option<String>,
    /// What customers and colleagues see; null once erased.
    name: Option<String>,
    email: Option<String>,
    #[schema(value_type = words::Role)]
    role: &'static str,
    #[schema(value_type = words::AgentStatus)]
    status: &'static str,
    /// Conversations at a time.
    max_sessions: u32,
    skills: Vec<String>,
    #[schema(value_type = Vec<words::Language>)]
    languages: Vec<&'static str>,
    /// False when nobody signs in with it any more.
    is_active: bool,
    must_change_password: bool,
    /// Whether a code is needed beside the password.
    has_second_factor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    last_sign_in_at: Option<String>,
    /// When it was last heard of, where it sends heartbeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    last_seen_at: Option<String>,
    /// Conversations that it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    current_sessions: Option<u64>,
}

impl AgentData {
    /// An account as the log has it.
    #[must_use]
    pub fn of(agent: AgentId, account: &Account, now: Timestamp) -> Self {
        Self {
            id: agent.to_string(),
            username: account.username.as_ref().map(|username| username.as_str().to_owned()),
            name: account.name.as_ref().map(|name| name.as_str().to_owned()),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            role: account.role.as_str(),
            status: account.presence_at(now).as_str(),
            max_sessions: account.capacity,
            skills: account.skills.iter().map(|skill| skill.as_str().to_owned()).collect(),
            languages: account.languages.iter().copied().map(Language::as_str).collect(),
            is_active: account.is_active,
            must_change_password: account.must_change_password,
            has_second_factor: account.second_factor.is_some(),
            created_at: None,
            last_sign_in_at: None,
            last_seen_at: None,
            current_sessions: None,
        }
    }

    /// An account as the views have it. Nobody is there who is not signed in.
    #[must_use]
    pub fn new(view: AgentView, is_signed_in: bool, last_seen_at: Option<Timestamp>, sessions: u64) -> Self {
        let presence = if is_signed_in { view.presence } else { Presence::Offline };
        Self {
            id: view.agent.to_string(),
            username: view.username,
            name: view.name,
            email: view.email,
            role: view.role.as_str(),
            status: presence.as_str(),
            max_sessions: view.capacity,
            skills: view.skills,
            languages: view.languages.into_iter().map(Language::as_str).collect(),
            is_active: view.is_active,
            must_change_password: view.must_change_password,
            has_second_factor: view.has_second_factor,
            created_at: Some(time_text(view.created_at)),
            last_sign_in_at: view.last_sign_in_at.map(time_text),
            last_seen_at: last_seen_at.map(time_text),
            current_sessions: Some(sessions),
        }
    }
}

/// A sign-in that is not over.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnSignIn)]
pub struct SignInData {
    #[schema(format = "uuid")]
    id: String,
    /// Whether it is the one that asks.
    is_this: bool,
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    renewed_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// From where it began.
    address: Option<String>,
    user_agent: Option<String>,
}

impl SignInData {
    /// A sign-in, seen from one of them.
    #[must_use]
    pub fn new(view: SignInView, asking: SignInId) -> Self {
        Self {
            id: view.sign_in.to_string(),
            is_this: view.sign_in == asking,
            since: time_text(view.since),
            renewed_at: time_text(view.renewed_at),
            expires_at: time_text(view.expires_at),
            address: view.address,
            user_agent: view.user_agent,
        }
    }
}
