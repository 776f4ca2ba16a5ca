//! Error responses: `application/problem+json`, with the fields that old clients read beside it.

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{Method, StatusCode, header},
};
use commands::{CommandError, customers::IdentifyError};
use domain::{
    agent,
    session::Rejection,
    settings::{self, DocumentError},
};
use event_store::Position;
use projections::{ViewsError, as_of::AsOfError};
use serde::Serialize;

use crate::request::current_request_id;

/// A refusal, as it is answered. Boxed, because every route may return one and few do.
#[derive(Debug, Clone)]
pub struct Problem(Box<Refusal>);

#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: String,
    field: Option<Cow<'static, str>>,
    extra: serde_json::Map<String, serde_json::Value>,
    retry_after: Option<Duration>,
    allowed: Option<String>,
}

/// Its body.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Always `about:blank`: `code` tells the kind of problem.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do.
    detail: &'a str,
    /// Stable, for programs.
    code: &'a str,
    /// The field at fault, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// To find it in the log.
    request_id: String,
    /// Always false, for old clients.
    success: bool,
    /// As `detail`, for old clients.
    error: &'a str,
    #[serde(flatten)]
    #[schema(ignore)]
    extra: &'a serde_json::Map<String, serde_json::Value>,
}

/// How long a client should wait while the database is away.
const AWAY: Duration = Duration::from_secs(2);
/// How long where somebody has to mend something first.
const UNREADABLE: Duration = Duration::from_secs(10);

impl Problem {
    /// A problem of this status and code.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let (detail, extra) = (detail.into(), serde_json::Map::new());
        Self(Box::new(Refusal { status, code, detail, field: None, extra, retry_after: None, allowed: None }))
    }

    /// A field does not parse.
    #[must_use]
    pub fn invalid(field: impl Into<Cow<'static, str>>, reason: impl fmt::Display) -> Self {
        let field = field.into();
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "INVALID_FIELD", format!("{field} {reason}"));
        problem.0.field = Some(field);
        problem
    }

    /// The body as a whole does not parse.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", detail)
    }

    /// It is not there, or not the caller's.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", detail)
    }

    /// Nobody is signed in, or not rightly.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", detail)
    }

    /// It came too often.
    #[must_use]
    pub fn too_many(detail: impl Into<String>, retry_after: Duration) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", detail);
        problem.0.retry_after = Some(retry_after);
        problem
    }

    /// What is wanted lies beyond the log's head.
    #[must_use]
    pub fn ahead(wanted: impl fmt::Display, head: Position) -> Self {
        let detail = format!("{wanted} is beyond the log's head {head}; ask for one up to the head");
        Self::new(StatusCode::CONFLICT, "CURSOR_AHEAD", detail).with("head", head.0)
    }

    /// Not now.
    #[must_use]
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after: Duration) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        problem.0.retry_after = Some(retry_after);
        problem
    }

    /// The log has an event that cannot be read, and what is wanted stands behind it, or is it.
    #[must_use]
    pub fn history_unreadable() -> Self {
        let detail =
            "the history cannot be read at present; an operator was told, and the same request may be sent again later";
        Self::unavailable("HISTORY_UNREADABLE", detail, UNREADABLE)
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.0.extra.insert(key.to_owned(), value.into());
        self
    }

    /// Says which methods are possible.
    #[must_use]
    pub fn allowing(mut self, methods: &[Method]) -> Self {
        let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
        self.0.allowed = Some(names.join(", "));
        self
    }

    /// Whether a rule said no, so that a stream says it in a frame.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.0.status == StatusCode::CONFLICT
    }

    /// What happened, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(wait) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, wait.as_secs().max(1).to_string()));
        }
        if let Some(methods) = &self.0.allowed {
            response.insert_header((header::ALLOW, methods.as_str()));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let body = ProblemBody {
            kind: "about:blank",
            title: self.0.status.canonical_reason().unwrap_or("Problem"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            code: self.0.code,
            field: self.0.field.as_deref(),
            request_id: current_request_id(),
            success: false,
            error: &self.0.detail,
            extra: &self.0.extra,
        };
        response.body(serde_json::to_vec(&body).expect("a problem has string keys"))
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match &error {
            CommandError::Rejected(rejection) => (*rejection).into(),
            CommandError::Account(rejection) => (*rejection).into(),
            // Whoever may not go on as this visitor goes on as another; only a token's own visitor ever comes here.
            CommandError::Customer(_) => Self::unauthorized("the visitor of this token has signed out"),
            CommandError::Settings(rejection) => (*rejection).into(),
            CommandError::Document(error) => error.clone().into(),
            CommandError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "IDEMPOTENCY_KEY_REUSED",
                "Idempotency-Key was used before with another body; use a new key for a new request",
            ),
            CommandError::Contention => Self::unavailable("CONTENTION", "others are changing it; try again", AWAY),
            CommandError::Erased => Self::new(StatusCode::GONE, "ERASED", "this visitor's data was erased"),
            CommandError::Unavailable(_) => {
                log_error(&error);
                Self::unavailable("STORE_UNAVAILABLE", "the event store cannot be reached; try again", AWAY)
            }
            CommandError::Unreadable(_) => {
                log_error(&error);
                Self::history_unreadable()
            }
        }
    }
}

