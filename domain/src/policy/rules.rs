//! What a policy's document says of each rule.

use std::collections::HashSet;

use crate::{
    id::VisitorId,
    language::Language,
    policy::{Rule, matcher::PhraseList},
    session::{
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
    text::Skill,
};

/// Every rule's settings, in the order of [`Rule::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules(pub(super) [RuleSettings; Rule::ALL.len()]);

/// One rule's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleSettings {
    /// Whether it is looked at.
    pub(super) is_on: bool,
    /// How urgent what it finds is.
    pub(super) severity: Severity,
    /// The place in the queue.
    pub(super) class: PriorityClass,
    /// Who should take it.
    pub(super) group: Option<Skill>,
    /// The customers' languages for which it is on; all where empty.
    pub(super) languages: Vec<Language>,
    /// How often, or how sure in permille.
    pub(super) threshold: u32,
    /// After how many answers a person is offered (R5); never where 0.
    pub(super) offer_at: u32,
    /// What it looks for.
    pub(super) list: PhraseList,
    /// Words that raise the class and nothing else (R2).
    pub(super) urgent: PhraseList,
    /// Whom it is for (R12).
    pub(super) customers: HashSet<VisitorId>,
}

impl Rules {
    /// A rule's settings.
    #[must_use]
    pub(super) fn of(&self, rule: Rule) -> &RuleSettings {
        &self.0[rule as usize]
    }

    pub(super) fn of_mut(&mut self, rule: Rule) -> &mut RuleSettings {
        &mut self.0[rule as usize]
    }
}

impl RuleSettings {
    /// Whether the rule is on for a customer of this language.
    #[must_use]
    pub(super) fn is_on_for(&self, language: Language) -> bool {
        self.is_on && (self.languages.is_empty() || self.languages.contains(&language))
    }

    /// What a rule is where no document says anything: off, without phrases.
    pub(super) fn bare(rule: Rule) -> Self {
        let class = match rule {
            Rule::R0 => PriorityClass::Danger,
            Rule::R10 => PriorityClass::Vip,
            Rule::R2 => PriorityClass::Urgent,
            Rule::R1
            | Rule::R3
            | Rule::R4
            | Rule::R5
            | Rule::R6
            | Rule::R7
            | Rule::R8
            | Rule::R9
            | Rule::R11
            | Rule::R12
            | Rule::R13 => PriorityClass::Normal,
        };
        let severity = match rule.reason() {
            EscalationReason::Keyword | EscalationReason::Vip | EscalationReason::Manual => Severity::High,
            EscalationReason::FailLoop | EscalationReason::Sentiment => Severity::Low,
        };
        Self {
            is_on: rule == Rule::R0,
            severity,
            class,
            group: None,
            languages: Vec::new(),
            threshold: 1,
            offer_at: 0,
            list: PhraseList::default(),
            urgent: PhraseList::default(),
            customers: HashSet::new(),
        }
    }
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

    /// `R0` to `R13`.
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

    /// From its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text)
    }

    /// On the wire, as the original's clients know it.
    #[must_use]
    pub fn reason(self) -> EscalationReason {
        match self {
            Self::R0 | Self::R1 | Self::R2 | Self::R12 => EscalationReason::Keyword,
            Self::R3 | Self::R4 | Self::R5 | Self::R6 | Self::R7 | Self::R8 | Self::R9 | Self::R13 => {
                EscalationReason::FailLoop
            }
            Self::R10 => EscalationReason::Vip,
            Self::R11 => EscalationReason::Sentiment,
        }
    }
}
