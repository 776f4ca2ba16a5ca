//! What an assistant is told: the messages to answer and what was said before them in this context.

use std::pin::pin;

use domain::{
    MessageId, RunId, SessionId,
    session::{
        Event, Run,
        event::{Asked, CustomerMessageSent, Words},
    },
};
use event_store::StreamVersion;
use futures::StreamExt as _;
use serde_json::Map;

use super::language_of;
use crate::{
    assistant::{Question, Speaker, Turn},
    error::CommandError,
    sessions::{Sessions, stream_of},
};

/// Turns that an assistant is told at most (as LibreDesk).
const HISTORY: usize = 30;

#[derive(Default)]
struct Heard {
    turns: Vec<(Option<MessageId>, Turn)>,
    newest: Option<Words>,
    /// The last attempt at the assistant that is asked now.
    attempt: Option<(RunId, u32)>,
    assistant_context: Option<String>,
    asked: Option<(RunId, Asked)>,
}

/// Reads the session and makes the question of a run.
pub(super) async fn build(
    sessions: &Sessions,
    session: SessionId,
    run: &Run,
    assistant: &str,
) -> Result<Question, CommandError> {
    let heard = listen(sessions, session, assistant).await?;
    let asked = |id: &Option<MessageId>| id.is_some_and(|id| run.messages.iter().any(|m| m.message == id));
    let (messages, before): (Vec<_>, Vec<_>) = heard.turns.into_iter().partition(|(id, _)| asked(id));
    let skip = before.len().saturating_sub(HISTORY);
    Ok(Question {
        session,
        request: run.run.0,
        run: run.run,
        attempt: run.attempt,
        messages: messages.into_iter().map(|(_, turn)| turn.text).collect(),
        history: before.into_iter().skip(skip).map(|(_, turn)| turn).collect(),
        language: language_of(run),
        parameters: heard.newest.map_or_else(Map::new, |words| words.parameters),
        assistant_context: heard.assistant_context,
        earlier: heard.asked.filter(|(asked_in, _)| *asked_in == run.run).map(|(_, asked)| asked),
    })
}

async fn listen(sessions: &Sessions, session: SessionId, assistant: &str) -> Result<Heard, CommandError> {
    let (journal, stream) = (sessions.journal(), stream_of(session));
    let mut heard = Heard::default();
    let mut pages = pin!(journal.read_stream(&stream, StreamVersion::NONE));
    while let Some(page) = pages.next().await {
        let page = page?;
        journal.open_all(&page).await?;
        page.iter()
            .filter_map(|decoded| decoded.opened_event().session())
            .for_each(|(_, event)| heard.take(event, assistant));
    }
    Ok(heard)
}

impl Heard {
    fn take(&mut self, event: &Event, assistant: &str) {
        match event {
            Event::ContextStarted(_) => *self = Self::default(),
            Event::CustomerMessageSent(CustomerMessageSent { message, words, .. }) => {
                if let Some(words) = words.known() {
                    let text = words.text.as_str().to_owned();
                    self.turns.push((Some(*message), Turn { speaker: Speaker::Customer, text }));
                    self.newest = Some(words.clone());
                }
            }
            // One that answers messages of an earlier context has come too late for this one.
            Event::AssistantReplied(replied) if self.heard_any(&replied.answers) => {
                if let Some(reply) = replied.reply.known() {
                    let text = reply.text.as_str().to_owned();
                    self.turns.push((None, Turn { speaker: Speaker::Assistant, text }));
                    if self.attempt == Some((replied.run, replied.attempt)) {
                        self.assistant_context.clone_from(&reply.assistant_context);
                    }
                }
            }
            Event::AssistantRunStarted(started) if started.assistant == assistant => {
                self.attempt = Some((started.run, started.attempt));
            }
            Event::AssistantAsked(said) if self.attempt == Some((said.run, said.attempt)) => {
                if let Some(asked) = said.asked.known() {
                    self.assistant_context = asked.context.clone().or(self.assistant_context.take());
                    self.asked = Some((said.run, asked.clone()));
                }
            }
            _nothing_said => {}
        }
    }

    fn heard_any(&self, messages: &[MessageId]) -> bool {
        self.turns.iter().any(|(id, _)| id.is_some_and(|id| messages.contains(&id)))
    }
}
