//! What a refusal means: of the server before it answers, or in the middle of an answer.
//!
//! The code counts more than the status, for a 429 is two things and a 400 many, and errors within a stream have no status at all.

use commands::AssistantError;
use domain::session::event::FailureCode;
use serde_json::Value;

/// The longest text that an error keeps, in characters.
const LONGEST_DETAIL: usize = 1_000;

/// Codes and types of content filters.
const BLOCKED: [&str; 3] = ["content_filter", "content_policy_violation", "data_inspection_failed"];

/// Codes and types that say that somebody has to pay.
const OUT_OF_CREDIT: [&str; 9] = [
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_user_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
    "arrearage",
];

/// Codes and types that say "slower"; DashScope's begin with `Throttling`.
const RATE_LIMITED: [&str; 4] = ["rate_limit_exceeded", "rate_limit_error", "slow_down", "rate_limit_reached"];

/// Codes and types that an operator has to put right.
const REFUSED: [&str; 9] = [
    "invalid_api_key",
    "authentication_error",
    "permission_error",
    "permission_denied",
    "access_denied",
    "model_not_found",
    "not_found_error",
    "deployment_not_found",
    "unsupported_country_region_territory",
];

/// Codes and types of requests that are wrong.
const REJECTED: [&str; 6] = [
    "invalid_request_error",
    "bad_request_error",
    "invalid_parameter",
    "context_length_exceeded",
    "string_above_max_length",
    "unprocessable_entity_error",
];

/// An error in the server's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// The status of the response, or one that the error names itself.
    pub(super) status: Option<u16>,
    code: Option<String>,
    kind: Option<String>,
    message: String,
}

/// What it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A content filter found something.
    Blocked,
    /// There is no answer.
    Failed(FailureCode),
}

impl ServerError {
    /// The value of `error`: an object, or only a text.
    pub(super) fn wrapped(error: &Value) -> Self {
        let field = |name: &str| error.get(name).cloned();
        match error {
            Value::String(message) => Self { message: message.clone(), ..Self::default() },
            _ => Self::flat(&field("code"), &field("type"), &field("message")),
        }
    }

    /// An error without a wrapper. A number as code is a status.
    pub(super) fn flat(code: &Option<Value>, kind: &Option<Value>, message: &Option<Value>) -> Self {
        let text = |value: &Option<Value>| match value {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let code = text(code);
        let status = code.as_deref().and_then(|code| code.parse().ok()).filter(|status| (300..600).contains(status));
        Self { status, code, kind: text(kind), message: text(message).unwrap_or_default() }
    }

    /// The body of a response that is no answer, in any of the shapes.
    pub(super) fn of_response(status: u16, body: &str) -> Self {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let field = |name: &str| json.get(name).cloned();
        let mut error = match json.get("error") {
            Some(error) if !error.is_null() => Self::wrapped(error),
            _ => Self::flat(&field("code"), &field("type"), &field("message")),
        };
        error.status = Some(status);
        if error.message.is_empty() {
            error.message = body.trim().to_owned();
        }
        error
    }

    /// What it means.
    pub(super) fn meaning(&self) -> Meaning {
        let words = [&self.code, &self.kind].map(|word| word.as_deref().map(snake_case).unwrap_or_default());
        let is_one_of = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let is_throttled = words.iter().any(|word| word.starts_with("throttling"));
        if is_one_of(&BLOCKED) {
            return Meaning::Blocked;
        }
        if is_one_of(&OUT_OF_CREDIT) {
            return Meaning::Failed(FailureCode::OutOfCredit);
        }
        if is_throttled || is_one_of(&RATE_LIMITED) {
            return Meaning::Failed(FailureCode::RateLimited);
        }
        if is_one_of(&REFUSED) {
            return Meaning::Failed(FailureCode::Refused);
        }
        Meaning::Failed(match self.status {
            Some(status) => by_status(status),
            None if is_one_of(&REJECTED) => FailureCode::Rejected,
            None => FailureCode::Unavailable,
        })
    }

    /// As the port has it.
    pub(super) fn into_error(self, code: FailureCode) -> AssistantError {
        let status = self.status.map(|status| status.to_string());
        let error_code = self.code.or(self.kind).or(status).map(|code| cut(&code, 100));
        AssistantError { error_code, ..AssistantError::new(code, cut(&self.message, LONGEST_DETAIL)) }
    }
}

fn by_status(status: u16) -> FailureCode {
    match status {
        402 => FailureCode::OutOfCredit,
        408 => FailureCode::TimedOut,
        429 => FailureCode::RateLimited,
        // A redirect is not followed: the base URL is wrong.
        300..=399 | 401 | 403 | 404 | 405 => FailureCode::Refused,
        400..=499 => FailureCode::Rejected,
        _ => FailureCode::Unavailable,
    }
}

/// `DataInspectionFailed` and `data_inspection_failed` are one code.
fn snake_case(word: &str) -> String {
    let mut snake = String::new();
    for character in word.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with(['_', '.']) {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// An error with all its causes.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    cut(&text, LONGEST_DETAIL)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
