//! What can be asked of a session. Time, ids and the acting person arrive in here.

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

/// A wish; `decide` says what comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The client wants the session to exist.
    Open(Opening),
    /// The customer writes.
    SendMessage(SendMessage),
    /// The customer wants a fresh start; with `clear`, also an empty screen.
    StartContext {
        /// Used where the session does not exist yet.
        opening: Opening,
        /// The new context.
        context: ContextId,
        /// Hides earlier messages from the customer.
        clear: bool,
    },
    /// A node begins to answer what waits.
    StartRun(StartRun),
    /// A node goes on with a run that another life began.
    RetakeRun {
        /// The attempt that is given up.
        attempt: u32,
        /// The new attempt.
        start: StartRun,
    },
    /// An attempt has its answer.
    Reply(Answer),
    /// An attempt failed.
    Fail(Failure),
    /// A rule, the customer or staff wants a person.
    Escalate(Escalate),
    /// No person is wanted any more, or none came.
    CancelEscalation {
        /// Why.
        reason: CancelReason,
    },
    /// Nobody works now.
    GiveAfterHoursNotice {
        /// When somebody works again.
        opens_at: Option<Timestamp>,
    },
    /// An agent takes the session.
    TakeOver {
        /// Who.
        agent: AgentId,
        /// Also from the assistant, not only from the queue.
        from_any: bool,
    },
    /// The agent gives it back to the assistant.
    Release {
        /// Who.
        agent: AgentId,
    },
    /// The agent is gone or hands it back to the queue.
    ReturnToQueue {
        /// Who had it.
        agent: AgentId,
        /// Why.
        reason: ReturnReason,
    },
    /// The episode ends.
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

/// What a session needs to come into being.
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
    /// Used where the session does not exist yet.
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

/// Who starts which run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRun {
    /// The run.
    pub run: RunId,
    /// The life of the node that makes it.
    pub incarnation: Incarnation,
    /// Which assistant is asked.
    pub assistant: String,
    /// After it anyone may retake the run.
    pub deadline: Timestamp,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// The answer's id.
    pub message: MessageId,
    /// How it turned out.
    pub outcome: Outcome,
    /// The language it is written in.
    pub language: Language,
    /// How sure the assistant was, in thousandths.
    pub confidence_permille: Option<u16>,
    /// What it cost.
    pub tokens: Option<Tokens>,
    /// What it leaned on.
    pub sources: Vec<String>,
    /// What is said.
    pub text: MessageText,
    /// The assistant's own name for the context.
    pub assistant_context: Option<String>,
    /// What of it the customer's stream has been sent.
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
    /// The house's own answer when no attempt follows.
    pub last_words: Option<Answer>,
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Failure").field("run", &self.run).field("code", &self.code).finish_non_exhaustive()
    }
}

/// A hand-over to people.
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
    /// What the rule saw, for people.
    pub details: String,
}
