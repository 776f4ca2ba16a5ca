//! A session goes to another agent or group: at once, or asked for and answered.

use actix_web::{HttpResponse, web::Path};
use commands::sessions::{Commanded, Request, TransferOrder};
use domain::{
    AgentId, TransferId,
    agent::Account,
    session::{Event, event::TransferTarget},
    text::{MessageText, Skill},
};
use event_store::event::time_text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    acting::{Acting, CommandAnswer, acting},
    idempotency::RequestKey,
    refused::{Wanted, refused},
};
use crate::{
    auth::require::{Require, SessionWrite},
    body::{
        JsonBody,
        field::{TransferAnswer, optional, required},
    },
    openapi::{
        parameters::{Keyed, StaffsSession},
        texts, words,
    },
    problem::Problem,
    request::request_id,
};

/// To whom a session goes, and why; the original's fields and a group.
#[derive(Deserialize, ToSchema)]
pub struct TransferRequest {
    /// Who has the session, by user name or id; need not be sent.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    from_agent_id: Option<String>,
    /// Who gets it, by user name or id; or `to_group`.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    to_agent_id: Option<String>,
    /// The skill of those of whom one should take it from the queue.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::SkillName>)]
    to_group: Option<Skill>,
    /// For staff alone; 坐席转接 unless told.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Text>)]
    reason: Option<MessageText>,
}

/// Gives a session to another agent or group at once.
///
/// The agent who has it, or a supervisor. Records `session.transferred` for an agent, `session.returned_to_queue` for a group;
/// the customer is told.
///
/// # Errors
/// The caller may not, the other cannot take it, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/transfer", operation_id = "transfer_session", tag = "hand-off", security(("bearer" = [])),
    request_body = TransferRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_THE_OWNER"),
        (status = 409, description = "INVALID_STATUS: nobody has it; AMBIGUOUS_SESSION"),
    )
)]
pub async fn transfer(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<TransferRequest>,
) -> Result<HttpResponse, Problem> {
    let order = order(&app, body.0).await?;
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let message = format!("会话已转接至【{}】", shown(&app, &order.to).await);
    let done = app.sessions.transfer(request, order).await;
    app.answer(Some(&caller.staff), Wanted::Transfer, done, Some(message)).await
}

/// A transfer that waits for its answer.
#[derive(Serialize, ToSchema)]
pub struct TransferRequestAnswer {
    success: bool,
    data: TransferRequestData,
    /// Where it is recorded.
    position: u64,
}

/// A transfer that waits for its answer.
#[derive(Serialize, ToSchema)]
pub struct TransferRequestData {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "uuid")]
    session_id: String,
    /// RFC 3339: without an answer by then it is over.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Asks another agent or group to take a session.
///
/// The agent who has it, or a supervisor; it stays with the agent until somebody accepts. Records `session.transfer_requested`.
/// One transfer may wait at a time.
///
/// # Errors
/// The caller may not, the other cannot take it, another transfer waits for its answer, or the log is away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/transfer-requests", operation_id = "request_transfer", tag = "hand-off",
    security(("bearer" = [])), request_body = TransferRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = TransferRequestAnswer),
        (status = 403, description = "NOT_THE_OWNER"),
        (status = 409, description = "INVALID_STATUS: nobody has it; TRANSFER_PENDING: another waits; AMBIGUOUS_SESSION"),
    )
)]
pub async fn ask(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<TransferRequest>,
) -> Result<HttpResponse, Problem> {
    let order = order(&app, body.0).await?;
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let expires_at = app.transfers_expire_at();
    match app.sessions.request_transfer(request, order, expires_at).await {
        Ok(done) => Ok(HttpResponse::Ok().json(requested(&done)?)),
        Err(error) => Err(refused(&app.names, Wanted::Transfer, error).await),
    }
}

