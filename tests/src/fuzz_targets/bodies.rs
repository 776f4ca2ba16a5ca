//! Bodies of requests: as JSON, and as far as their fields can be judged without asking anybody.

use actix_web::ResponseError as _;
use api::{
    body::parse,
    problem::Problem,
    routes::{
        activity::{TypingRequest, ViewingRequest},
        agents::{ChangeAgentRequest, CreateAgentRequest, ResetPasswordRequest, SkillsRequest},
        api_keys::IssueApiKeyRequest,
        auth::{LoginRequest, RefreshRequest},
        chat::ChatRequest,
        conversation::{ContextRequest, CreateRequest},
        customer::{IdentifyRequest, SignOutRequest},
        drafts::{DraftRequest, ReadRequest},
        faq::FaqTestRequest,
        flag_trial::TestFlagsRequest,
        hand_off::{NoFields, ReleaseRequest, ReturnRequest, TakeoverRequest},
        manual::{EscalateRequest, ManualMessageRequest},
        marks::{PriorityRequest, TagsRequest},
        notes::NoteRequest,
        policy_trial::TestPolicyRequest,
        presence::ChooseStatusRequest,
        profile::{ChangePasswordRequest, ProfileRequest},
        published::{PublishRequest, RollBackRequest},
        quick_replies::data::{QuickReplyRequest, RenderRequest},
        ratings::RatingRequest,
        second_factor::{ConfirmSecondFactorRequest, EnableSecondFactorRequest, PrepareSecondFactorRequest},
        session_mail::MailRequest,
        transfers::{RespondRequest, TransferRequest},
    },
};
use serde::de::DeserializeOwned;

use super::{lines, text};

/// A route's body.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its method and path.
    pub route: &'static str,
    read: fn(&[u8]) -> Result<(), Problem>,
    example: &'static str,
}

