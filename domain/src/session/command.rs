//! Commands to a session. Time, ids and the acting person arrive in the command.

use jiff::Timestamp;

use crate::{
    id::{AgentId, ContextId, Incarnation, MessageId, RunId, VisitorId},
    language::Language,
    session::event::{
        CancelReason, CloseReason, EscalationReason, FailureCode, FailureDetail, Outcome, ReturnReason, Severity,
        Tokens, Words,
    },
    text::{MessageText, SessionName},
};

/// What somebody wants; [`super::decide()`] decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open the session, if it does not exist.
    Open(Opening),
    /// Record a customer's message.
    SendMessage(SendMessage),
    /// Start a new context; with `clear`, also empty the customer's screen.
    StartContext {
        /// Used if the session does not exist yet.
        opening: Opening,
        /// The new context.
        context: ContextId,
        /// Hides earlier messages from the customer.
        clear: bool,
    },
    /// Start a run that answers the waiting messages.
    StartRun(StartRun),
    /// Retake a run whose node is gone.
    RetakeRun {
        /// The attempt that is given up.
        attempt: u32,
        /// The new attempt.
        start: StartRun,
    },
    /// Record an attempt's answer.
    Reply(Answer),
    /// Record that an attempt failed.
    Fail(Failure),
    /// Ask for a person: by a rule, the customer or staff.
    Escalate(Escalate),
    /// Cancel the escalation: no person is wanted any more, or none came.
    CancelEscalation {
        /// Why.
        reason: CancelReason,
    },
    /// Tell the customer that nobody works now.
    GiveAfterHoursNotice {
        /// When somebody works again.
        opens_at: Option<Timestamp>,
    },
    /// Take the session over.
    TakeOver {
        /// Who.
        agent: AgentId,
        /// From the assistant as well, not only from the queue.
        from_any: bool,
    },
    /// Give the session back to the assistant.
    Release {
        /// Who.
        agent: AgentId,
    },
    /// Return the session to the queue.
    ReturnToQueue {
        /// Who had it.
        agent: AgentId,
        /// Why.
        reason: ReturnReason,
    },
    /// End the episode.
    Close {
        /// Why.
        reason: CloseReason,
    },
    /// The episode ends because nobody wrote for long.
    CloseIdle {
        /// [`Session::last_written`](crate::session::Session::last_written) when the wait began: another one now means that
        /// somebody wrote meanwhile.
        last_written: Option<MessageId>,
    },
}

/// What opening a session needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Whose it is.
    pub visitor: VisitorId,
    /// What the client calls it.
    pub name: SessionName,
    /// The first context's id.
    pub context: ContextId,
}

/// A customer's message.
#[derive(Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// Used if the session does not exist yet.
    pub opening: Opening,
    /// The message's id.
    pub message: MessageId,
    /// What is said.
    pub words: Words,
    /// The language it is answered in.
    pub language: Language,
    /// The life of the node that took it.
    pub incarnation: Incarnation,
}

impl std::fmt::Debug for SendMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendMessage").field("message", &self.message).finish_non_exhaustive()
    }
}

/// A run to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRun {
    /// The run.
    pub run: RunId,
    /// The life of the node that makes it.
    pub incarnation: Incarnation,
    /// Which assistant is asked.
    pub assistant: String,
    /// After it any node may retake the run.
    pub deadline: Timestamp,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// The answer's id.
    pub message: MessageId,
    /// The outcome.
    pub outcome: Outcome,
    /// The language it is written in.
    pub language: Language,
    /// How sure the assistant was, in thousandths.
    pub confidence_permille: Option<u16>,
    /// What it cost.
    pub tokens: Option<Tokens>,
    /// Its sources.
    pub sources: Vec<String>,
    /// What is said.
    pub text: MessageText,
    /// The assistant's own name for the context.
    pub assistant_context: Option<String>,
    /// The beginning of it that has been sent to the customer's stream.
    pub shown: String,
}

/// An attempt that failed.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// Why.
    pub code: FailureCode,
    /// In the assistant's words.
    pub detail: FailureDetail,
    /// The fallback reply, if no attempt follows.
    pub last_words: Option<Answer>,
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Failure").field("run", &self.run).field("code", &self.code).finish_non_exhaustive()
    }
}

/// An escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalate {
    /// On the wire.
    pub reason: EscalationReason,
    /// The rule that fired.
    pub rule: String,
    /// How urgent.
    pub severity: Severity,
    /// The policy in force.
    pub policy_version: u32,
    /// What the rule matched, for people.
    pub details: String,
}
