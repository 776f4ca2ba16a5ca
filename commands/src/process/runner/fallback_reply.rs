//! What stands in for an assistant: failures that none of them named, and the reply to the customer when none can answer.

use domain::{
    Language,
    session::event::{FailureCode, Outcome},
};

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

/// The fallback reply.
pub(super) fn apology(language: Language) -> &'static str {
    match language {
        Language::Zh => "抱歉，智能助手暂时无法回答。您的消息已经保存，请稍后再试，或联系人工客服。",
        Language::En => {
            "Sorry, the assistant cannot answer at the moment. Your message is saved; please try again later or ask for a person."
        }
    }
}

/// As events store it.
pub(super) fn permille(confidence: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let permille = (confidence.clamp(0.0, 1.0) * 1000.0).round() as u16;
    permille
}