fn requested(done: &Commanded) -> Result<TransferRequestAnswer, Problem> {
    let requested = done.events.iter().find_map(|event| match event {
        Event::TransferRequested(requested) => Some(requested),
        _other => None,
    });
    let requested = requested.ok_or_else(no_transfer)?;
    let data = TransferRequestData {
        id: requested.transfer.to_string(),
        session_id: done.session.to_string(),
        expires_at: time_text(requested.expires_at),
    };
    Ok(TransferRequestAnswer { success: true, data, position: done.position.0 })
}

/// The answer to a transfer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RespondRequest {
    /// `accept` or `decline`, by who was asked; `withdraw`, by who asked.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = words::TransferAction)]
    action: TransferAnswer,
}

/// Accepts or declines a session that one was asked to take, or withdraws the request.
///
/// Records `session.transfer_accepted` with `session.transferred`, or `session.transfer_declined`. Whoever asked may withdraw.
///
/// # Errors
/// Somebody else was asked, the transfer is over, or log or views are away.
#[utoipa::path(
    post, path = "/api/transfer-requests/{id}/respond", operation_id = "respond_to_transfer", tag = "hand-off",
    security(("bearer" = [])), request_body = RespondRequest,
    params(
        ("id" = String, Path, description = "The transfer's id"),
        Keyed,
    ),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_ASKED, NOT_THE_OWNER"),
        (status = 409, description = "NO_TRANSFER: it is over; INVALID_STATUS"),
    )
)]
pub async fn respond(
    caller: Require<SessionWrite>,
    app: Acting,
    RequestKey(key): RequestKey,
    id: Path<String>,
    body: JsonBody<RespondRequest>,
) -> Result<HttpResponse, Problem> {
    let transfer: TransferId = id.parse().map_err(|_| no_transfer())?;
    let session = app.session_of(transfer).await?.ok_or_else(no_transfer)?;
    let by = acting(&caller.staff);
    let request = Request { session, by, key, correlation_id: request_id() };
    let done = match body.0.action {
        TransferAnswer::Withdraw => app.sessions.withdraw_transfer(request, transfer).await,
        answer => {
            let groups = app.groups_of(by.agent).await?;
            app.sessions.answer_transfer(request, transfer, groups, answer == TransferAnswer::Accept).await
        }
    };
    app.answer(Some(&caller.staff), Wanted::Transfer, done, None).await
}

fn no_transfer() -> Problem {
    Problem::not_found("there is no such transfer")
}

/// Who gets the session: an account that serves customers, or a group.
async fn order(app: &Acting, body: TransferRequest) -> Result<TransferOrder, Problem> {
    let TransferRequest { from_agent_id, to_agent_id, to_group, reason } = body;
    let to = match (to_agent_id, to_group) {
        (Some(agent), None) => TransferTarget::Agent(serving(app, &agent).await?),
        (None, Some(group)) => TransferTarget::Group(group),
        (Some(_), Some(_)) => return Err(Problem::invalid("to_group", "is one too many: give it or to_agent_id")),
        (None, None) => return Err(Problem::invalid("to_agent_id", "is required, or to_group")),
    };
    let from = from_agent_id.map(|agent| app.agent("from_agent_id", &agent)).transpose()?;
    let reason = reason.unwrap_or_else(|| MessageText::parse("坐席转接".to_owned()).expect("it is short"));
    Ok(TransferOrder { to, reason, from })
}

/// The account of this name, if it may be given a session.
async fn serving(app: &Acting, text: &str) -> Result<AgentId, Problem> {
    let agent = app.agent("to_agent_id", text)?;
    let found = app.staff.accounts.current(agent).await?;
    if found.state.account().is_some_and(Account::serves_customers) {
        return Ok(agent);
    }
    Err(Problem::invalid("to_agent_id", "must be an account in use that serves customers"))
}

async fn shown(app: &Acting, to: &TransferTarget) -> String {
    match to {
        TransferTarget::Agent(agent) => {
            let named = app.names.of(*agent).await;
            named.name.or(named.username).unwrap_or_else(|| agent.to_string())
        }
        TransferTarget::Group(group) => group.as_str().to_owned(),
    }
}
