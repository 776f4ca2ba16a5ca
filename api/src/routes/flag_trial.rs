//! `POST /api/flags/test`: what each flag says of a session or of a member of staff, by a draft or by the flags in force. Nothing is
//! published, and nobody's data is looked at: ids alone decide.

use actix_web::{HttpResponse, web::Data};
use commands::SettingsInForce;
use domain::{
    AgentId, SessionId,
    agent::Role,
    flags::{Flags, KNOWN, Known, Subject, Value},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::require::{Require, SettingsRead},
    body::{JsonBody, field::optional},
    openapi::words,
    problem::Problem,
};

/// What is tried, and on whom.
#[derive(Deserialize, ToSchema)]
pub struct TestFlagsRequest {
    /// A draft in TOML; without it the flags in force are tried.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    document: Option<String>,
    /// A session's id.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>, format = "uuid")]
    session: Option<SessionId>,
    /// An account's id.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>, format = "uuid")]
    agent: Option<AgentId>,
    /// A role of staff.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::Role>)]
    role: Option<Role>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct TestFlagsAnswer {
    success: bool,
    /// The version tried; null for a draft.
    version: Option<u32>,
    /// Every flag that the program knows.
    data: Vec<FlagData>,
}

/// What a flag says.
#[derive(Serialize, ToSchema)]
pub struct FlagData {
    flag: &'static str,
    /// What it is for.
    meaning: &'static str,
    value: FlagValue,
    /// Which rule of the flag decided, from 1; null where the default is what is left.
    rule: Option<usize>,
}

/// As the flag's type is.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum FlagValue {
    /// Yes or no.
    Boolean(bool),
    /// A text.
    Text(String),
    /// A whole number.
    Number(u32),
}

/// Shows what each flag says of a session or of a member of staff.
///
/// By the flags in force, or by a draft in the body. No event is recorded, however often it is repeated.
///
/// # Errors
/// The draft is not right: line and field are named; the caller may not.
#[utoipa::path(
    post, path = "/api/flags/test", operation_id = "test_flags", tag = "rules", security(("bearer" = [])),
    request_body = TestFlagsRequest,
    responses(
        (status = 200, body = TestFlagsAnswer),
        (status = 400, description = "Also: INVALID_DOCUMENT, with `line` and `document_field`"),
    )
)]
pub async fn test(
    _: Require<SettingsRead>,
    in_force: Data<SettingsInForce>,
    body: JsonBody<TestFlagsRequest>,
) -> Result<HttpResponse, Problem> {
    let TestFlagsRequest { document, session, agent, role } = body.0;
    let version = document.is_none().then(|| in_force.flags().version());
    let flags = match document {
        Some(draft) => Flags::of(KNOWN, &draft, 0)?,
        None => Flags::clone(&in_force.flags()),
    };
    let subject = Subject { session, agent, role };
    let data = KNOWN.iter().filter_map(|known| data(&flags, known, &subject)).collect();
    Ok(HttpResponse::Ok().json(TestFlagsAnswer { success: true, version, data }))
}

fn data(flags: &Flags, known: &Known, subject: &Subject) -> Option<FlagData> {
    let decision = flags.decide(known.name, subject)?;
    let value = match decision.value {
        Value::Boolean(value) => FlagValue::Boolean(*value),
        Value::Text(value) => FlagValue::Text(value.clone()),
        Value::Number(value) => FlagValue::Number(*value),
    };
    Some(FlagData { flag: known.name, meaning: known.meaning, value, rule: decision.rule })
}
