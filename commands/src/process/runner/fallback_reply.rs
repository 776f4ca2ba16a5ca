//! What stands in for an assistant: failures that none of them named, and how the fallback reply ends; its text is among `domain::texts`.

use domain::session::event::{FailureCode, Outcome};

use crate::assistant::{AssistantError, Completion};

/// The attempt took longer than it may.
pub(super) fn timed_out() -> AssistantError {
    AssistantError { code: FailureCode::TimedOut, detail: String::new(), retryable: true }
}

/// The answer made no sense.
pub(super) fn malformed(detail: &str) -> AssistantError {
    AssistantError { code: FailureCode::Malformed, detail: detail.to_owned(), retryable: true }
}

/// How the fallback reply ends.
pub(super) fn unavailable() -> Completion {
    Completion { outcome: Outcome::Unavailable, confidence: None, tokens: None, sources: Vec::new(), context: None }
}

/// How an answer ends that nobody waits for any more; it is withheld, whatever is said here.
pub(super) fn given_up() -> Completion {
    Completion { outcome: Outcome::Answered, ..unavailable() }
}

/// As events store it.
pub(super) fn permille(confidence: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let permille = (confidence.clamp(0.0, 1.0) * 1000.0).round() as u16;
    permille
}
