//! `POST /api/chat`: the customer writes and waits for the answer.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header::ACCEPT_LANGUAGE};
use commands::{
    Customers, IdempotencyKey, MessageOutcome, Node, Rules, Sessions, await_reply,
    sessions::{ReceiveMessage, Received},
};
use domain::{
    Language, VisitorId,
    session::event::{AssistantReplied, NoticeGiven, Recipient},
    text::{MessageText, SessionName},
};
use journal::Tail;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{idempotency::RequestKey, own_session::OwnSession};
use crate::{
    agent_names::NameLookup,
    auth::{require::KnownVisitor, visitor::signed_out},
    body::{
        JsonBody,
        field::{Parameters, optional, required, unless_empty},
    },
    following::can_follow,
    openapi::{parameters::Keyed, texts},
    problem::Problem,
    request::request_id,
    services::requested_services,
    settings::Settings,
    supervision::Stopping,
    visitor_revocation::VisitorRevocation,
};

/// What a customer sends.
#[derive(Deserialize, ToSchema)]
pub struct ChatRequest {
    /// The text: 1 to 5,000 characters.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Text)]
    message: MessageText,
    /// What the shop's page passes along; kept with the message.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<BTreeMap<String, texts::Anything>>)]
    parameters: Option<Parameters>,
    /// The session's name, chosen by the client; made by the server when absent.
    #[serde(default, deserialize_with = "unless_empty")]
    #[schema(value_type = Option<texts::NameOrNone>)]
    user_id: Option<SessionName>,
    /// Ignored: the server knows the session's conversation.
    #[serde(default)]
    #[expect(dead_code, reason = "old clients send it, and are told where it is no text")]
    conversation_id: Option<String>,
}

/// The answer to a message: 200 brings the assistant's text, 202 (`Prefer: respond-async`) the id of the message.
#[derive(Serialize, ToSchema)]
pub struct ChatAnswer {
    /// False when no assistant could answer.
    success: bool,
    /// The assistant's text; not with 202.
    message: Option<String>,
    /// Beside a text: what the customer may choose to say next, to be sent as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    suggestions: Vec<String>,
    /// Why there is none; not with 202.
    error: Option<String>,
    /// The session's name.
    session_name: String,
    /// The session's id.
    #[schema(format = "uuid")]
    session_id: String,
    /// With 202: the message's id, which the reply's event lists among what it `answers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    message_id: Option<String>,
    /// Where the answer is recorded, or with 202 the message: the session's events after it bring the reply.
    position: u64,
}

/// The answer to a caller who does not wait: a part of [`ChatAnswer`], which is how the document describes both.
#[derive(Serialize)]
struct ChatAccepted {
    /// True: the message is recorded.
    success: bool,
    session_name: String,
    session_id: String,
    message_id: String,
    position: u64,
}

/// A request that has been recorded.
pub(super) struct Accepted {
    pub(super) visitor: VisitorId,
    pub(super) received: Received,
    pub(super) session_name: String,
}

requested_services! {
    /// What takes a message and waits for its answer.
    pub struct ChatServices {
        sessions: Sessions,
        rules: Rules,
        node: Node,
        tail: Tail,
        customers: Customers,
        revocation: VisitorRevocation,
        settings: Settings,
        names: NameLookup,
        stopping: Stopping,
    }
}

/// What takes a customer's message.
pub(super) struct Taking<'a> {
    pub(super) sessions: &'a Sessions,
    pub(super) customers: &'a Customers,
    pub(super) rules: &'a Rules,
    pub(super) node: &'a Node,
}

impl ChatServices {
    fn taking(&self) -> Taking<'_> {
        Taking { sessions: &self.sessions, customers: &self.customers, rules: &self.rules, node: &self.node }
    }
}

/// How long a caller is kept waiting beyond one attempt's limit.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a message and waits for the assistant's answer.
///
/// The session is opened by its first message (`session.opened`). Recorded are `session.customer_message_sent`, then
/// `session.assistant_replied`, or `session.escalated` where a rule asks for a person; the answer comes when that is on disk.
/// With `Prefer: respond-async` the answer is 202 as soon as the message is recorded: `message_id` names it, and the reply comes
/// with the session's events.
///
/// # Errors
/// Input that does not parse, a session that a person has, a log that is away.
#[utoipa::path(
    post, path = "/api/chat", operation_id = "chat", tag = "chat", request_body = ChatRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(
        Keyed,
        ("Prefer" = Option<String>, Header, description = "respond-async: do not wait for the reply"),
    ),
    responses(
        (status = 200, body = ChatAnswer),
        (status = 202, body = ChatAnswer, description = "Recorded; asked for with `Prefer: respond-async`"),
        (status = 409, description = "SESSION_IN_MANUAL_MODE: a person has the session; nothing was recorded"),
    )
)]
pub async fn chat(
    visitor: KnownVisitor,
    request: HttpRequest,
    key: RequestKey,
    app: ChatServices,
    body: JsonBody<ChatRequest>,
) -> Result<HttpResponse, Problem> {
    // Nobody would answer it.
    can_follow(&app.tail)?;
    let accepted = accept(&app.taking(), &visitor, &request, key, body.0).await?;
    if prefers_not_to_wait(&request) {
        return Ok(HttpResponse::Accepted()
            .insert_header(("Preference-Applied", RESPOND_ASYNC))
            .json(ChatAccepted::of(accepted)));
    }
    let Received { session, message, position } = accepted.received;
    let waiting = await_reply(app.sessions.journal(), &app.tail, session, message, position);
    let departure = app.revocation.revoked(app.customers.clone(), accepted.visitor, None);
    let limit = app.settings.assistant_limit_seconds + PATIENCE;
    tokio::select! {
        ending = tokio::time::timeout(limit, waiting) => match ending {
            Ok(ending) => Ok(HttpResponse::Ok().json(answer(&app.names, accepted, ending?).await)),
            Err(_elapsed) => Err(pending()),
        },
        () = departure => Err(signed_out()),
        () = app.stopping.requested() => Err(pending()),
    }
}