impl From<settings::Rejection> for Problem {
    fn from(rejection: settings::Rejection) -> Self {
        match rejection {
            settings::Rejection::Stale { current } => {
                let detail = format!("version {current} is in force, not the one in If-Match; look at it first");
                Self::new(StatusCode::PRECONDITION_FAILED, "STALE_VERSION", detail).with("version", current)
            }
            settings::Rejection::NoVersion { version } => Self::not_found(format!("there is no version {version}")),
            settings::Rejection::NoQuickReply => Self::not_found("there is no such quick reply"),
            settings::Rejection::QuickReplyChanged { current } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "CHANGED_MEANWHILE", rejection.to_string())
                    .with("version", current)
            }
            settings::Rejection::TooManyQuickReplies { .. } => {
                Self::new(StatusCode::CONFLICT, "TOO_MANY_QUICK_REPLIES", rejection.to_string())
            }
        }
    }
}

/// The line and the field of the document are beside the field of the body.
impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_DOCUMENT", format!("document, {error}"))
            .with("field", "document")
            .with("line", error.line)
            .with("document_field", error.field)
    }
}

impl From<IdentifyError> for Problem {
    fn from(error: IdentifyError) -> Self {
        match error {
            IdentifyError::Replayed => {
                let detail = "the identity token was used before; the shop has to sign a new one for each sign-in";
                Self::new(StatusCode::UNAUTHORIZED, "IDENTITY_TOKEN_REPLAYED", detail)
            }
            IdentifyError::Command(error) => error.into(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::InManualMode { status } => {
                Self::new(StatusCode::CONFLICT, "SESSION_IN_MANUAL_MODE", format!("SESSION_IN_MANUAL_MODE: {status}"))
            }
            Rejection::HandledByAnotherAgent { agent } => {
                Self::new(StatusCode::CONFLICT, "ALREADY_TAKEN", "the session is handled by another agent")
                    .with("agent_id", agent.to_string())
            }
            Rejection::InvalidStatus { status } => {
                Self::new(StatusCode::CONFLICT, "INVALID_STATUS", format!("INVALID_STATUS: {status}"))
            }
            Rejection::ManualInProgress => Self::new(StatusCode::CONFLICT, "MANUAL_IN_PROGRESS", "MANUAL_IN_PROGRESS"),
            Rejection::NotInManualMode { .. } => {
                Self::new(StatusCode::CONFLICT, "NOT_IN_MANUAL_MODE", "Session not in manual_live status")
            }
            Rejection::NotTheOwner { .. } => Self::new(StatusCode::FORBIDDEN, "NOT_THE_OWNER", rejection.to_string()),
            Rejection::NotAsked => Self::new(StatusCode::FORBIDDEN, "NOT_ASKED", rejection.to_string()),
            Rejection::TransferToSelf => Self::invalid("to_agent_id", rejection),
            Rejection::TransferPending => Self::new(StatusCode::CONFLICT, "TRANSFER_PENDING", rejection.to_string()),
            Rejection::NoTransfer => Self::new(StatusCode::CONFLICT, "NO_TRANSFER", rejection.to_string()),
            Rejection::NoNote => Self::not_found(rejection.to_string()),
            Rejection::NotTheAuthor { author } => {
                Self::new(StatusCode::FORBIDDEN, "NOT_THE_AUTHOR", rejection.to_string())
                    .with("agent_uuid", author.to_string())
            }
            Rejection::NoteChanged { version } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "CHANGED_MEANWHILE", rejection.to_string())
                    .with("version", version)
            }
            Rejection::TooManyTags => Self::new(StatusCode::CONFLICT, "TOO_MANY_TAGS", rejection.to_string()),
            Rejection::DangerIsByRule => Self::new(StatusCode::CONFLICT, "DANGER_IS_BY_RULE", rejection.to_string()),
            Rejection::RatingNotAsked => Self::new(StatusCode::CONFLICT, "RATING_NOT_ASKED", rejection.to_string()),
            Rejection::NoSession => Self::not_found("Session not found"),
        }
    }
}

