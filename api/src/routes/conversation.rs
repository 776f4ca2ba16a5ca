//! `POST /api/conversation/{create,new,clear}`: opens a session; begins a new context for the assistant; does so and hides earlier
//! messages from the customer.

use actix_web::{HttpResponse, web::Data};
use commands::{
    Sessions,
    sessions::{OpenSession, StartContext},
};
use domain::text::SessionName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{idempotency::RequestKey, own_session::OwnSession};
use crate::{
    auth::require::KnownVisitor,
    body::{JsonBody, field::required},
    openapi::{parameters::Keyed, texts},
    problem::Problem,
    request::request_id,
};

/// Names the session to open.
#[derive(Deserialize, ToSchema)]
pub struct CreateRequest {
    /// The session's name, chosen by the client.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Name)]
    user_id: SessionName,
}

/// Names the session to start afresh.
#[derive(Deserialize, ToSchema)]
pub struct ContextRequest {
    /// The session's name; the original calls it so.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Name)]
    session_id: SessionName,
}

/// The conversation in force.
#[derive(Serialize, ToSchema)]
pub struct ConversationAnswer {
    success: bool,
    #[schema(format = "uuid")]
    conversation_id: String,
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// Where the log stood.
    position: u64,
}

/// Opens a session unless it exists.
///
/// Records `session.opened`; a session that exists is answered as it is, and nothing is recorded. `user_id` is the session's
/// name.
///
/// # Errors
/// Input that does not parse, a log that is away.
#[utoipa::path(
    post, path = "/api/conversation/create", operation_id = "create_conversation", tag = "chat", request_body = CreateRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(Keyed),
    responses(
        (status = 200, body = ConversationAnswer),
    )
)]
pub async fn create(
    visitor: KnownVisitor,
    key: RequestKey,
    sessions: Data<Sessions>,
    body: JsonBody<CreateRequest>,
) -> Result<HttpResponse, Problem> {
    let OwnSession { visitor, name, .. } = OwnSession::find_or_create(&sessions, &visitor, body.0.user_id).await?;
    let command = OpenSession { visitor, name, key: key.0, correlation_id: request_id() };
    let opened = sessions.open(command).await?;
    Ok(HttpResponse::Ok().json(ConversationAnswer {
        success: true,
        conversation_id: opened.context.to_string(),
        error: None,
        message: None,
        position: opened.position.0,
    }))
}

/// Lets the assistant forget what was said before.
///
/// Records `session.context_started` (and `session.opened` for a new session). The history stays visible. An unused conversation
/// is kept, and then nothing is recorded.
///
/// # Errors
/// Input that does not parse, a log that is away.
#[utoipa::path(
    post, path = "/api/conversation/new", operation_id = "start_conversation", tag = "chat", request_body = ContextRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(Keyed),
    responses(
        (status = 200, body = ConversationAnswer),
    )
)]
pub async fn new(
    visitor: KnownVisitor,
    key: RequestKey,
    sessions: Data<Sessions>,
    body: JsonBody<ContextRequest>,
) -> Result<HttpResponse, Problem> {
    start_context(&visitor, key, &sessions, body.0, false).await
}

/// Lets the assistant forget what was said before, and hides it from the customer.
///
/// Records `session.context_started`, which hides earlier messages on the customer's routes. Staff sees them still: nothing is
/// deleted.
///
/// # Errors
/// Input that does not parse, a log that is away.
#[utoipa::path(
    post, path = "/api/conversation/clear", operation_id = "clear_conversation", tag = "chat", request_body = ContextRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(Keyed),
    responses(
        (status = 200, body = ConversationAnswer),
    )
)]
pub async fn clear(
    visitor: KnownVisitor,
    key: RequestKey,
    sessions: Data<Sessions>,
    body: JsonBody<ContextRequest>,
) -> Result<HttpResponse, Problem> {
    start_context(&visitor, key, &sessions, body.0, true).await
}

async fn start_context(
    visitor: &KnownVisitor,
    key: RequestKey,
    sessions: &Sessions,
    body: ContextRequest,
    clear: bool,
) -> Result<HttpResponse, Problem> {
    let OwnSession { visitor, name, .. } = OwnSession::find_or_create(sessions, visitor, body.session_id).await?;
    let command = StartContext { visitor, name, clear, key: key.0, correlation_id: request_id() };
    let outcome = sessions.start_context(command).await?;
    Ok(HttpResponse::Ok().json(ConversationAnswer {
        success: true,
        conversation_id: outcome.context.to_string(),
        error: None,
        message: clear.then_some("历史会话已清除，新对话已创建"),
        position: outcome.position.0,
    }))
}
