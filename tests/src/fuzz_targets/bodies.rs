//! Bodies of requests: as JSON, and as far as their fields can be judged without asking anybody.

use actix_web::ResponseError as _;
use api::{
    body::parse,
    problem::Problem,
    routes::{
        agents::{ChangeAgentRequest, CreateAgentRequest, ResetPasswordRequest, SkillsRequest},
        api_keys::IssueApiKeyRequest,
        auth::{LoginRequest, RefreshRequest},
        chat::ChatRequest,
        conversation::{ContextRequest, CreateRequest},
        customer::{IdentifyRequest, SignOutRequest},
        profile::{ChangePasswordRequest, ProfileRequest},
        second_factor::{ConfirmSecondFactorRequest, EnableSecondFactorRequest, PrepareSecondFactorRequest},
    },
};

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
    of("post /api/chat", |body| parse::<ChatRequest>(body)?.parse().map(drop), CHAT),
    of("post /api/chat/stream", |body| parse::<ChatRequest>(body)?.parse().map(drop), CHAT),
    of(
        "post /api/conversation/create",
        |body| parse::<CreateRequest>(body)?.parse().map(drop),
        r#"{"user_id":"会话 1"}"#,
    ),
    of("post /api/conversation/new", |body| parse::<ContextRequest>(body)?.parse().map(drop), r#"{"session_id":"s"}"#),
    of(
        "post /api/conversation/clear",
        |body| parse::<ContextRequest>(body)?.parse().map(drop),
        r#"{"session_id":"s"}"#,
    ),
    of(
        "post /api/customer/identify",
        |body| parse::<IdentifyRequest>(body)?.parse().map(drop),
        r#"{"identity_token":"a.b.c"}"#,
    ),
    of("post /api/customer/sign-out", |body| parse::<SignOutRequest>(body).map(drop), "{}"),
    of("post /api/agent/login", |body| parse::<LoginRequest>(body).map(drop), LOGIN),
    of(
        "post /api/agent/refresh",
        |body| parse::<RefreshRequest>(body)?.parse().map(drop),
        r#"{"refresh_token":"a.b.c"}"#,
    ),
    of("post /api/agent/change-password", |body| parse::<ChangePasswordRequest>(body)?.parse().map(drop), PASSWORDS),
    of(
        "put /api/agent/profile",
        |body| parse::<ProfileRequest>(body)?.parse().map(drop),
        r#"{"name":"Anna Li","email":""}"#,
    ),
    of("post /api/agents", |body| parse::<CreateAgentRequest>(body)?.parse().map(drop), ACCOUNT),
    of("put /api/agents/{id}", |body| parse::<ChangeAgentRequest>(body)?.parse().map(drop), CHANGES),
    of(
        "put /api/agents/{id}/skills",
        |body| parse::<SkillsRequest>(body)?.parse().map(drop),
        r#"{"skills":["returns","退货"]}"#,
    ),
    of(
        "post /api/agents/{id}/reset-password",
        |body| parse::<ResetPasswordRequest>(body).map(|body| drop(body.parse())),
        "{}",
    ),
    of(
        "post /api/agent/second-factor",
        |body| parse::<PrepareSecondFactorRequest>(body).map(drop),
        r#"{"password":"correct horse"}"#,
    ),
    of(
        "post /api/agent/second-factor/enable",
        |body| parse::<EnableSecondFactorRequest>(body).map(drop),
        r#"{"code":"287082"}"#,
    ),
    of("post /api/agent/second-factor/disable", |body| parse::<ConfirmSecondFactorRequest>(body).map(drop), CONFIRMED),
    of(
        "post /api/agent/second-factor/recovery-codes",
        |body| parse::<ConfirmSecondFactorRequest>(body).map(drop),
        CONFIRMED,
    ),
    of(
        "post /api/api-keys",
        |body| parse::<IssueApiKeyRequest>(body)?.parse(jiff::Timestamp::UNIX_EPOCH).map(drop),
        r#"{"name":"Nightly export","permissions":["log:read"],"expires_at":"2027-01-31T00:00:00Z"}"#,
    ),
];

const CHAT: &str = r#"{"message":"刹车异响 \ud83d\ude00","user_id":"s","conversation_id":null,"parameters":{"a":[{"b":[1e3,null,true]}]}}"#;
const LOGIN: &str = r#"{"username":"anna","password":"correct horse","device_id":"a browser's own random name"}"#;
const CONFIRMED: &str = r#"{"password":"correct horse","code":"abcd-efgh-ijkl-mnop"}"#;
const PASSWORDS: &str = r#"{"old_password":"correct horse","new_password":"another four words"}"#;
const ACCOUNT: &str = r#"{"username":"Anna_01","password":"correct horse","name":"李小明","email":"li@example.com","role":"supervisor","skills":["returns","returns"],"languages":["en"],"max_sessions":3}"#;
const CHANGES: &str =
    r#"{"name":"Anna","email":null,"role":"agent","skills":[],"languages":["en","zh"],"max_sessions":100,"x":1}"#;

const fn of(route: &'static str, read: fn(&[u8]) -> Result<(), Problem>, example: &'static str) -> Body {
    Body { route, read, example }
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
