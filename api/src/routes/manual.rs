//! `POST /api/manual/escalate` and `/messages`: a person is asked for, and customer and person talk.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use commands::{
    Customers, Node, Rules,
    sessions::{AskForPerson, AskedForPerson, Author, ReceiveMessage, Request},
};
use domain::{
    MessageId, QuickReplyId,
    session::event::Recipient,
    text::{MessageText, SessionName},
};
use event_store::Position;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;

use super::{
    acting::{Acting, acting},
    chat::{accepted_language, is_vip},
    idempotency::RequestKey,
    own_session::OwnSession,
    refused::{Wanted, refused},
    sessions::no_session,
};
use crate::{
    auth::{
        require::{KnownVisitor, OptionalStaff, SessionWrite},
        staff::Staff,
    },
    body::{
        JsonBody,
        field::{ManualRole, optional, required},
    },
    openapi::{parameters::Keyed, texts, words},
    problem::Problem,
    request::request_id,
    wire::{SessionState, seconds},
};

/// Who wants a person, and why.
#[derive(Deserialize, ToSchema)]
pub struct EscalateRequest {
    /// The session's name; for staff its id as well.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Name)]
    session_name: SessionName,
    /// `user_request` unless told; keyword, fail_loop, sentiment, vip and manual stand as they are, anything else is `manual`.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Text>)]
    reason: Option<MessageText>,
}

/// The session that waits for a person.
#[derive(Serialize, ToSchema)]
pub struct EscalateAnswer {
    success: bool,
    data: SessionState,
    /// Whether a mail to the team is recorded as requested.
    email_sent: bool,
    /// Whether people work now.
    is_in_shift: bool,
    /// Where it is recorded.
    position: u64,
}