impl From<agent::Rejection> for Problem {
    fn from(rejection: agent::Rejection) -> Self {
        use agent::Rejection as R;
        match rejection {
            R::NoAccount => Self::not_found("there is no such account"),
            R::AlreadyExists | R::Deactivated | R::PasswordChanged => {
                Self::new(StatusCode::CONFLICT, "ACCOUNT_CHANGED", rejection.to_string())
            }
            R::NotForPrograms => Self::invalid("permissions", "has one that no program may have"),
            R::NoApiKey => Self::not_found("there is no such API key"),
            R::SecondFactorRequired => Self::invalid("code", "is required: the account has a second factor"),
            R::SecondFactorWrong => {
                let detail = "code is not good: it is another's, has ended or was used before; wait for the next one";
                Self::new(StatusCode::BAD_REQUEST, "SECOND_FACTOR_WRONG", detail).with("field", "code")
            }
            R::SecondFactorEnabled => {
                let detail = "the account has a second factor already; turn it off first";
                Self::new(StatusCode::CONFLICT, "SECOND_FACTOR_ENABLED", detail)
            }
            R::SecondFactorNotOffered => {
                let detail = "there is no second factor to do this with; begin with POST /api/agent/second-factor";
                Self::new(StatusCode::CONFLICT, "SECOND_FACTOR_NOT_OFFERED", detail)
            }
            R::SignedOut => Self::new(StatusCode::UNAUTHORIZED, "SIGNED_OUT", "the sign-in is over; sign in again"),
        }
    }
}

impl From<ViewsError> for Problem {
    fn from(error: ViewsError) -> Self {
        log_error(&error);
        Self::unavailable("VIEWS_UNAVAILABLE", "the views cannot be read; try again", AWAY)
    }
}

impl From<AsOfError> for Problem {
    fn from(error: AsOfError) -> Self {
        match error {
            AsOfError::Ahead { wanted, head } => Self::ahead(format_args!("position {wanted}"), head),
            AsOfError::NoSession => Self::not_found("Session not found"),
            AsOfError::NotYet { began_at, position } => {
                let began_at = event_store::event::time_text(began_at);
                Self::not_found(format!("the session did not exist then: it began at {began_at}, position {position}"))
                    .with("began_at", began_at)
                    .with("began_at_position", position.0)
            }
            AsOfError::Log(error) => error.into(),
            AsOfError::Unreadable { .. } | AsOfError::Database(_) => {
                log_error(&error);
                Self::history_unreadable()
            }
        }
    }
}

impl From<event_store::ReadError> for Problem {
    fn from(error: event_store::ReadError) -> Self {
        use event_store::ReadError::{Damaged, Gap, Unavailable};
        log_error(&error);
        match error {
            Unavailable(_) => Self::unavailable("STORE_UNAVAILABLE", "the event store cannot be read; try again", AWAY),
            Gap { .. } | Damaged { .. } => Self::history_unreadable(),
        }
    }
}

fn log_error(error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(request.id = %current_request_id(), error, "request not answered");
}
