//! Commands to a session. Time, ids and the acting person arrive in the command.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    calendar::Calendars,
    id::{
        AgentId, ContextId, Incarnation, MailId, MessageId, NoteId, OfferId, QuickReplyId, RunId, TransferId, VisitorId,
    },
    language::Language,
    policy::{Firing, Policy, Signal},
    session::{
        event::{
            Asked, CancelReason, CloseReason, Cost, FailureCode, FailureDetail, MailFailure, MailKind, OfferEnd,
            Outcome, Recipient, ReturnReason, Tokens, TransferEnd, TransferTarget, Words,
        },
        priority::PriorityClass,
        rating::Score,
    },
    text::{EmailAddress, MessageText, ReasonCode, SessionName, Skill, Tag},
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
    /// Record what the other side calls an attempt.
    NoteAsked {
        /// The run.
        run: RunId,
        /// The attempt.
        attempt: u32,
        /// The other side's names.
        asked: Asked,
    },
    /// Record an attempt's answer.
    Reply(Answer),
    /// Record that an attempt failed.
    Fail(Failure),
    /// Ask for a person: the customer by a button, or staff.
    Escalate(Escalate),
    /// Put a session into the queue that was asked for while nobody worked.
    EnterQueue {
        /// The policy in force.
        policy_version: u32,
    },
    /// Cancel the escalation: no person is wanted any more, or none came.
    CancelEscalation {
        /// Why.
        reason: CancelReason,
        /// The id of the notice to the customer.
        notice: MessageId,
    },
    /// Tell the customer that nobody works now, and the team by mail.
    GiveAfterHoursNotice {
        /// When somebody works again, or works again after this.
        opens_at: Option<Timestamp>,
        /// Whether somebody works now, but nobody came.
        is_open: bool,
        /// The mail's id.
        mail: MailId,
    },
    /// Take the session over.
    TakeOver {
        /// Who.
        agent: AgentId,
        /// From the assistant as well, not only from the queue.
        from_any: bool,
        /// The id of the notice to the customer.
        notice: MessageId,
    },
    /// Take the session from the agent who has it.
    Steal {
        /// The supervisor.
        by: AgentId,
        /// The id of the notice to the customer.
        notice: MessageId,
    },
    /// Record what the person who has the session says.
    SendAgentMessage(SendAgentMessage),
    /// Give the session to somebody else at once.
    Transfer(Transfer),
    /// Ask somebody else to take the session.
    RequestTransfer {
        /// The transfer.
        transfer: TransferId,
        /// From whom to whom.
        request: Transfer,
        /// Without an answer by then it is over.
        expires_at: Timestamp,
    },
    /// Answer a transfer.
    AnswerTransfer {
        /// The transfer.
        transfer: TransferId,
        /// Who answers.
        agent: AgentId,
        /// The groups of the one who answers.
        groups: Vec<Skill>,
        /// Whether the session is taken.
        accept: bool,
        /// The id of the notice to the customer.
        notice: MessageId,
    },
    /// A transfer comes to nothing.
    EndTransfer {
        /// The transfer.
        transfer: TransferId,
        /// Why.
        reason: TransferEnd,
        /// Who takes it back; `None`: its time is over.
        by: Option<Staff>,
    },
    /// Offer the waiting session to an agent.
    MakeOffer {
        /// The offer.
        offer: OfferId,
        /// To whom.
        agent: AgentId,
        /// Without an answer by then it is over.
        expires_at: Timestamp,
    },
    /// An offer comes to nothing.
    EndOffer {
        /// The offer.
        offer: OfferId,
        /// Why.
        reason: OfferEnd,
    },
    /// Give the session back to the assistant.
    Release {
        /// Who.
        by: Staff,
        /// Why.
        reason: ReasonCode,
        /// The id of the notice to the customer.
        notice: MessageId,
        /// Now.
        at: Timestamp,
    },
    /// Return the session to the queue.
    ReturnToQueue {
        /// Who had it.
        agent: AgentId,
        /// Why.
        reason: ReturnReason,
        /// Who should take it.
        group: Option<Skill>,
        /// The id of the notice to the customer.
        notice: MessageId,
    },
    /// Send a mail about the session to the team.
    RequestMail {
        /// The mail.
        mail: MailId,
        /// Why.
        kind: MailKind,
    },
    /// Record what became of a mail.
    RecordMail {
        /// The mail.
        mail: MailId,
        /// Attempts until then.
        attempts: u32,
        /// Why it was given up; `None`: it was sent.
        failure: Option<MailFailure>,
    },
    /// End the episode.
    Close {
        /// Why.
        reason: CloseReason,
        /// The id of the notice to the customer.
        notice: MessageId,
        /// Who, if it is staff.
        by: Option<Staff>,
        /// Now.
        at: Timestamp,
    },
    /// Begin a new episode with the assistant.
    Reopen,
    /// The episode ends because nobody wrote for long.
    CloseIdle {
        /// [`Session::last_written`](crate::session::Session::last_written) when the wait began: another one now means that
        /// somebody wrote meanwhile.
        last_written: Option<MessageId>,
        /// What the ids of notices to the customer are made of.
        notice: MessageId,
        /// Now.
        at: Timestamp,
    },
    /// Write an internal note.
    AddNote(AddNote),
    /// Write an internal note anew.
    EditNote(EditNote),
    /// Remove an internal note.
    RemoveNote {
        /// The note.
        note: NoteId,
        /// Who.
        by: Staff,
        /// The version that this one saw.
        seen: u32,
    },
    /// Change the session's tags.
    ChangeTags {
        /// Those that it is to have.
        add: Vec<Tag>,
        /// Those that it is not to have.
        remove: Vec<Tag>,
    },
    /// Set the session's place in the queue.
    SetPriority {
        /// Its class.
        class: PriorityClass,
    },
    /// Rate the episode.
    Rate {
        /// From 1, bad, to 5, good.
        score: Score,
        /// In the customer's words.
        comment: Option<MessageText>,
        /// Now.
        at: Timestamp,
    },
}

