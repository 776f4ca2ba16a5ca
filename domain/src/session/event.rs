//! The events of a session. Field names are those of the stored JSON: `codec` writes it, `tests/golden` freezes it. Fields
//! marked `serde(skip)` are the personal part.

mod assistant;
mod hand_off;
mod mail;
mod notes;
mod rating;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    codec::sealed,
    id::{AgentId, ContextId, Incarnation, MessageId, VisitorId},
    language::Language,
    personal::Personal,
    policy::Rule,
    session::priority::PriorityClass,
    text::{MessageText, ReasonCode, SessionName, Skill},
};

pub use assistant::{
    Asked, AssistantAsked, AssistantFailed, AssistantReplied, AssistantReplyWithheld, AssistantRunStarted, Cost,
    FailureCode, FailureDetail, Outcome, Reply, Tokens, Withheld, WithheldReason,
};
pub use hand_off::{
    AgentMessageSent, AgentWords, NoticeGiven, OfferAccepted, OfferEnd, OfferExpired, OfferMade, PriorityChanged,
    Remark, TransferAccepted, TransferDeclined, TransferEnd, TransferKind, TransferRequested, TransferTarget,
    Transferred,
};
pub use mail::{ContactDetails, MailFailed, MailFailure, MailKind, MailRequested, MailSent, ProfileChanged};
pub use notes::{NoteAdded, NoteEdited, NoteRemoved, NoteWords, TagsChanged};
pub use rating::{RatingGiven, RatingRemark};

/// One event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    Opened(Opened),
    CustomerMessageSent(CustomerMessageSent),
    ContextStarted(ContextStarted),
    AssistantRunStarted(AssistantRunStarted),
    AssistantAsked(AssistantAsked),
    AssistantReplied(AssistantReplied),
    AssistantFailed(AssistantFailed),
    AssistantReplyWithheld(AssistantReplyWithheld),
    Escalated(Escalated),
    EscalationCancelled(EscalationCancelled),
    AfterHoursNoticeGiven(AfterHoursNoticeGiven),
    AgentTookOver(AgentTookOver),
    AgentMessageSent(AgentMessageSent),
    NoticeGiven(NoticeGiven),
    TransferRequested(TransferRequested),
    TransferAccepted(TransferAccepted),
    TransferDeclined(TransferDeclined),
    Transferred(Transferred),
    OfferMade(OfferMade),
    OfferAccepted(OfferAccepted),
    OfferExpired(OfferExpired),
    MailRequested(MailRequested),
    MailSent(MailSent),
    MailFailed(MailFailed),
    PriorityChanged(PriorityChanged),
    ProfileChanged(ProfileChanged),
    NoteAdded(NoteAdded),
    NoteEdited(NoteEdited),
    NoteRemoved(NoteRemoved),
    TagsChanged(TagsChanged),
    RatingGiven(RatingGiven),
    Released(Released),
    ReturnedToQueue(ReturnedToQueue),
    Closed(Closed),
    Reopened(Reopened),
    CommandConfirmed(CommandConfirmed),
}

/// A visitor's session was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Whose it is, and whose keys seal its personal parts.
    pub visitor: VisitorId,
    /// The first context's id.
    pub context: ContextId,
    /// What the client calls it.
    #[serde(skip, default = "sealed")]
    pub name: Personal<Named>,
}

/// The sealed part of [`Opened`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// What the client calls the session.
    pub session_name: SessionName,
}

/// The customer wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerMessageSent {
    /// The message.
    pub message: MessageId,
    /// From 1: counts the customer's returns after a close.
    pub episode: u32,
    /// The language it is answered in.
    pub language: Language,
    /// The life of the node that accepted it and has it answered.
    pub incarnation: Incarnation,
    /// Who is to answer it.
    pub recipient: Recipient,
    /// The rules that read something in it, so that their counts survive an erasure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rule_signals: Vec<Rule>,
    /// What was said.
    #[serde(skip, default = "sealed")]
    pub words: Personal<Words>,
}

/// Who is to answer a customer's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The assistant, unless a rule says otherwise.
    Assistant,
    /// A person: the one who has the session, or who will.
    Person,
}

/// The sealed part of [`CustomerMessageSent`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The text.
    pub text: MessageText,
    /// What the shop's page passed along.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

/// A new context began: the assistant forgets earlier messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextStarted {
    /// The new context.
    pub context: ContextId,
    /// Whether earlier messages are hidden from the customer as well.
    pub cleared: bool,
}

/// Why a person is needed: the original's five values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationReason {
    /// A word in the customer's message.
    Keyword,
    /// The assistant keeps failing.
    FailLoop,
    /// The customer is upset.
    Sentiment,
    /// The shop says that this customer comes first.
    Vip,
    /// The customer, or staff, asked for it.
    Manual,
}

impl EscalationReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Keyword, Self::FailLoop, Self::Sentiment, Self::Vip, Self::Manual];
}

/// How urgent an escalation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// In its turn.
    Low,
    /// First.
    High,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Low, Self::High];
}

/// The session waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalated {
    /// On the wire.
    pub reason: EscalationReason,
    /// The policy's rule that fired, `R0` to `R13`, or `opening_time`.
    pub rule: String,
    /// How urgent.
    pub severity: Severity,
    /// The policy in force.
    pub policy_version: u32,
    /// Its place in the queue.
    pub class: PriorityClass,
    /// Who should take it; anybody where the policy does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Skill>,
    /// The customer's language.
    pub language: Language,
    /// Messages that the person will answer instead of the assistant.
    pub messages: Vec<MessageId>,
    /// What the rule saw.
    #[serde(skip, default = "sealed")]
    pub evidence: Personal<Evidence>,
}

/// The sealed part of [`Escalated`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// For people: `命中关键词: 人工`.
    pub details: String,
}

/// Why an escalation ended without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer no longer wants one.
    Cancelled,
    /// Nobody came in time.
    NobodyCame,
}

/// The assistant has the session again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationCancelled {
    /// Why.
    pub reason: CancelReason,
}

/// The customer was told that nobody works now; staff gets a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterHoursNoticeGiven {
    /// When somebody works again; absent when the calendar does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
}

/// A person has the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentTookOver {
    /// Who.
    pub agent: AgentId,
    /// Messages that the assistant had not answered.
    pub messages: Vec<MessageId>,
}

/// The person gave the session back to the assistant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Who had it.
    pub agent: AgentId,
    /// Why, as the agent's program says: `resolved`.
    pub reason: ReasonCode,
}

/// Why a session waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// The agent's connection is gone.
    AgentLost,
    /// The agent handed it back.
    HandedBack,
    /// The agent handed it to another group.
    Transferred,
}

/// The session waits for another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnedToQueue {
    /// Who had it.
    pub agent: AgentId,
    /// Why.
    pub reason: ReturnReason,
    /// Who should take it; anybody where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Skill>,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The matter is settled.
    Resolved,
    /// The customer ended it.
    CustomerLeft,
    /// Nobody wrote for long.
    Idle,
}

/// The episode ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// Why.
    pub reason: CloseReason,
    /// Messages that nobody had answered.
    pub messages: Vec<MessageId>,
}

/// The customer came back; the assistant has the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reopened {}

/// A keyed command had nothing to change; recorded so that its repeat is answered alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfirmed {
    /// The command's name, as in its route.
    pub command: String,
}
