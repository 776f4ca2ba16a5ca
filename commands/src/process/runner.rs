//! Carries a run to its end: asks the assistant, hands its pieces to whoever watches, and records what came of it.
//!
//! Invariant: nothing is said to be done before it is on disk; whatever stops this task, the log says that the run is open, and
//! run recovery has it retaken.

mod answer_so_far;
mod fallback_reply;
mod question;
mod recording;
mod single_flight;
mod trigger;
mod watch;

use std::{sync::Arc, time::Duration};

use domain::{
    Language, RunId, SessionId,
    session::{
        Command, Event, Run,
        command::StartRun,
        event::{FailureCode, Outcome},
    },
};
use event_store::{Actor, Clock};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use journal::Tail;
use tokio::time::{sleep, timeout_at};
use uuid::Uuid;

use crate::{
    assistant::{AssistantError, Completion, Piece, Question},
    assistants::{Assistants, Guarded, Order, Tried},
    ephemeral::Ephemeral,
    error::CommandError,
    event_id::CommandId,
    executor::CommandMetadata,
    node::Node,
    rules::Rules,
    sessions::{Execution, LoadedState, Sessions},
};
use answer_so_far::AnswerSoFar;
use fallback_reply::{given_up, malformed, own_words};
use single_flight::SingleFlight;
use trigger::{Next, Trigger};
use watch::RunWatch;

/// The name under which the run's reactions, cursor and timers are kept.
pub const ASSISTANT_RUN: &str = "assistant_run";

/// How runs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSettings {
    /// The longest one attempt may take; after it anyone may retake the run.
    pub limit: Duration,
    /// Before the second attempt at an assistant; doubles with each.
    pub backoff: Duration,
}

impl Default for RunSettings {
    /// 120 s: the longest the slowest assistant may take (decision 0004). From 1 s on, as the original asked for.
    fn default() -> Self {
        Self { limit: Duration::from_secs(120), backoff: Duration::from_secs(1) }
    }
}

/// Before an answer that log or vault have interrupted goes on.
const AWAY: Duration = Duration::from_millis(500);

/// Makes runs on this node.
pub struct Runner {
    sessions: Arc<Sessions>,
    assistants: Arc<Assistants>,
    live: Arc<Ephemeral>,
    node: Node,
    settings: RunSettings,
    rules: Arc<Rules>,
    tail: Arc<Tail>,
    flights: SingleFlight,
}

/// A run that this node makes, and the session as it was when it began.
struct Begun {
    run: Run,
    session: Arc<LoadedState>,
    /// The request that it came of, or the event.
    correlation: Uuid,
}

impl Runner {
    /// A runner that asks these assistants. It follows the sessions that it answers on this tail.
    #[must_use]
    pub fn new(
        sessions: Arc<Sessions>,
        assistants: Arc<Assistants>,
        live: Arc<Ephemeral>,
        node: Node,
        settings: RunSettings,
        rules: Arc<Rules>,
        tail: Arc<Tail>,
    ) -> Arc<Self> {
        Arc::new(Self { sessions, assistants, live, node, settings, rules, tail, flights: SingleFlight::default() })
    }

    /// The use cases it works with.
    #[must_use]
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// This node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// How it makes them.
    #[must_use]
    pub fn settings(&self) -> &RunSettings {
        &self.settings
    }

