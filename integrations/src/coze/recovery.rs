//! The result of a chat that an earlier attempt began at a bot: Coze goes on answering when its client is gone.

use std::time::Duration;

use domain::{
    SessionId,
    session::event::{Asked, Outcome, Tokens},
};

use super::{
    Failure,
    calls::Calls,
    codes::Class,
    frames::{Kind, Message},
};

/// Coze asks for no more than one look a second.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recovered {
    pub(super) text: String,
    pub(super) outcome: Outcome,
    pub(super) tokens: Option<Tokens>,
}

/// The result, waited for while the chat is under way. `None` if there is none and the question must be asked anew.
///
/// # Errors
/// What keeps us from knowing and may pass.
pub(super) async fn recover(calls: &Calls, session: SessionId, earlier: &Asked) -> Result<Option<Recovered>, Failure> {
    let (Some(conversation), Some(chat)) = (&earlier.context, &earlier.chat) else { return Ok(None) };
    let seen = loop {
        let seen = match calls.retrieve(session, conversation, chat).await {
            Ok(seen) => seen,
            Err(failure) => return unknown(failure),
        };
        if !matches!(&*seen.status, "created" | "in_progress") {
            break seen;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    };
    let outcome = match &*seen.status {
        "completed" | "compleated" => Outcome::Answered,
        "requires_action" | "required_action" => Outcome::HandsOver,
        _ => return Ok(None),
    };
    let text = match calls.messages(session, conversation, chat).await {
        Ok(messages) => answer(messages),
        Err(failure) => return unknown(failure),
    };
    let is_answer = outcome == Outcome::HandsOver || !text.trim().is_empty();
    Ok(is_answer.then_some(Recovered { text, outcome, tokens: seen.tokens }))
}

/// A chat that Coze does not give is asked anew, unless the trouble is Coze's or our token's.
fn unknown(failure: Failure) -> Result<Option<Recovered>, Failure> {
    if failure.error.retryable || failure.class == Class::TokenInvalid { Err(failure) } else { Ok(None) }
}

/// The answers in the order in which they were given: by time, then by id, for ids grow.
fn answer(mut messages: Vec<Message>) -> String {
    messages.retain(|message| message.kind == Kind::Answer && !message.content.is_empty());
    messages.sort_by(|one, other| key(one).cmp(&key(other)));
    messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n\n")
}

fn key(message: &Message) -> (i64, usize, &str) {
    (message.created_at, message.id.len(), &message.id)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn message(id: &str, kind: Kind, content: &str, created_at: i64) -> Message {
        Message { id: id.to_owned(), kind, content: content.to_owned(), created_at }
    }

    #[test]
    fn answers_are_put_in_order_whatever_order_they_come_in() {
        let messages = vec![
            message("1000", Kind::Answer, "third", 2),
            message("7", Kind::Hidden, "{\"msg_type\":\"generate_answer_finish\"}", 1),
            message("999", Kind::Answer, "second", 2),
            message("5", Kind::Answer, "", 1),
            message("2000", Kind::Answer, "first", 1),
        ];
        assert_eq!(answer(messages), "first\n\nsecond\n\nthird");
    }
}