/// Asks for a person: the customer in its own session, staff in any.
///
/// In working hours records `session.escalated`, and the session waits in the queue; outside them records
/// `session.after_hours_notice_given` and `session.mail_requested`, and the assistant goes on. A customer's session is opened if
/// need be (`session.opened`). A session that waits already keeps its place: asking again records nothing.
///
/// # Errors
/// A person has the session, or log or views are away.
#[utoipa::path(
    post, path = "/api/manual/escalate", operation_id = "escalate_session", tag = "chat", request_body = EscalateRequest,
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(Keyed),
    responses(
        (status = 200, body = EscalateAnswer),
        (status = 404, description = "NOT_FOUND: there is no such session, for staff"),
        (status = 409, description = "MANUAL_IN_PROGRESS: a person has it; INVALID_STATUS, AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn escalate(
    caller: OptionalStaff<SessionWrite>,
    request: HttpRequest,
    app: Acting,
    visitor: Result<KnownVisitor, Problem>,
    rules: Data<Rules>,
    RequestKey(key): RequestKey,
    body: JsonBody<EscalateRequest>,
) -> Result<HttpResponse, Problem> {
    let EscalateRequest { session_name: name, reason } = body.0;
    let staff = caller.staff.as_ref();
    let (session, by, opening) = match staff {
        Some(staff) => {
            let session = app.shown.named("session_name", name.as_str().to_owned()).await?;
            (session, Author::Staff(acting(staff)), None)
        }
        None => {
            let OwnSession { visitor, name, session } =
                OwnSession::find_or_create(&app.sessions, &visitor?, name).await?;
            (session, Author::Customer(visitor), Some((visitor, name)))
        }
    };
    let asked = AskForPerson {
        request: Request { session, by, key, correlation_id: request_id() },
        opening,
        reason: reason.unwrap_or_else(|| MessageText::parse("user_request".to_owned()).expect("it is short")),
        page: accepted_language(&request),
    };
    let asked = match app.sessions.ask_for_person(&rules, asked).await {
        Ok(asked) => asked,
        Err(error) => return Err(refused(&app.names, Wanted::Other, error).await),
    };
    let AskedForPerson { done, is_mailed: email_sent, is_in_shift } = asked;
    let (data, done) = app.state(staff, Wanted::Other, Ok(done)).await?;
    let position = done.position.0;
    Ok(HttpResponse::Ok().json(EscalateAnswer { success: true, data, email_sent, is_in_shift, position }))
}

/// A message between a customer and the person who has the session.
#[derive(Deserialize, ToSchema)]
pub struct ManualMessageRequest {
    /// The session's name; for staff its id as well.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Name)]
    session_name: SessionName,
    /// `user`: the customer of the session; `agent`: the person who has it.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = words::SpeakerRole)]
    role: ManualRole,
    /// The text: 1 to 5,000 characters.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Text)]
    content: MessageText,
    /// With role agent: the prepared answer that it was made of.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>, format = "uuid")]
    quick_reply: Option<QuickReplyId>,
    /// The account that is signed in; need not be sent.
    #[serde(default)]
    agent_info: Option<AgentInfo>,
}

/// Who speaks; the original's fields.
#[derive(Deserialize, ToSchema)]
pub struct AgentInfo {
    /// By user name or id.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>)]
    agent_id: Option<String>,
}

/// The message is recorded.
#[derive(Serialize, ToSchema)]
pub struct ManualMessageAnswer {
    success: bool,
    data: ManualMessageData,
    /// Where it is recorded.
    position: u64,
}

/// The message.
#[derive(Serialize, ToSchema)]
pub struct ManualMessageData {
    /// In seconds since 1970.
    timestamp: f64,
    #[schema(format = "uuid")]
    message_id: String,
}

/// Writes to the person who has the session, or as that person to the customer.
///
/// Role `user` is the customer (`session.customer_message_sent`), role `agent` the member of staff who has the session
/// (`session.agent_message_sent`). A customer may write while the session waits for a person as well.
///
/// # Errors
/// No person has the session, or another; log or views are away.
#[utoipa::path(
    post, path = "/api/manual/messages", operation_id = "send_manual_message", tag = "chat",
    request_body = ManualMessageRequest,
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(Keyed),
    responses(
        (status = 200, body = ManualMessageAnswer),
        (status = 401, description = "UNAUTHORIZED: role agent needs staff's token"),
        (status = 403, description = "NOT_THE_OWNER: another agent has it; NOT_YOUR_ACCOUNT; NOT_A_CUSTOMER: role user with staff's token"),
        (status = 404, description = "NOT_FOUND: there is none, or it is not the caller's"),
        (status = 409, description = "NOT_IN_MANUAL_MODE: no person is there; AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn message(
    caller: OptionalStaff<SessionWrite>,
    app: Acting,
    visitor: Result<KnownVisitor, Problem>,
    talk: CustomersTalk,
    key: RequestKey,
    body: JsonBody<ManualMessageRequest>,
) -> Result<HttpResponse, Problem> {
    match (body.0.role, caller.staff) {
        (ManualRole::Agent, Some(staff)) => from_agent(&app, &staff, key, body.0).await,
        (ManualRole::Agent, None) => Err(Problem::unauthorized("role agent needs the token of staff: sign in")),
        (ManualRole::User, Some(_)) => {
            let detail = "role user is for the customer's own token";
            Err(Problem::new(StatusCode::FORBIDDEN, "NOT_A_CUSTOMER", detail))
        }
        (ManualRole::User, None) => from_customer(&app, &talk, &visitor?, key, body.0).await,
    }
}

async fn from_agent(
    app: &Acting,
    staff: &Staff,
    key: RequestKey,
    body: ManualMessageRequest,
) -> Result<HttpResponse, Problem> {
    let named = body.agent_info.and_then(|info| info.agent_id);
    app.is_own(staff, "agent_info.agent_id", named.as_deref())?;
    let RequestKey(key) = key;
    let session = app.shown.named("session_name", body.session_name.as_str().to_owned()).await?;
    let request = Request { session, by: acting(staff), key, correlation_id: request_id() };
    match app.sessions.send_agent_message(request, body.content, body.quick_reply).await {
        Ok((message, done)) => answer(app, message, done.position).await,
        Err(error) => Err(refused(&app.names, Wanted::OwnersAct, error).await),
    }
}

crate::services::requested_services! {
    /// What takes a customer's message to a person.
    pub struct CustomersTalk {
        customers: Customers,
        rules: Rules,
        node: Node,
    }
}

async fn from_customer(
    app: &Acting,
    talk: &CustomersTalk,
    visitor: &KnownVisitor,
    RequestKey(key): RequestKey,
    body: ManualMessageRequest,
) -> Result<HttpResponse, Problem> {
    let own = OwnSession::find(&app.sessions, visitor, body.session_name).await?;
    let OwnSession { visitor, name, .. } = own.ok_or_else(no_session)?;
    let message = ReceiveMessage {
        visitor,
        name,
        text: body.content,
        parameters: Map::new(),
        recipient: Recipient::Person,
        page: None,
        is_vip: is_vip(&talk.customers, visitor).await,
        key,
        correlation_id: request_id(),
    };
    let received = app.sessions.receive_message(&talk.node, &talk.rules, message).await?;
    answer(app, received.message, received.position).await
}

async fn answer(app: &Acting, message: MessageId, position: Position) -> Result<HttpResponse, Problem> {
    let recorded = app.sessions.log().reader().read_at(position).await?;
    let timestamp = recorded.map_or(0.0, |recorded| seconds(recorded.recorded_at));
    let data = ManualMessageData { timestamp, message_id: message.to_string() };
    Ok(HttpResponse::Ok().json(ManualMessageAnswer { success: true, data, position: position.0 }))
}