/// All of them: `it/fuzz_targets.rs` holds the list against the document.
pub const BODIES: &[Body] = &[
    of::<ChatRequest>("post /api/chat", CHAT),
    of::<ChatRequest>("post /api/chat/stream", CHAT),
    of::<CreateRequest>("post /api/conversation/create", r#"{"user_id":"会话 1"}"#),
    of::<ContextRequest>("post /api/conversation/new", r#"{"session_id":"s"}"#),
    of::<ContextRequest>("post /api/conversation/clear", r#"{"session_id":"s"}"#),
    of::<IdentifyRequest>("post /api/customer/identify", r#"{"identity_token":"a.b.c"}"#),
    of::<SignOutRequest>("post /api/customer/sign-out", "{}"),
    of::<EscalateRequest>("post /api/manual/escalate", r#"{"session_name":"s","reason":"user_request"}"#),
    of::<ManualMessageRequest>("post /api/manual/messages", MESSAGE),
    of::<TakeoverRequest>("post /api/sessions/{name}/takeover", r#"{"agent_id":"anna","from":"any"}"#),
    of::<NoFields>("post /api/sessions/{name}/steal", "{}"),
    of::<TransferRequest>("post /api/sessions/{name}/transfer", TRANSFER),
    of::<TransferRequest>("post /api/sessions/{name}/transfer-requests", r#"{"to_group":"returns"}"#),
    of::<RespondRequest>("post /api/transfer-requests/{id}/respond", r#"{"action":"accept"}"#),
    of::<NoFields>("post /api/sessions/{name}/offers/{id}/decline", "{}"),
    of::<ReleaseRequest>("post /api/sessions/{name}/release", r#"{"agent_id":"anna","reason":"resolved"}"#),
    of::<ReturnRequest>("post /api/sessions/{name}/return", r#"{"to_group":"returns"}"#),
    of::<NoFields>("post /api/sessions/{name}/reopen", "{}"),
    of::<NoFields>("post /api/sessions/{name}/close", "{}"),
    of::<NoFields>("post /api/sessions/{name}/cancel-escalation", "{}"),
    of::<TypingRequest>("post /api/sessions/{name}/typing", r#"{"is_typing":true}"#),
    of::<ViewingRequest>("post /api/sessions/{name}/viewing", r#"{"is_viewing":false}"#),
    of::<NoteRequest>("post /api/sessions/{name}/notes", r#"{"text":"asked before","mentions":["bo"]}"#),
    of::<NoteRequest>("put /api/sessions/{name}/notes/{id}", r#"{"text":"asked twice","mentions":null}"#),
    of::<TagsRequest>("post /api/sessions/{name}/tags", r#"{"add":[" Refund","电池"],"remove":[]}"#),
    of::<PriorityRequest>("put /api/sessions/{name}/priority", r#"{"class":"vip"}"#),
    of::<RatingRequest>("post /api/sessions/{name}/rating", r#"{"score":5,"comment":"谢谢"}"#),
    of::<ReadRequest>("put /api/sessions/{name}/read", r#"{"position":7}"#),
    of::<DraftRequest>("put /api/sessions/{name}/drafts/{kind}", r#"{"text":"Dear Ming,"}"#),
    of::<QuickReplyRequest>("post /api/quick-replies", QUICK_REPLY),
    of::<QuickReplyRequest>("put /api/quick-replies/{id}", QUICK_REPLY),
    of::<RenderRequest>("post /api/quick-replies/{id}/render", r#"{"session":"s"}"#),
    of::<FaqTestRequest>("post /api/faq/test", r#"{"question":"多久充满？","language":"zh"}"#),
    of::<MailRequest>("post /api/sessions/{name}/email", r#"{"force":true}"#),
    of::<ChooseStatusRequest>("put /api/agent/status", r#"{"status":"busy"}"#),
    of::<LoginRequest>("post /api/agent/login", LOGIN),
    of::<RefreshRequest>("post /api/agent/refresh", r#"{"refresh_token":"a.b.c"}"#),
    of::<ChangePasswordRequest>("post /api/agent/change-password", PASSWORDS),
    of::<ProfileRequest>("put /api/agent/profile", r#"{"name":"Anna Li","email":""}"#),
    of::<CreateAgentRequest>("post /api/agents", ACCOUNT),
    of::<ChangeAgentRequest>("put /api/agents/{id}", CHANGES),
    of::<SkillsRequest>("put /api/agents/{id}/skills", r#"{"skills":["returns","退货"]}"#),
    of::<ResetPasswordRequest>("post /api/agents/{id}/reset-password", "{}"),
    of::<PrepareSecondFactorRequest>("post /api/agent/second-factor", r#"{"password":"correct horse"}"#),
    of::<EnableSecondFactorRequest>("post /api/agent/second-factor/enable", r#"{"code":"287082"}"#),
    of::<ConfirmSecondFactorRequest>("post /api/agent/second-factor/disable", CONFIRMED),
    of::<ConfirmSecondFactorRequest>("post /api/agent/second-factor/recovery-codes", CONFIRMED),
    of::<PublishRequest>("post /api/policies", r#"{"document":"[rules.R1]\non = false\n"}"#),
    of::<RollBackRequest>("post /api/policies/rollback", r#"{"to_version":0}"#),
    of::<PublishRequest>("post /api/calendars", r#"{"document":"[default]\ntime_zone = \"UTC\"\nweek = {}\n"}"#),
    of::<RollBackRequest>("post /api/calendars/rollback", r#"{"to_version":0}"#),
    of::<PublishRequest>("post /api/flags", r#"{"document":"[flags.assistant_order]\ntype = \"string\"\n"}"#),
    of::<RollBackRequest>("post /api/flags/rollback", r#"{"to_version":0}"#),
    of::<TestFlagsRequest>(
        "post /api/flags/test",
        r#"{"session":"11111111-2222-4333-8444-555555555566","role":"agent"}"#,
    ),
    of::<TestPolicyRequest>("post /api/policies/test", r#"{"document":null,"text":"转人工","language":"zh"}"#),
    of::<IssueApiKeyRequest>(
        "post /api/api-keys",
        r#"{"name":"Nightly export","permissions":["log:read"],"expires_at":"2027-01-31T00:00:00Z"}"#,
    ),
];

const CHAT: &str = r#"{"message":"刹车异响 \ud83d\ude00","user_id":"s","conversation_id":null,"parameters":{"a":[{"b":[1e3,null,true]}]}}"#;
const MESSAGE: &str = r#"{"session_name":"s","role":"agent","content":"您好","quick_reply":"11111111-2222-4333-8444-555555555566","agent_info":{"agent_id":"anna","agent_name":"Anna"}}"#;
const TRANSFER: &str = r#"{"from_agent_id":"anna","to_agent_id":"bo","to_agent_name":"Bo","reason":"坐席转接"}"#;
const LOGIN: &str = r#"{"username":"anna","password":"correct horse","device_id":"a browser's own random name"}"#;
const CONFIRMED: &str = r#"{"password":"correct horse","code":"abcd-efgh-ijkl-mnop"}"#;
const PASSWORDS: &str = r#"{"old_password":"correct horse","new_password":"another four words"}"#;
const QUICK_REPLY: &str =
    r#"{"title":"Hello","content":"Hello {{customer.name}}","category":"greeting","language":"en","scope":"personal"}"#;
const ACCOUNT: &str = r#"{"username":"Anna_01","password":"correct horse","name":"李小明","email":"li@example.com","role":"supervisor","skills":["returns","returns"],"languages":["en"],"max_sessions":3}"#;
const CHANGES: &str =
    r#"{"name":"Anna","email":null,"role":"agent","skills":[],"languages":["en","zh"],"max_sessions":100,"x":1}"#;

const fn of<T: DeserializeOwned>(route: &'static str, example: &'static str) -> Body {
    Body { route, read: |body| parse::<T>(body).map(drop), example }
}

/// A route's method and path on the first line, and its body. What is refused is the caller's fault, and says so.
pub(super) fn body(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
    let route = text(&bytes[..end]).unwrap_or_default();
    let Some(body) = BODIES.iter().find(|body| body.route == route) else { return false };
    let Err(problem) = (body.read)(&bytes[end + 1..]) else { return true };
    let answer = problem.error_response();
    assert!(answer.status().is_client_error(), "{route}: {problem}");
    assert!(!problem.detail().contains(char::is_control), "{route}: {problem:?}");
    false
}

pub(super) fn all() -> Vec<Vec<u8>> {
    BODIES.iter().map(|body| lines(&[body.route, body.example])).collect()
}
