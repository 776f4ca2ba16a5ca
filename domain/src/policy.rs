//! The shop's escalation policy: rules that say when a person is needed.
//!
//! A rule reads a text (the customer's message, the assistant's reply) and gives a [`Signal`]; what signals and counts of the
//! session add up to is a [`Firing`] or nothing. The session's decision records either with the event that it was read from.
//!
//! Invariant: pure functions of texts, counts and the policy's document; a policy's version says which.

mod combine;
mod counts;
mod document;
mod fire;
pub mod matcher;
mod message;
pub mod phrase;
mod read;
pub mod regulator;
mod rules;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    session::{
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
    settings::{Document, DocumentError, Topic},
    text::Skill,
};
use matcher::{Matcher, PhraseList};
pub use message::Message;
use rules::Rules;

/// The escalation policy. Copies are cheap.
#[derive(Clone)]
pub struct Policy {
    version: u32,
    compiled: Arc<Compiled>,
}

/// What the document says, ready to be looked for.
struct Compiled {
    rules: Rules,
    messages: Matcher,
    replies: Matcher,
    urgent: Matcher,
}

/// What the shop knows of a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Customer {
    /// Whether the shop counts the customer among its best.
    pub is_vip: bool,
    /// Whether the policy lists the customer ([`Policy::lists`]).
    pub is_listed: bool,
}

impl Policy {
    /// Reads and checks a document; `version` is the number it is known by.
    ///
    /// # Errors
    /// It is not such a document; the error says line and field.
    pub fn parse(text: &str, version: u32) -> Result<Self, DocumentError> {
        let rules = document::parse(text)?;
        let large = |_| DocumentError::at(text, 0, "rules", "has too many phrases");
        let messages: Vec<&PhraseList> = read::IN_MESSAGES.iter().map(|rule| &rules.of(*rule).list).collect();
        let messages = Matcher::new(&messages).map_err(large)?;
        let replies = Matcher::new(&[&rules.of(Rule::R3).list]).map_err(large)?;
        let urgent = Matcher::new(&[&rules.of(Rule::R2).urgent]).map_err(large)?;
        Ok(Self { version, compiled: Arc::new(Compiled { rules, messages, replies, urgent }) })
    }

    /// The number that it is known by; 0 is what the program or its environment brings.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::parse(document::BUILT_IN, 0).expect("a test reads the document that the program brings")
    }
}

impl Document for Policy {
    const TOPIC: Topic = Topic::Policy;

    fn parse(text: &str, version: u32) -> Result<Self, DocumentError> {
        Self::parse(text, version)
    }

    fn built_in() -> &'static str {
        document::BUILT_IN
    }

    fn version(&self) -> u32 {
        self.version
    }
}

impl Eq for Policy {}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.compiled.rules == other.compiled.rules
    }
}

/// Its phrases are many, and no reader of a log wants them.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("version", &self.version).finish_non_exhaustive()
    }
}

/// One of the policy's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rule {
    /// Danger: fire, smoke, a damaged battery, brakes that fail, an injury. Never off.
    R0,
    /// The customer asks for a person.
    R1,
    /// Topics that are a person's.
    R2,
    /// The assistant fails several times in a row.
    R3,
    /// The customer says that it did not help.
    R4,
    /// Many turns without a solution.
    R5,
    /// The assistant is not sure.
    R6,
    /// The assistant asks for a person.
    R7,
    /// The assistant cannot be reached.
    R8,
    /// The assistant's other side refused the content.
    R9,
    /// The shop says that this customer comes first.
    R10,
    /// The customer is upset.
    R11,
    /// The shop has listed this customer.
    R12,
    /// The same question again.
    R13,
}

/// What a rule read in one text. Recorded as the rule's id with the event of that text, so that counts survive an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The rule.
    pub rule: Rule,
    /// For people, personal: `命中关键词: 人工`.
    pub evidence: String,
}

/// What a session counts for the rules, folded from recorded signals since the last hand-over, takeover's end or close.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Replies of the assistant in a row that failed (R3).
    pub failures: u32,
    /// Messages that said that it did not help (R4).
    pub unsolved: u32,
    /// Customer messages that the assistant answered (R5).
    pub turns: u32,
    /// Repetitions of a question (R13).
    pub repeats: u32,
}

/// A rule fired: a person is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The rule.
    pub rule: Rule,
    /// On the wire.
    pub reason: EscalationReason,
    /// How urgent.
    pub severity: Severity,
    /// Its place in the queue.
    pub class: PriorityClass,
    /// Who should take it; anybody where the policy does not say.
    pub group: Option<Skill>,
    /// For people, personal.
    pub details: String,
}
