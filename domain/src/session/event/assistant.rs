//! Events of the assistants' runs. What was spent stands in every event that ends an attempt, so that no attempt is free.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    codec::sealed,
    id::{Incarnation, MessageId, RunId},
    language::Language,
    personal::Personal,
    policy::Rule,
    text::MessageText,
};

/// The assistant began an attempt to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantRunStarted {
    /// The run, the same over all attempts.
    pub run: RunId,
    /// From 1.
    pub attempt: u32,
    /// The life of the node that carries it out.
    pub incarnation: Incarnation,
    /// Which assistant is asked.
    pub assistant: String,
    /// The variant that the session is in, if an experiment runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// After it any node may retake the run.
    pub deadline: Timestamp,
    /// What it answers.
    pub messages: Vec<MessageId>,
}

/// The other side has the question: what it calls it, recorded as soon as it is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantAsked {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// The other side's names, by which what it stored is found and deleted.
    #[serde(skip, default = "sealed")]
    pub asked: Personal<Asked>,
}

/// The sealed part of [`AssistantAsked`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Its name for the context (Coze's conversation id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Its name for this question and answer (Coze's chat id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// What its support asks for (`X-Tt-Logid`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<String>,
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It answers the question.
    Answered,
    /// It offers several answers to choose from.
    Offered,
    /// The assistant said that it does not know.
    DoesNotKnow,
    /// The assistant asks for a person.
    HandsOver,
    /// The other side refused to speak about it.
    Blocked,
    /// The answer ended at a limit of its length.
    CutOff,
    /// The assistant could not be reached; the text is the fallback reply.
    Unavailable,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Answered,
        Self::Offered,
        Self::DoesNotKnow,
        Self::HandsOver,
        Self::Blocked,
        Self::CutOff,
        Self::Unavailable,
    ];
}

/// What a model counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Tokens of the question and its context.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
}

/// What an attempt cost, by the prices that were set when it ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// In millionths of the currency.
    pub micros: u64,
    /// Three letters (ISO 4217).
    pub currency: String,
}

/// The assistant replied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantReplied {
    /// The run that made it.
    pub run: RunId,
    /// The attempt that made it.
    pub attempt: u32,
    /// The answer's own id.
    pub message: MessageId,
    /// The customer messages that it answers: each is in one such list only.
    pub answers: Vec<MessageId>,
    /// How it turned out.
    pub outcome: Outcome,
    /// The language it is written in.
    pub language: Language,
    /// How sure the assistant was, in thousandths; absent when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_permille: Option<u16>,
    /// What the model counted; absent when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// What it cost; absent where no price is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Its sources: keys of FAQ entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The rules that read something in it, so that their counts survive an erasure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rule_signals: Vec<Rule>,
    /// What was said.
    #[serde(skip, default = "sealed")]
    pub reply: Personal<Reply>,
}

/// The sealed part of [`AssistantReplied`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The text.
    pub text: MessageText,
    /// What the customer may choose to say next: questions, to be sent as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// The assistant's own name for the context, to be given back with the next question (Coze's conversation id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant_context: Option<String>,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// No connection, or an answer that says "later".
    Unavailable,
    /// It took too long.
    TimedOut,
    /// It takes no more questions for the moment.
    RateLimited,
    /// It refused our credentials, or what is set for it does not exist there.
    Refused,
    /// What was paid for is used up.
    OutOfCredit,
    /// It does not take this question: too long, or wrongly asked.
    Rejected,
    /// Its answer was malformed or empty.
    Malformed,
}

impl FailureCode {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unavailable,
        Self::TimedOut,
        Self::RateLimited,
        Self::Refused,
        Self::OutOfCredit,
        Self::Rejected,
        Self::Malformed,
    ];

    /// Whether it may be over when the same assistant is asked again.
    #[must_use]
    pub fn is_passing(self) -> bool {
        match self {
            Self::Unavailable | Self::TimedOut | Self::RateLimited | Self::Malformed => true,
            Self::Refused | Self::OutOfCredit | Self::Rejected => false,
        }
    }
}

/// An attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantFailed {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// Why.
    pub code: FailureCode,
    /// The other side's code for it: `4011`, `insufficient_quota`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Whether another attempt follows; if not, the fallback reply does.
    pub retries: bool,
    /// What the model counted until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// What it cost; absent where no price is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The assistant's error text, which may quote the customer.
    #[serde(skip, default = "sealed")]
    pub detail: Personal<FailureDetail>,
}

/// The sealed part of [`AssistantFailed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureDetail {
    /// In the assistant's words.
    pub text: String,
}

/// Why a reply was withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithheldReason {
    /// A person has the session, or it waits for one.
    HandedOver,
    /// Another attempt or another run is the current one.
    Superseded,
    /// The session was closed meanwhile.
    Closed,
}

/// A reply came too late and was withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantReplyWithheld {
    /// The run that made it.
    pub run: RunId,
    /// The attempt that made it.
    pub attempt: u32,
    /// Why.
    pub reason: WithheldReason,
    /// What the model counted until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// What it cost; absent where no price is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The reply, and how much of it the customer had seen.
    #[serde(skip, default = "sealed")]
    pub withheld: Personal<Withheld>,
}

/// The sealed part of [`AssistantReplyWithheld`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// The whole text.
    pub text: MessageText,
    /// Its beginning that had been sent to the customer's stream.
    pub shown: String,
}
