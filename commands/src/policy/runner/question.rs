//! What an assistant is told: the messages to answer and what was said before them in this context.

use domain::{
    MessageId, SessionId,
    session::{
        Event, Run,
        event::{CustomerMessageSent, Words},
    },
};
use event_store::StreamVersion;
use serde_json::Map;

use super::language_of;
use crate::{
    assistant::{Question, Speaker, Turn},
    error::{CommandError, Undecodable},
    sessions::{Sessions, decode_recorded, stream_of},
};

/// Turns that an assistant is told at most (as LibreDesk).
const HISTORY: usize = 30;
const PAGE: usize = 500;

#[derive(Default)]
struct Heard {
    turns: Vec<(Option<MessageId>, Turn)>,
    newest: Option<Words>,
    assistant_context: Option<String>,
}

/// Reads the session and makes the question of a run.
pub(super) async fn build(sessions: &Sessions, session: SessionId, run: &Run) -> Result<Question, CommandError> {
    let heard = listen(sessions, session).await?;
    let asked = |id: &Option<MessageId>| id.is_some_and(|id| run.messages.iter().any(|m| m.message == id));
    let (messages, before): (Vec<_>, Vec<_>) = heard.turns.into_iter().partition(|(id, _)| asked(id));
    let skip = before.len().saturating_sub(HISTORY);
    Ok(Question {
        session,
        run: run.run,
        attempt: run.attempt,
        messages: messages.into_iter().map(|(_, turn)| turn.text).collect(),
        history: before.into_iter().skip(skip).map(|(_, turn)| turn).collect(),
        language: language_of(run),
        parameters: heard.newest.map_or_else(Map::new, |words| words.parameters),
        assistant_context: heard.assistant_context,
    })
}

async fn listen(sessions: &Sessions, session: SessionId) -> Result<Heard, CommandError> {
    let (reader, stream) = (sessions.log().reader(), stream_of(session));
    let (mut heard, mut after) = (Heard::default(), StreamVersion::NONE);
    loop {
        let page = reader.read_stream(&stream, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(heard) };
        after = last.version;
        for recorded in &page {
            let opened = sessions.log().open(recorded).await?;
            let position = recorded.position;
            heard.take(decode_recorded(recorded, opened).map_err(|source| Undecodable { position, source })?);
        }
    }
}

impl Heard {
    fn take(&mut self, event: Event) {
        match event {
            Event::ContextStarted(_) => *self = Self::default(),
            Event::CustomerMessageSent(CustomerMessageSent { message, words, .. }) => {
                if let Some(words) = words.known() {
                    let text = words.text.as_str().to_owned();
                    self.turns.push((Some(message), Turn { speaker: Speaker::Customer, text }));
                    self.newest = Some(words.clone());
                }
            }
            // One that answers messages of an earlier context has come too late for this one.
            Event::AssistantReplied(replied) if self.heard_any(&replied.answers) => {
                if let Some(reply) = replied.reply.known() {
                    let text = reply.text.as_str().to_owned();
                    self.turns.push((None, Turn { speaker: Speaker::Assistant, text }));
                    self.assistant_context.clone_from(&reply.assistant_context);
                }
            }
            _nothing_said => {}
        }
    }

    fn heard_any(&self, messages: &[MessageId]) -> bool {
        self.turns.iter().any(|(id, _)| id.is_some_and(|id| messages.contains(&id)))
    }
}
