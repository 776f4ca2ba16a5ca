//! The shop's escalation policy: rules that say when a person is needed.
//!
//! A rule reads a text (the customer's message, the assistant's reply) and gives a [`Signal`]; what signals and counts of the
//! session add up to is a [`Firing`] or nothing. The session's decision records either with the event that it was read from.
//!
//! Invariant: pure functions of texts, counts and the policy's document; a policy's version says which.

use serde::{Deserialize, Serialize};

use crate::{
    session::{
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
    text::Skill,
};

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

impl Rule {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::R0,
        Self::R1,
        Self::R2,
        Self::R3,
        Self::R4,
        Self::R5,
        Self::R6,
        Self::R7,
        Self::R8,
        Self::R9,
        Self::R10,
        Self::R11,
        Self::R12,
        Self::R13,
    ];

    /// As it is stored and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::R0 => "R0",
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R4 => "R4",
            Self::R5 => "R5",
            Self::R6 => "R6",
            Self::R7 => "R7",
            Self::R8 => "R8",
            Self::R9 => "R9",
            Self::R10 => "R10",
            Self::R11 => "R11",
            Self::R12 => "R12",
            Self::R13 => "R13",
        }
    }
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

impl Counts {
    /// With the signals of one more customer message.
    #[must_use]
    pub fn with_message(self, rules: &[Rule]) -> Self {
        let count = |rule| u32::from(rules.contains(&rule));
        Self { unsolved: self.unsolved + count(Rule::R4), repeats: self.repeats + count(Rule::R13), ..self }
    }

    /// With the signals of one more reply of the assistant.
    #[must_use]
    pub fn with_reply(self, rules: &[Rule]) -> Self {
        let failures = if rules.contains(&Rule::R3) { self.failures + 1 } else { 0 };
        Self { failures, turns: self.turns + 1, ..self }
    }
}

/// The policy in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {}

impl Policy {
    /// Its version.
    #[must_use]
    pub fn version(&self) -> u32 {
        0
    }

    /// Which signals of a message need a person.
    #[must_use]
    pub fn on_message(&self, _counts: &Counts, signals: &[Signal]) -> Option<Firing> {
        signals.iter().find(|signal| matches!(signal.rule, Rule::R0 | Rule::R1 | Rule::R2)).map(|signal| Firing {
            rule: signal.rule,
            reason: EscalationReason::Keyword,
            severity: Severity::High,
            class: if signal.rule == Rule::R0 { PriorityClass::Danger } else { PriorityClass::Normal },
            group: None,
            details: signal.evidence.clone(),
        })
    }

    /// Which signals of a reply need a person.
    #[must_use]
    pub fn on_reply(&self, counts: &Counts, signals: &[Signal]) -> Option<Firing> {
        let signal = signals.iter().find(|signal| signal.rule == Rule::R3)?;
        (counts.failures >= 3).then(|| Firing {
            rule: Rule::R3,
            reason: EscalationReason::FailLoop,
            severity: Severity::Low,
            class: PriorityClass::Normal,
            group: None,
            details: signal.evidence.clone(),
        })
    }

    /// What a request for a person comes to.
    #[must_use]
    pub fn on_request(&self, reason: &str) -> Firing {
        Firing {
            rule: Rule::R1,
            reason: EscalationReason::Manual,
            severity: Severity::High,
            class: PriorityClass::Normal,
            group: None,
            details: reason.to_owned(),
        }
    }
}
