//! The rules of escalation, as often as they fire in a shop.

use domain::session::event::{EscalationReason, Severity};

use super::chance::Chance;

/// A rule of the policy.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// As recorded.
    pub name: &'static str,
    /// On the wire.
    pub reason: EscalationReason,
    /// How urgent.
    pub severity: Severity,
    /// Whether it is known before the assistant is asked.
    pub(super) before_the_answer: bool,
    /// How often, compared with the others; those without a share have a cause of their own.
    share: f64,
}

const fn rule(name: &'static str, reason: EscalationReason, severity: Severity, before: bool, share: f64) -> Rule {
    Rule { name, reason, severity, before_the_answer: before, share }
}

use EscalationReason::{FailLoop, Keyword, Manual, Sentiment, Vip};
use Severity::{High, Low};

/// Every rule of the policy: each fires in a log of some size.
pub static RULES: [Rule; 15] = [
    BUTTON_RULE,
    OPENING_TIME_RULE,
    rule("R1", Keyword, High, true, 30.0),
    rule("R2", Keyword, High, true, 12.0),
    rule("R3", FailLoop, Low, false, 9.0),
    rule("R4", FailLoop, Low, false, 12.0),
    rule("R5", FailLoop, Low, false, 3.0),
    rule("R6", FailLoop, Low, false, 5.0),
    rule("R7", FailLoop, Low, false, 4.0),
    rule("R8", FailLoop, High, false, 4.0),
    rule("R9", FailLoop, Low, false, 1.5),
    rule("R10", Vip, High, true, 6.0),
    rule("R11", Sentiment, Low, false, 6.0),
    rule("R12", Keyword, Low, true, 1.5),
    rule("R13", FailLoop, Low, false, 3.0),
];

/// The customer pressed it, or staff did.
pub(super) static BUTTON: Rule = BUTTON_RULE;
const BUTTON_RULE: Rule = rule("R1", Manual, High, true, 0.0);
/// Somebody works again.
pub(super) static OPENING_TIME: Rule = OPENING_TIME_RULE;
const OPENING_TIME_RULE: Rule = rule("opening_time", Manual, Low, true, 0.0);

/// One that a message brings about.
pub(super) fn one_that_fires(chance: &mut Chance) -> &'static Rule {
    let shares: Vec<(&'static Rule, f64)> = RULES.iter().map(|rule| (rule, rule.share)).collect();
    chance.weighted(&shares)
}

/// The rule that the assistant is out of reach, and so on.
///
/// # Panics
/// There is no such rule.
pub(super) fn named(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.name == name).expect("it is in the table")
}