    /// By which deadlines are set.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.rules.clock()
    }

    /// What decides beside the session.
    #[must_use]
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Whom it asks.
    #[must_use]
    pub fn assistants(&self) -> &Arc<Assistants> {
        &self.assistants
    }

    /// Whether no run is being made here.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// Answers what waits in a session, in a task of its own; a task that is at it already looks once more. What it records
    /// belongs to the same request as the event that caused it.
    pub fn take_up(self: &Arc<Self>, session: SessionId, cause: Uuid, correlation: Uuid) {
        let runner = self.clone();
        tokio::spawn(async move { runner.work(session, Trigger::Event { cause, correlation }).await });
    }

    /// Makes a run that has been given to this node, in a task of its own or in the one that is at the session.
    pub fn carry_on(self: &Arc<Self>, session: SessionId, run: RunId, correlation: Uuid) {
        tracing::info!(session.id = %session, run.id = %run, "an abandoned run is carried on here");
        let runner = self.clone();
        tokio::spawn(async move { runner.work(session, Trigger::Assigned { run, correlation }).await });
    }

    /// While log or vault are away it waits: this node lives, so nobody else would go on before the run's deadline.
    async fn work(self: Arc<Self>, session: SessionId, mut trigger: Trigger) {
        let Some(mut flight) = self.flights.take(session, trigger) else { return };
        let mut fails = false;
        loop {
            match self.answer_all(session, trigger).await {
                Ok(()) => fails = false,
                Err(error) if error.is_passing() => {
                    if !std::mem::replace(&mut fails, true) {
                        tracing::warn!(session.id = %session, error = &error as &dyn std::error::Error, "an answer waits");
                    }
                    sleep(AWAY).await;
                    trigger = self.interrupted(session, trigger).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(session.id = %session, error = &error as &dyn std::error::Error, "a run was given up; run recovery takes it over");
                }
            }
            match flight.end() {
                Some(missed) => trigger = missed,
                None => return,
            }
        }
    }

    /// Where an interrupted answer goes on: with the run of this node that the log knows, or with what waits.
    async fn interrupted(&self, session: SessionId, trigger: Trigger) -> Trigger {
        let Ok(current) = self.sessions.current(session).await else { return trigger };
        let Some(open) = current.state.session() else { return trigger };
        let correlation = trigger.correlation();
        match (&open.run, open.waiting.first()) {
            (Some(run), _) if run.incarnation == self.node.incarnation => {
                Trigger::GivenUp { run: run.run, attempt: run.attempt, next: Next::AsBefore, correlation }
            }
            (Some(_), _) | (None, None) => trigger,
            (None, Some(waiting)) => Trigger::Event { cause: waiting.message.0, correlation },
        }
    }

    /// Runs until nothing waits: what arrives during a run is answered together by the next.
    async fn answer_all(&self, session: SessionId, mut trigger: Trigger) -> Result<(), CommandError> {
        loop {
            let Some(mut begun) = self.begin(session, trigger).await? else { return Ok(()) };
            let (run, correlation) = (begun.run.run, begun.correlation);
            let after = loop {
                match self.attempt(session, &begun).await? {
                    Attempt::Over(after) => break after,
                    Attempt::Again { next, pause } => {
                        sleep(pause).await;
                        let again = Trigger::GivenUp { run, attempt: begun.run.attempt, next, correlation };
                        let Some(next) = self.begin(session, again).await? else { return Ok(()) };
                        begun = next;
                    }
                }
            };
            let waits = after.state.session().is_some_and(|session| !session.waiting.is_empty());
            if !waits {
                return Ok(());
            }
            let correlation = self.flights.newest_correlation(session).unwrap_or(correlation);
            trigger = Trigger::Event { cause: run.0, correlation };
        }
    }

    /// The run that this node is to make now, if any.
    async fn begin(&self, session: SessionId, trigger: Trigger) -> Result<Option<Begun>, CommandError> {
        let correlation = trigger.correlation();
        let metadata = self.metadata(trigger.cause(), trigger.number(), correlation);
        let variant = self.rules.variant(session);
        let order = variant.as_ref().map(|variant| variant.assistants.as_slice());
        let start = StartRun {
            run: trigger.run().unwrap_or(RunId(metadata.id.derive_id("run"))),
            incarnation: self.node.incarnation,
            assistant: self.next_assistant(session, trigger, order).await?.name().to_owned(),
            variant: variant.as_ref().map(|variant| variant.name.clone()),
            deadline: deadline_after(self.clock().now(), self.settings.limit),
        };
        let run = start.run;
        let command = match trigger {
            Trigger::Event { .. } => Some(Command::StartRun(start)),
            Trigger::GivenUp { attempt, .. } => Some(Command::RetakeRun { attempt, start }),
            Trigger::Assigned { .. } => None,
        };
        let state = match command {
            Some(command) => self.executed(session, &metadata, command).await?,
            None => self.sessions.current(session).await?,
        };
        let current = state.state.session().and_then(|session| session.run.clone());
        let own = current.filter(|current| current.run == run && current.incarnation == self.node.incarnation);
        Ok(own.map(|run| Begun { run, session: state, correlation }))
    }

    /// Whom the attempt asks that is begun now.
    async fn next_assistant(
        &self,
        session: SessionId,
        trigger: Trigger,
        order: Order<'_>,
    ) -> Result<&Arc<Guarded>, CommandError> {
        let Trigger::GivenUp { next, .. } = trigger else { return Ok(self.assistants.first(order)) };
        let current = self.sessions.current(session).await?;
        let run = current.state.session().and_then(|session| session.run.as_ref());
        let asked = run.map(|run| run.asked.as_slice()).unwrap_or_default();
        let chosen = match next {
            Next::AsBefore => asked.last().and_then(|last| self.assistants.named(last)),
            Next::Chosen { again } => self.assistants.choose(Tried { asked, again }, order),
        };
        Ok(chosen.unwrap_or_else(|| self.assistants.first(order)))
    }

    /// The session after a command, whether it was done now or before.
    async fn executed(
        &self,
        session: SessionId,
        metadata: &CommandMetadata,
        command: Command,
    ) -> Result<Arc<LoadedState>, CommandError> {
        Ok(self.executed_with_events(session, metadata, command).await?.0)
    }

    /// The same, and what was recorded of it now.
    async fn executed_with_events(
        &self,
        session: SessionId,
        metadata: &CommandMetadata,
        command: Command,
    ) -> Result<(Arc<LoadedState>, Vec<Event>), CommandError> {
        match self.sessions.execute(session, metadata, command).await? {
            Execution::Done(done) => Ok((done.state, done.events)),
            Execution::Repeated(_) => Ok((self.sessions.current(session).await?, Vec::new())),
        }
    }

    async fn attempt(&self, session: SessionId, begun: &Begun) -> Result<Attempt, CommandError> {
        let run = &begun.run;
        self.live.begin(session, run.run, run.attempt);
        let result = self.ask(session, begun).await;
        let outcome = match result {
            Ok((text, completion)) => {
                let answer = self.answer(run, text, completion);
                self.record(session, begun, answer).await
            }
            Err(Interrupted::Assistant(error)) => self.record_failure(session, begun, error).await,
            Err(Interrupted::Command(error)) => Err(error),
        };
        self.live.end(session);
        outcome
    }

    /// Asks the assistant. When the run is not the session's any more, the assistant's stream is dropped, which gives the answer
    /// up, and what came of it until then is recorded as withheld.
    async fn ask(&self, session: SessionId, begun: &Begun) -> Result<(String, Completion), Interrupted> {
        let mut watch = RunWatch::new(&self.tail, session, begun);
        let assistant = self.assistant_of(&begun.run);
        let name = assistant.name();
        let question =
            question::build(&self.sessions, session, &begun.run, name).await.map_err(Interrupted::Command)?;
        let question = Question { request: begun.correlation, ..question };
        let language = question.language;
        let limit = tokio::time::Instant::now() + self.settings.limit;
        let mut pieces = assistant.answer(question);
        let mut answer = AnswerSoFar::default();
        loop {
            let piece = tokio::select! {
                biased;
                () = watch.over() => return Ok((answer.text, given_up())),
                piece = timeout_at(limit, pieces.next()) => piece,
            };
            match piece {
                Err(_elapsed) => return Err(AssistantError::new(FailureCode::TimedOut, "").into()),
                Ok(None) => return Err(malformed("the answer broke off").into()),
                Ok(Some(Err(error))) => return Err(error.into()),
                Ok(Some(Ok(Piece::Asked(asked)))) => {
                    self.note_asked(session, begun, &mut answer, asked).await.map_err(Interrupted::Command)?;
                }
                Ok(Some(Ok(Piece::Text(piece)))) => {
                    self.live.publish(session, answer.push(&piece));
                    if answer.is_full() {
                        return Ok((answer.text, Completion::new(Outcome::CutOff)));
                    }
                }
                Ok(Some(Ok(Piece::Done(completion)))) => {
                    if answer.text.trim().is_empty() {
                        let words =
                            own_words(completion.outcome, language).ok_or_else(|| malformed("the answer is empty"))?;
                        self.live.publish(session, answer.replace(words));
                    }
                    return Ok((answer.text, completion));
                }
            }
        }
    }

    /// The assistant that the attempt asks; the first one where what is set has changed since the run began.
    fn assistant_of(&self, run: &Run) -> &Arc<Guarded> {
        run.asked.last().and_then(|name| self.assistants.named(name)).unwrap_or_else(|| self.assistants.first(None))
    }

    fn metadata(&self, cause: Uuid, n: u32, correlation_id: Uuid) -> CommandMetadata {
        let actor = Actor::new("policy", ASSISTANT_RUN);
        CommandMetadata { actor, correlation_id, causation_id: Some(cause), id: self.id_of(cause, n) }
    }

    fn id_of(&self, cause: Uuid, n: u32) -> CommandId {
        CommandId::reaction(self.sessions.log_id(), ASSISTANT_RUN, cause, n)
    }
}

enum Attempt {
    Over(Arc<LoadedState>),
    Again { next: Next, pause: Duration },
}

enum Interrupted {
    Assistant(AssistantError),
    Command(CommandError),
}

impl From<AssistantError> for Interrupted {
    fn from(error: AssistantError) -> Self {
        Self::Assistant(error)
    }
}

fn language_of(run: &Run) -> Language {
    run.messages.last().map(|message| message.language).unwrap_or_default()
}

/// When an attempt that begins now must be over, to the millisecond: finer would only be noise in the log.
pub(super) fn deadline_after(now: Timestamp, limit: Duration) -> Timestamp {
    let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    let deadline = now.checked_add(limit).unwrap_or(Timestamp::MAX);
    Timestamp::from_millisecond(deadline.as_millisecond()).unwrap_or(deadline)
}