/// A member of staff who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff {
    /// Who.
    pub agent: AgentId,
    /// Whether it may do so with sessions of others.
    pub is_supervisor: bool,
}

/// What an escalation depends on beside the session.
#[derive(Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The calendars in force.
    pub calendars: Arc<Calendars>,
    /// Now.
    pub at: Timestamp,
    /// The id of the mail that is sent if nobody works; those of notices are made of it.
    pub mail: MailId,
}

impl std::fmt::Debug for Circumstances {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Circumstances").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What an agent says.
#[derive(Clone, PartialEq, Eq)]
pub struct SendAgentMessage {
    /// Who.
    pub agent: AgentId,
    /// The message's id.
    pub message: MessageId,
    /// What is said.
    pub text: MessageText,
    /// The prepared answer that it was made of.
    pub quick_reply: Option<QuickReplyId>,
}

impl std::fmt::Debug for SendAgentMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendAgentMessage").field("message", &self.message).finish_non_exhaustive()
    }
}

/// An internal note.
#[derive(Clone, PartialEq, Eq)]
pub struct AddNote {
    /// The note.
    pub note: NoteId,
    /// Who writes it.
    pub author: AgentId,
    /// Who is to read it.
    pub mentions: Vec<AgentId>,
    /// What it says.
    pub text: MessageText,
}

impl std::fmt::Debug for AddNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddNote").field("note", &self.note).finish_non_exhaustive()
    }
}

/// Another wording of an internal note.
#[derive(Clone, PartialEq, Eq)]
pub struct EditNote {
    /// The note.
    pub note: NoteId,
    /// Who writes it anew.
    pub by: AgentId,
    /// The version that this one saw.
    pub seen: u32,
    /// Who is to read it.
    pub mentions: Vec<AgentId>,
    /// What it is to say.
    pub text: MessageText,
}

impl std::fmt::Debug for EditNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EditNote").field("note", &self.note).field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// From whom to whom a session goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Who acts.
    pub by: Staff,
    /// To whom.
    pub to: TransferTarget,
    /// Why, for staff.
    pub reason: MessageText,
    /// The id of the notice to the customer.
    pub notice: MessageId,
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transfer").field("by", &self.by).field("to", &self.to).finish_non_exhaustive()
    }
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
    /// Who is to answer it.
    pub recipient: Recipient,
    /// What the rules read in it.
    pub signals: Vec<Signal>,
    /// The class of its urgent words, which ask for nobody by themselves.
    pub urgency: Option<PriorityClass>,
    /// An e-mail address in it.
    pub email: Option<EmailAddress>,
    /// What an escalation depends on.
    pub circumstances: Circumstances,
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
    /// The variant that the session is in.
    pub variant: Option<String>,
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
    /// What the model counted.
    pub tokens: Option<Tokens>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// Its sources.
    pub sources: Vec<String>,
    /// What is said.
    pub text: MessageText,
    /// What the customer may choose to say next.
    pub suggestions: Vec<String>,
    /// The assistant's own name for the context.
    pub assistant_context: Option<String>,
    /// The beginning of it that has been sent to the customer's stream.
    pub shown: String,
    /// What the rules read in it.
    pub signals: Vec<Signal>,
    /// What an escalation depends on.
    pub circumstances: Circumstances,
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
    /// The other side's code for it.
    pub error_code: Option<String>,
    /// What the model counted until then.
    pub tokens: Option<Tokens>,
    /// What it cost.
    pub cost: Option<Cost>,
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

/// An escalation by request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalate {
    /// Used if the session does not exist yet or is closed; `None`: then it is refused.
    pub opening: Option<Opening>,
    /// What the policy says of the request.
    pub firing: Firing,
    /// The page's language, where the session has none yet.
    pub language: Option<Language>,
    /// What it depends on.
    pub circumstances: Circumstances,
}
