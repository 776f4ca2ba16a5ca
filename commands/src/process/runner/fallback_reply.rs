//! What stands in for an assistant: failures that none of them named, its words where it had none, and how the fallback reply ends;
//! the texts are among `domain::texts`.

use domain::{
    Language,
    session::event::{FailureCode, Outcome},
    texts,
};

use crate::assistant::{AssistantError, Completion};

/// The answer made no sense.
pub(super) fn malformed(detail: &str) -> AssistantError {
    AssistantError::new(FailureCode::Malformed, detail)
}

/// What the server says where an answer without words is right.
pub(super) fn own_words(outcome: Outcome, language: Language) -> Option<&'static str> {
    match outcome {
        Outcome::DoesNotKnow => Some(texts::do_not_know(language)),
        Outcome::HandsOver => Some(texts::hands_over(language)),
        Outcome::Blocked => Some(texts::blocked(language)),
        Outcome::Answered | Outcome::Offered | Outcome::CutOff | Outcome::Unavailable => None,
    }
}

/// How the fallback reply ends.
pub(super) fn unavailable() -> Completion {
    Completion::new(Outcome::Unavailable)
}

/// How an answer ends that nobody waits for any more; it is withheld, whatever is said here.
pub(super) fn given_up() -> Completion {
    Completion::new(Outcome::Answered)
}

/// As events store it.
pub(super) fn permille(confidence: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let permille = (confidence.clamp(0.0, 1.0) * 1000.0).round() as u16;
    permille
}
