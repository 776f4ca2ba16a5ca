//! Events between a customer and the persons who answer: messages, notices, transfers, offers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    codec::sealed,
    id::{AgentId, MessageId, OfferId, QuickReplyId, TransferId},
    language::Language,
    personal::Personal,
    policy::Rule,
    session::{notice::Notice, priority::PriorityClass},
    text::{MessageText, Skill},
};

/// The person who has the session wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentMessageSent {
    /// The message.
    pub message: MessageId,
    /// Who.
    pub agent: AgentId,
    /// The prepared answer that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick_reply: Option<QuickReplyId>,
    /// What was said.
    #[serde(skip, default = "sealed")]
    pub words: Personal<AgentWords>,
}

/// The sealed part of [`AgentMessageSent`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentWords {
    /// The text.
    pub text: MessageText,
}

/// The server told the customer something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeGiven {
    /// Its id among the session's messages.
    pub message: MessageId,
    /// In which language.
    pub language: Language,
    /// What.
    pub notice: Notice,
}

/// To whom a session is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// To this agent.
    Agent(AgentId),
    /// To somebody of this group.
    Group(Skill),
}

/// Somebody else was asked to take the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferRequested {
    /// The transfer.
    pub transfer: TransferId,
    /// Who has the session.
    pub from: AgentId,
    /// Who was asked.
    pub to: TransferTarget,
    /// Without an answer by then it is over.
    pub expires_at: Timestamp,
    /// Why.
    #[serde(skip, default = "sealed")]
    pub remark: Personal<Remark>,
}

/// What staff says about a transfer, for staff alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// Why; absent where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<MessageText>,
}

/// The one who was asked takes the session; [`Transferred`] follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferAccepted {
    /// The transfer.
    pub transfer: TransferId,
    /// Who accepted.
    pub by: AgentId,
}

/// Why a transfer that was asked for came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferEnd {
    /// The one who was asked said no.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The asking agent took it back, or the session went another way.
    Withdrawn,
}

/// A transfer that was asked for came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferDeclined {
    /// The transfer.
    pub transfer: TransferId,
    /// Why.
    pub reason: TransferEnd,
}

/// How a session came to another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Handed over without asking.
    Immediate,
    /// Asked for and accepted.
    Accepted,
    /// Taken by a supervisor.
    Stolen,
}

/// Another person has the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transferred {
    /// Who had it.
    pub from: AgentId,
    /// Who has it.
    pub to: AgentId,
    /// How.
    pub how: TransferKind,
    /// Why.
    #[serde(skip, default = "sealed")]
    pub remark: Personal<Remark>,
}

/// A waiting session was offered to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferMade {
    /// The offer.
    pub offer: OfferId,
    /// To whom.
    pub agent: AgentId,
    /// Without an answer by then it goes on to the next.
    pub expires_at: Timestamp,
}

/// The agent takes what was offered; the takeover follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferAccepted {
    /// The offer.
    pub offer: OfferId,
}

/// Why an offer came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// The agent said no.
    Declined,
    /// The agent did not answer in time.
    Expired,
    /// Somebody else took the session, or it waits no more.
    Withdrawn,
}

/// An offer came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferExpired {
    /// The offer.
    pub offer: OfferId,
    /// Why.
    pub reason: OfferEnd,
}

/// The session's place in the queue changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityChanged {
    /// The new class.
    pub class: PriorityClass,
    /// The rule that fired; absent where a person changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}