/// The preference of RFC 7240, 4.1.
const RESPOND_ASYNC: &str = "respond-async";

fn prefers_not_to_wait(request: &HttpRequest) -> bool {
    let values = request.headers().get_all("Prefer").filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).any(|name| name.trim().eq_ignore_ascii_case(RESPOND_ASYNC))
}

impl ChatAccepted {
    fn of(accepted: Accepted) -> Self {
        let Received { session, message, position } = accepted.received;
        Self {
            success: true,
            session_name: accepted.session_name,
            session_id: session.to_string(),
            message_id: message.to_string(),
            position: position.0,
        }
    }
}

/// Records the message of a chat route.
pub(super) async fn accept(
    taking: &Taking<'_>,
    visitor: &KnownVisitor,
    request: &HttpRequest,
    RequestKey(key): RequestKey,
    body: ChatRequest,
) -> Result<Accepted, Problem> {
    let ChatRequest { message: text, parameters, user_id: name, .. } = body;
    let Parameters(parameters) = parameters.unwrap_or_default();
    let (visitor, name) = match name {
        Some(name) => {
            let own = OwnSession::find_or_create(taking.sessions, visitor, name).await?;
            (own.visitor, own.name)
        }
        None => {
            let visitor = visitor.find_or_create(None);
            (visitor, made_up_name(visitor, key.as_ref()))
        }
    };
    let page = page_language(&parameters, request);
    let command = ReceiveMessage {
        visitor,
        name: name.clone(),
        text,
        parameters,
        recipient: Recipient::Assistant,
        page,
        is_vip: is_vip(taking.customers, visitor).await,
        key,
        correlation_id: request_id(),
    };
    let received = taking.sessions.receive_message(taking.node, taking.rules, command).await?;
    Ok(Accepted { visitor, received, session_name: name.as_str().to_owned() })
}

/// What the page says of itself, or the browser of its user.
fn page_language(parameters: &Map<String, Value>, request: &HttpRequest) -> Option<Language> {
    let named = parameters.get("language").and_then(Value::as_str).and_then(Language::preferred);
    named.or_else(|| accepted_language(request))
}

/// What the browser says of its user.
pub(super) fn accepted_language(request: &HttpRequest) -> Option<Language> {
    request.headers().get(ACCEPT_LANGUAGE)?.to_str().ok().and_then(Language::preferred)
}

/// Whether the shop counts the customer among its best, as far as this node remembers.
pub(super) async fn is_vip(customers: &Customers, visitor: VisitorId) -> bool {
    let known = customers.remembered(visitor).await;
    known.is_some_and(|known| known.state.customer().is_some_and(|customer| customer.vip))
}

/// As the original: `user_` and 16 hexadecimal digits; the same ones when a request is repeated under its key.
fn made_up_name(visitor: VisitorId, key: Option<&IdempotencyKey>) -> SessionName {
    let digits = key.map_or_else(rand::random, |key| Uuid::new_v5(&visitor.0, key.as_str().as_bytes()).as_u64_pair().0);
    SessionName::parse(format!("user_{digits:016x}")).expect("letters and digits make a name")
}

async fn answer(names: &NameLookup, accepted: Accepted, ending: MessageOutcome) -> ChatAnswer {
    let unavailable = ending.is_unavailable();
    let mut suggestions = Vec::new();
    let (text, position) = match ending {
        MessageOutcome::Replied { reply, text, position } => {
            suggestions = suggested(&reply);
            (text, position)
        }
        MessageOutcome::HandedOver { notices, position } => (Some(notices_text(names, &notices).await), position),
        MessageOutcome::Closed { position } => (None, position),
    };
    let (message, error) = if unavailable { (None, text) } else { (text, None) };
    ChatAnswer {
        success: !unavailable,
        message,
        suggestions,
        error,
        session_name: accepted.session_name,
        session_id: accepted.received.session.to_string(),
        message_id: None,
        position: position.0,
    }
}

/// What the customer may choose to say next; nothing once erased.
pub(super) fn suggested(replied: &AssistantReplied) -> Vec<String> {
    replied.reply.known().map(|reply| reply.suggestions.clone()).unwrap_or_default()
}

/// What the customer was told with a hand-off, each text on lines of its own.
pub(super) async fn notices_text(names: &NameLookup, notices: &[NoticeGiven]) -> String {
    let mut texts = Vec::with_capacity(notices.len());
    for NoticeGiven { language, notice, .. } in notices {
        texts.push(names.text_of(notice, *language).await);
    }
    texts.join("\n")
}

fn pending() -> Problem {
    let detail = "the message is recorded, its answer is still being made; repeat the request with the same \
                  Idempotency-Key, or read the session";
    Problem::unavailable("ANSWER_PENDING", detail, Duration::from_secs(2))
}
