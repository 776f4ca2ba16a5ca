//! `POST /api/chat`: the customer writes and waits for the answer.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web::Data};
use commands::{
    IdempotencyKey, MessageOutcome, await_reply,
    sessions::{ReceiveMessage, Received},
};
use domain::{
    Language, VisitorId,
    text::{MessageText, SessionName},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::shared::{idempotency_key, session_name};
use crate::{
    app::App,
    body::JsonBody,
    openapi::texts,
    problem::Problem,
    request::request_id,
    sign_in::visitor::{KnownVisitor, signed_out},
};

/// What a customer sends.
#[derive(Deserialize, ToSchema)]
pub struct ChatRequest {
    /// The text: 1 to 5,000 characters.
    #[serde(default)]
    #[schema(value_type = texts::Text, required = true)]
    pub message: Option<String>,
    /// What the shop's page passes along; kept with the message.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, texts::Anything>>)]
    pub parameters: Option<Map<String, Value>>,
    /// The session's name, chosen by the client; made by the server when absent.
    #[serde(default)]
    #[schema(value_type = Option<texts::Name>)]
    pub user_id: Option<String>,
    /// Ignored: the server knows the session's conversation.
    #[serde(default)]
    pub conversation_id: Option<String>,
}

/// What was sent, if it is taken.
pub struct Said {
    pub(super) text: MessageText,
    pub(super) parameters: Map<String, Value>,
    pub(super) name: Option<SessionName>,
}

impl ChatRequest {
    /// What is taken of it.
    ///
    /// # Errors
    /// A field is not taken.
    pub fn parse(self) -> Result<Said, Problem> {
        let text = self.message.ok_or_else(|| Problem::invalid("message", "is required"))?;
        let text = MessageText::parse(text).map_err(|error| Problem::invalid("message", error))?;
        let parameters = self.parameters.unwrap_or_default();
        parameters.iter().try_for_each(|(key, value)| storable("parameters", key, value, 1))?;
        let name = self.user_id.map(|name| session_name("user_id", name)).transpose()?;
        Ok(Said { text, parameters, name })
    }
}

/// The answer.
#[derive(Serialize, ToSchema)]
pub struct ChatAnswer {
    /// False when no assistant could answer.
    success: bool,
    /// The assistant's text.
    message: Option<String>,
    /// Why there is none.
    error: Option<String>,
    /// The session's name.
    session_name: String,
    /// The session's id.
    #[schema(format = "uuid")]
    session_id: String,
    /// Where the answer is recorded.
    position: u64,
}

/// The answer to a caller who does not wait.
#[derive(Serialize, ToSchema)]
pub struct ChatAccepted {
    /// True: the message is recorded.
    success: bool,
    /// The session's name.
    session_name: String,
    /// The session's id.
    #[schema(format = "uuid")]
    session_id: String,
    /// The message's id: the reply's event lists it among what it `answers`.
    #[schema(format = "uuid")]
    message_id: String,
    /// Where the message is recorded; following the session's events after it brings the reply.
    position: u64,
}

/// A request that has been recorded.
pub(super) struct Accepted {
    pub(super) visitor: VisitorId,
    pub(super) received: Received,
    pub(super) session_name: String,
    pub(super) language: Language,
}

/// How long a caller is kept waiting beyond one attempt's limit.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a message and waits for the assistant's answer.
///
/// With an `Idempotency-Key` the request may be repeated: one message, the same answer. With `Prefer: respond-async` it
/// answers 202 as soon as the message is recorded; the reply comes with the session's events.
///
/// # Errors
/// Input that does not parse, a session that a person has, a log that is away.
#[utoipa::path(
    post, path = "/api/chat", operation_id = "chat", tag = "customer", request_body = ChatRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(
        ("Idempotency-Key" = Option<texts::Key>, Header, description = "Makes the request repeatable"),
        ("Prefer" = Option<String>, Header, description = "respond-async: do not wait for the reply"),
    ),
    responses(
        (status = 200, body = ChatAnswer),
        (status = 202, body = ChatAccepted, description = "Recorded; asked for with `Prefer: respond-async`"),
        (status = 409, description = "SESSION_IN_MANUAL_MODE: a person has the session; nothing was recorded"),
    )
)]
pub async fn chat(
    visitor: KnownVisitor,
    request: HttpRequest,
    app: Data<App>,
    body: JsonBody<ChatRequest>,
) -> Result<HttpResponse, Problem> {
    let accepted = accept(&request, &app, &visitor, body.0).await?;
    if prefers_not_to_wait(&request) {
        return Ok(HttpResponse::Accepted()
            .insert_header(("Preference-Applied", RESPOND_ASYNC))
            .json(ChatAccepted::of(accepted)));
    }
    let Received { session, message, position } = accepted.received;
    let waiting = await_reply(app.sessions.journal(), &app.tail, session, message, position);
    let departure = app.departures.of(app.customers.clone(), accepted.visitor);
    let limit = app.settings.assistant_limit + PATIENCE;
    tokio::select! {
        ending = tokio::time::timeout(limit, waiting) => match ending {
            Ok(ending) => Ok(HttpResponse::Ok().json(answer(accepted, ending?))),
            Err(_elapsed) => Err(pending()),
        },
        () = departure => Err(signed_out()),
        () = app.until_stopping() => Err(pending()),
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
    request: &HttpRequest,
    app: &Arc<App>,
    visitor: &KnownVisitor,
    body: ChatRequest,
) -> Result<Accepted, Problem> {
    let key = idempotency_key(request)?;
    let Said { text, parameters, name } = body.parse()?;
    let visitor = visitor.acting(request, name.as_ref().map(SessionName::as_str));
    let name = name.map_or_else(|| session_name("user_id", made_up_name(visitor, key.as_ref())), Ok)?;
    let language = Language::of(text.as_str()).unwrap_or_default();
    let command = ReceiveMessage { visitor, name: name.clone(), text, parameters, key, correlation_id: request_id() };
    let received = app.sessions.receive_message(&app.node, command).await?;
    Ok(Accepted { visitor, received, session_name: name.as_str().to_owned(), language })
}

/// As the original: `user_` and 16 hexadecimal digits; the same ones when a request is repeated under its key.
fn made_up_name(visitor: VisitorId, key: Option<&IdempotencyKey>) -> String {
    let digits = key.map_or_else(rand::random, |key| Uuid::new_v5(&visitor.0, key.as_str().as_bytes()).as_u64_pair().0);
    format!("user_{digits:016x}")
}

/// Levels of objects and arrays in `parameters`: whatever shows them adds some of its own, and parsers stop at 128.
const MAX_DEPTH: usize = 32;

/// Nothing may enter the log that a view cannot store, or that a reader of the log cannot parse.
fn storable(field: &'static str, key: &str, value: &Value, depth: usize) -> Result<(), Problem> {
    let holds_null = key.contains('\0') || value.as_str().is_some_and(|text| text.contains('\0'));
    if holds_null {
        return Err(Problem::invalid(field, "must not contain U+0000"));
    }
    if depth > MAX_DEPTH {
        return Err(Problem::invalid(field, format_args!("must not be nested deeper than {MAX_DEPTH} levels")));
    }
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| storable(field, "", value, depth + 1)),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| storable(field, key, value, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn answer(accepted: Accepted, ending: MessageOutcome) -> ChatAnswer {
    let unavailable = ending.is_unavailable();
    let (text, position) = match ending {
        MessageOutcome::Replied { text, position, .. } => (text, position),
        MessageOutcome::HandedOver { position } => (Some(handed_over(accepted.language).to_owned()), position),
        MessageOutcome::Closed { position } => (None, position),
    };
    let (message, error) = if unavailable { (None, text) } else { (text, None) };
    ChatAnswer {
        success: !unavailable,
        message,
        error,
        session_name: accepted.session_name,
        session_id: accepted.received.session.to_string(),
        position: position.0,
    }
}

fn handed_over(language: Language) -> &'static str {
    match language {
        Language::Zh => "已为您转接人工客服，请稍候。",
        Language::En => "A person will answer you shortly.",
    }
}

fn pending() -> Problem {
    let detail = "the message is recorded, its answer is still being made; repeat the request with the same \
                  Idempotency-Key, or read the session";
    Problem::unavailable("ANSWER_PENDING", detail, Duration::from_secs(2))
}
