//! `POST /api/sessions/{name}/takeover`, `/steal`, `/release`, `/return`, `/close`, `/reopen` and `/cancel-escalation`.

use actix_web::{HttpResponse, web::Path};
use domain::text::{ReasonCode, Skill};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    acting::{Acting, CommandAnswer},
    idempotency::RequestKey,
    refused::Wanted,
};
use crate::{
    auth::require::{KnownVisitor, OptionalStaff, Require, SessionSupervise, SessionWrite},
    body::{
        JsonBody,
        field::{Origin, optional},
    },
    openapi::{
        parameters::{Keyed, NamedSession, StaffsSession},
        texts, words,
    },
    problem::Problem,
};

/// Who takes a session; the original's fields.
#[derive(Deserialize, ToSchema)]
pub struct TakeoverRequest {
    /// The account that is signed in, by user name or id; need not be sent.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    agent_id: Option<String>,
    /// `any`: from the assistant as well, not only from the queue.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::TakenFrom>)]
    from: Option<Origin>,
}

/// Who gives a session back, and why; the original's fields.
#[derive(Deserialize, ToSchema)]
pub struct ReleaseRequest {
    /// The account that is signed in, by user name or id; need not be sent.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    agent_id: Option<String>,
    /// `resolved` unless told: lower-case letters, digits and underscores.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Reason>)]
    reason: Option<ReasonCode>,
}

/// For whom a session is to wait.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequest {
    /// The skill of those who should take it; unless told the group that it was for.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::SkillName>)]
    to_group: Option<Skill>,
}

/// Nothing more needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// Takes a session over: from the queue, or with `"from": "any"` from the assistant.
///
/// Records `session.agent_took_over`: the customer is told, and an answer in the making is withheld
/// (`session.assistant_reply_withheld`). Of several agents the first one gets it; the others are told who did. Taking over again
/// what one has records nothing.
///
/// # Errors
/// Another agent has it, its status does not allow it, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/takeover", operation_id = "take_over_session", tag = "hand-off", security(("bearer" = [])),
    request_body = TakeoverRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_YOUR_ACCOUNT: agent_id is another account"),
        (status = 409, description = "ALREADY_TAKEN, with who has it; INVALID_STATUS; AMBIGUOUS_SESSION"),
    )
)]
pub async fn take_over(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<TakeoverRequest>,
) -> Result<HttpResponse, Problem> {
    let TakeoverRequest { agent_id, from } = body.0;
    app.is_own(&caller.staff, "agent_id", agent_id.as_deref())?;
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let done = app.sessions.take_over(request, from == Some(Origin::Any)).await;
    app.answer_takeover(&caller.staff, done).await
}

/// Takes a session from the agent who has it.
///
/// Records `session.transferred`; both agents and the customer are told. Again, by who has it now, nothing is recorded.
///
/// # Errors
/// Nobody has it, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/steal", operation_id = "steal_session", tag = "hand-off", security(("bearer" = [])),
    request_body = NoFields,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 409, description = "INVALID_STATUS: nobody has it; AMBIGUOUS_SESSION"),
    )
)]
pub async fn steal(
    caller: Require<SessionSupervise>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    _: JsonBody<NoFields>,
) -> Result<HttpResponse, Problem> {
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let done = app.sessions.steal(request).await;
    app.answer(Some(&caller.staff), Wanted::TakeOver, done, None).await
}

/// Gives a session back to the assistant.
///
/// The agent who has it, or a supervisor. Records `session.released`; the customer is told.
///
/// # Errors
/// Another agent or nobody has it, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/release", operation_id = "release_session", tag = "hand-off", security(("bearer" = [])),
    request_body = ReleaseRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_THE_OWNER; NOT_YOUR_ACCOUNT: agent_id is another account"),
        (status = 409, description = "NOT_IN_MANUAL_MODE: nobody has it; AMBIGUOUS_SESSION"),
    )
)]
pub async fn release(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<ReleaseRequest>,
) -> Result<HttpResponse, Problem> {
    let ReleaseRequest { agent_id, reason } = body.0;
    app.is_own(&caller.staff, "agent_id", agent_id.as_deref())?;
    let reason = reason.unwrap_or_else(|| ReasonCode::parse("resolved").expect("it is in lower case"));
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let done = app.sessions.release(request, reason, app.now()).await;
    app.answer(Some(&caller.staff), Wanted::OwnersAct, done, None).await
}

/// Hands a session back to the queue.
///
/// The agent who has it, or a supervisor. Records `session.returned_to_queue`, for a group where one is named.
///
/// # Errors
/// Another agent or nobody has it, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/return", operation_id = "return_session", tag = "hand-off", security(("bearer" = [])),
    request_body = ReturnRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_THE_OWNER"),
        (status = 409, description = "NOT_IN_MANUAL_MODE: nobody has it; AMBIGUOUS_SESSION"),
    )
)]
pub async fn hand_back(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<ReturnRequest>,
) -> Result<HttpResponse, Problem> {
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let done = app.sessions.hand_back(request, body.0.to_group).await;
    app.answer(Some(&caller.staff), Wanted::OwnersAct, done, None).await
}

/// Ends a session.
///
/// Records `session.closed`. Staff may end a session that no person has; one that somebody has only that agent, or a supervisor.
/// Closing a closed session records nothing. The customer's next message reopens it.
///
/// # Errors
/// Another agent has it, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/close", operation_id = "close_session", tag = "hand-off", request_body = NoFields,
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(NamedSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_THE_OWNER"),
        (status = 409, description = "AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn close(
    caller: OptionalStaff<SessionWrite>,
    app: Acting,
    visitor: Result<KnownVisitor, Problem>,
    key: RequestKey,
    name: Path<String>,
    _: JsonBody<NoFields>,
) -> Result<HttpResponse, Problem> {
    let staff = caller.staff.as_ref();
    let request = app.by_either(staff, visitor, name.into_inner(), key).await?;
    let done = app.sessions.close(request, app.now()).await;
    app.answer(staff, Wanted::OwnersAct, done, None).await
}

/// Begins a closed session anew, with the assistant.
///
/// Records `session.reopened`: a new episode of the same session.
///
/// # Errors
/// It is not closed, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/reopen", operation_id = "reopen_session", tag = "hand-off", security(("bearer" = [])),
    request_body = NoFields,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 409, description = "INVALID_STATUS: it is not closed; AMBIGUOUS_SESSION"),
    )
)]
pub async fn reopen(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    _: JsonBody<NoFields>,
) -> Result<HttpResponse, Problem> {
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let done = app.sessions.reopen(request).await;
    app.answer(Some(&caller.staff), Wanted::Other, done, None).await
}

/// Withdraws the wish for a person: the assistant goes on.
///
/// Records `session.escalation_cancelled`. It is possible while the session waits, and no longer once a person has it.
///
/// # Errors
/// No person was asked for or one has the session, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/cancel-escalation", operation_id = "cancel_escalation", tag = "hand-off",
    request_body = NoFields,
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(NamedSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 409, description = "INVALID_STATUS: no person is awaited; AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn cancel_escalation(
    caller: OptionalStaff<SessionWrite>,
    app: Acting,
    visitor: Result<KnownVisitor, Problem>,
    key: RequestKey,
    name: Path<String>,
    _: JsonBody<NoFields>,
) -> Result<HttpResponse, Problem> {
    let staff = caller.staff.as_ref();
    let request = app.by_either(staff, visitor, name.into_inner(), key).await?;
    let done = app.sessions.cancel_escalation(request).await;
    app.answer(staff, Wanted::Other, done, None).await
}
