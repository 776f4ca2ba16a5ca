//! What went wrong at Coze, and what may be done about it.
//!
//! Invariants: `detail` is the only part that may quote a customer; no token, key or URL with ids is in any of it.

use std::{error::Error as _, time::Duration};

use commands::assistant::AssistantError;
use domain::session::event::FailureCode;
use reqwest::{StatusCode, header::HeaderMap};

use super::codes::{self, Class, Row};
use crate::sse::SseError;

/// The most of Coze's words that are kept.
const LONGEST_DETAIL: usize = 500;

/// Something went wrong.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// What helps against it.
    pub(super) class: Class,
    /// What is said of it.
    pub(super) error: Box<AssistantError>,
    /// There was no connection to send anything on.
    is_unsent: bool,
}

impl Failure {
    fn new(code: FailureCode, detail: &str) -> Self {
        let end = detail.floor_char_boundary(LONGEST_DETAIL);
        Self { class: Class::Fails, error: Box::new(AssistantError::new(code, &detail[..end])), is_unsent: false }
    }

    /// Coze's answer makes no sense.
    pub(super) fn malformed(detail: &str) -> Self {
        Self::new(FailureCode::Malformed, detail)
    }

    /// Our own configuration or request makes no sense to ourselves.
    pub(super) fn rejected(detail: &str) -> Self {
        Self::new(FailureCode::Rejected, detail)
    }

    /// Coze says so by its code.
    pub(super) fn of_code(code: i64, message: &str) -> Self {
        Self::of_row(codes::row(code), message, code.to_string())
    }

    /// Coze, or something before it, says so by the status of its response; a code in the body says it better.
    pub(super) fn of_response(status: StatusCode, headers: &HeaderMap, body: Option<(i64, &str)>) -> Self {
        let mut failure = match body {
            Some((code, message)) if codes::is_known(code) || status.is_success() => Self::of_code(code, message),
            Some((code, message)) => Self::of_row(codes::row(status.as_u16().into()), message, code.to_string()),
            None => Self::of_row(codes::row(status.as_u16().into()), "", format!("http_{}", status.as_u16())),
        };
        if let Some(seconds) = headers.get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok()) {
            failure.error.retry_after = Some(Duration::from_secs(seconds));
        }
        failure
    }

    /// The token endpoint says so in OAuth's words. What it refuses, an operator must put right.
    pub(super) fn of_oauth(error_code: &str, message: &str) -> Self {
        let code = match error_code {
            "internal_error" => FailureCode::Unavailable,
            "slow_down" => FailureCode::RateLimited,
            _ => FailureCode::Refused,
        };
        let mut failure = Self::new(code, message);
        failure.error.error_code = Some(error_code.to_owned());
        failure
    }

    /// No answer came, or not all of it.
    pub(super) fn of_transport(error: reqwest::Error) -> Self {
        let is_unsent = error.is_connect();
        let timed_out = error.is_timeout() && !is_unsent;
        let code = if timed_out { FailureCode::TimedOut } else { FailureCode::Unavailable };
        let error = error.without_url();
        let mut detail = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            detail = format!("{detail}: {cause}");
            source = cause.source();
        }
        Self { is_unsent, ..Self::new(code, &detail) }
    }

    fn of_row(row: Row, message: &str, error_code: String) -> Self {
        let mut failure = Self::new(row.failure, message);
        failure.class = row.class;
        failure.error.retryable = row.retryable;
        failure.error.retry_after = row.retry_after_s.map(Duration::from_secs);
        failure.error.error_code = Some(error_code);
        failure
    }

    /// Whether a chat that was asked for has not begun, or is over: Coze said so, or was not reached.
    pub(super) fn excludes_chat(&self) -> bool {
        let by_gateway = |code: &String| code.starts_with("http_5");
        self.is_unsent || self.error.error_code.as_ref().is_some_and(|code| !by_gateway(code))
    }

    /// Whether the conversation that was asked for is not there, or not any more.
    pub(super) fn means_absent(&self) -> bool {
        self.class == Class::ConversationInvalid
    }

    /// With the id that Coze's support asks for, unless there is one already.
    pub(super) fn with_log_id(mut self, log_id: Option<&str>) -> Self {
        self.error.log_id = self.error.log_id.or_else(|| log_id.map(str::to_owned));
        self
    }

    /// As something that only an operator can put right.
    pub(super) fn refused(mut self) -> Self {
        self.class = Class::Fails;
        self.error.code = FailureCode::Refused;
        self.error.retryable = false;
        self
    }
}

impl From<SseError> for Failure {
    fn from(error: SseError) -> Self {
        match error {
            SseError::Broken(error) => Self::of_transport(error),
            SseError::TooLong { .. } => Self::malformed(&error.to_string()),
        }
    }
}
