//! What an attempt leaves in the log: what the other side calls the question, the answer or the failure, its tokens and its cost.
//!
//! Invariant: each record of an attempt has an id of its own that follows from run and attempt, so a repeat records nothing.

use std::{sync::Arc, time::Duration};

use domain::{
    MessageId, SessionId,
    session::{
        Command, Run,
        command::{Answer, Failure},
        event::{Asked, Cost, FailureDetail, Tokens},
    },
    text::MessageText,
    texts,
};
use event_store::Actor;
use tokio::time::sleep;

use super::{
    Attempt, Begun, Runner,
    answer_so_far::{AnswerSoFar, NAMES},
    fallback_reply::{permille, unavailable},
    language_of,
    trigger::Next,
};
use crate::{
    assistant::{AssistantError, Completion},
    assistants::{PATIENCE, Tried},
    error::CommandError,
    event_id::CommandId,
    executor::CommandMetadata,
    sessions::LoadedState,
};

/// Before what came of a run is recorded again, while the log is away.
const AWAY: Duration = Duration::from_millis(250);

impl Runner {
    /// Records what the other side calls the question, so that what it stored is found again.
    pub(super) async fn note_asked(
        &self,
        session: SessionId,
        begun: &Begun,
        answer: &mut AnswerSoFar,
        asked: Asked,
    ) -> Result<(), CommandError> {
        let run = &begun.run;
        let Some(number) = answer.number_of(&asked) else { return Ok(()) };
        let metadata = CommandMetadata {
            id: CommandId::reaction(self.sessions.log_id(), "assistant_asked", run.run.0, run.attempt * NAMES + number),
            ..self.metadata(run.run.0, run.attempt, begun.correlation)
        };
        let command = Command::NoteAsked { run: run.run, attempt: run.attempt, asked };
        self.persist(session, run, &metadata, command).await.map(drop)
    }

    pub(super) fn answer(&self, run: &Run, text: String, completion: Completion) -> Answer {
        let Completion { outcome, confidence, tokens, sources, suggestions, context } = completion;
        let confidence_permille = confidence.map(permille);
        let signals = self.rules.policy().read_reply(&text, outcome, confidence_permille);
        Answer {
            run: run.run,
            attempt: run.attempt,
            message: MessageId(self.id_of(run.run.0, run.attempt).derive_id("reply")),
            outcome,
            language: language_of(run),
            confidence_permille,
            tokens,
            cost: self.cost_of(run, tokens),
            sources,
            text: MessageText::repaired(&text),
            suggestions: suggestions.iter().map(|text| MessageText::repaired(text).as_str().to_owned()).collect(),
            assistant_context: context,
            shown: String::new(),
            signals,
            circumstances: self.rules.circumstances(run.run.0),
        }
    }

    fn cost_of(&self, run: &Run, tokens: Option<Tokens>) -> Option<Cost> {
        Some(self.assistant_of(run).price()?.of(tokens?))
    }

    /// Records an answer.
    pub(super) async fn record(
        &self,
        session: SessionId,
        begun: &Begun,
        mut answer: Answer,
    ) -> Result<Attempt, CommandError> {
        let run = &begun.run;
        let metadata = CommandMetadata {
            actor: Actor::new("assistant", self.assistant_of(run).name()),
            id: CommandId::reaction(self.sessions.log_id(), "assistant_reply", run.run.0, run.attempt),
            ..self.metadata(run.run.0, run.attempt, begun.correlation)
        };
        let shown = self.live.end(session).min(answer.text.as_str().len());
        answer.shown = answer.text.as_str().get(..shown).unwrap_or_default().to_owned();
        let state = self.persist(session, run, &metadata, Command::Reply(answer)).await?;
        Ok(Attempt::Over(state))
    }

    pub(super) async fn record_failure(
        &self,
        session: SessionId,
        begun: &Begun,
        error: AssistantError,
    ) -> Result<Attempt, CommandError> {
        let run = &begun.run;
        let assistant = self.assistant_of(run).name();
        tracing::warn!(request.id = %begun.correlation, session.id = %session, run.id = %run.run, run.attempt = run.attempt, assistant, code = ?error.code,
            error.code = error.error_code, log.id = error.log_id, "the assistant failed");
        let again = error.retryable && error.retry_after.is_none_or(|wanted| wanted <= PATIENCE);
        let variant = self.rules.variant(session);
        let order = variant.as_ref().map(|variant| variant.assistants.as_slice());
        let next = self.assistants.choose(Tried { asked: &run.asked, again }, order);
        let last_words =
            next.is_none().then(|| self.answer(run, texts::unavailable(language_of(run)).to_owned(), unavailable()));
        let failure = Failure {
            run: run.run,
            attempt: run.attempt,
            code: error.code,
            error_code: error.error_code.clone(),
            tokens: error.tokens,
            cost: self.cost_of(run, error.tokens),
            detail: FailureDetail { text: MessageText::repaired(&error.detail).as_str().to_owned() },
            last_words,
        };
        let metadata = CommandMetadata {
            id: CommandId::reaction(self.sessions.log_id(), "assistant_failure", run.run.0, run.attempt),
            ..self.metadata(run.run.0, run.attempt, begun.correlation)
        };
        let state = self.persist(session, run, &metadata, Command::Fail(failure)).await?;
        let Some(next) = next else { return Ok(Attempt::Over(state)) };
        let is_same = next.name() == assistant;
        let pause =
            if is_same { self.assistants.pause(&run.asked, &error, self.settings.backoff) } else { Duration::ZERO };
        Ok(Attempt::Again { next: Next::Chosen { again }, pause })
    }

    /// Executes a command; while the log is away it is tried again, up to the run's deadline.
    async fn persist(
        &self,
        session: SessionId,
        run: &Run,
        metadata: &CommandMetadata,
        command: Command,
    ) -> Result<Arc<LoadedState>, CommandError> {
        let mut fails = false;
        loop {
            match self.executed_with_events(session, metadata, command.clone()).await {
                Ok((state, events)) => {
                    self.assistant_of(run).recorded(&events);
                    return Ok(state);
                }
                Err(error) if error.is_passing() && self.clock().now() < run.deadline => {
                    if !std::mem::replace(&mut fails, true) {
                        tracing::warn!(session.id = %session, run.id = %run.run, error = &error as &dyn std::error::Error,
                            "what came of a run waits for the log");
                    }
                    sleep(AWAY).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
