//! The rules of escalation, as often as they fire in a shop.

use domain::session::event::{EscalationReason, Severity};

use super::rng::Rng;

/// A rule of the policy.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// As recorded.
    pub name: &'static str,
    /// On the wire.
    pub reason: EscalationReason,
    /// How urgent.
    pub severity: Severity,
    /// What it says for people.
    pub(super) saw: &'static str,
    /// Whether it is known before the assistant is asked.
    pub(super) before_the_answer: bool,
    /// How often, compared with the others; those without a share have a cause of their own.
    share: f64,
}

const fn rule(name: &'static str, reason: EscalationReason, severity: Severity, saw: &'static str) -> Rule {
    Rule { name, reason, severity, saw, before_the_answer: false, share: 0.0 }
}

impl Rule {
    const fn often(self, share: f64) -> Self {
        Self { share, ..self }
    }

    const fn before_the_answer(self) -> Self {
        Self { before_the_answer: true, ..self }
    }
}

use EscalationReason::{FailLoop, Keyword, Manual, Sentiment, Vip};
use Severity::{High, Low};

/// Every rule of the policy: each fires in a log of some size.
pub static RULES: [Rule; 15] = [
    BUTTON_RULE,
    OPENING_TIME_RULE,
    rule("R1", Keyword, High, "命中关键词").before_the_answer().often(30.0),
    rule("R2", Keyword, High, "命中话题").before_the_answer().often(12.0),
    rule("R3", FailLoop, Low, "连续3次未能回答").often(9.0),
    rule("R4", FailLoop, Low, "客户表示没有解决").often(12.0),
    rule("R5", FailLoop, Low, "10轮仍未解决").often(3.0),
    rule("R6", FailLoop, Low, "答案不可靠").often(5.0),
    rule("R7", FailLoop, Low, "助手要求转人工").often(4.0),
    rule("R8", FailLoop, High, "助手无法使用").often(4.0),
    rule("R9", FailLoop, Low, "内容审核未通过").often(1.5),
    rule("R10", Vip, High, "贵宾客户").before_the_answer().often(6.0),
    rule("R11", Sentiment, Low, "客户情绪激动").often(6.0),
    rule("R12", Keyword, Low, "名单客户").before_the_answer().often(1.5),
    rule("R13", FailLoop, Low, "重复提问").often(3.0),
];

const BUTTON_RULE: Rule = rule("R1", Manual, High, "客户点击转人工");
const OPENING_TIME_RULE: Rule = rule("opening_time", Manual, Low, "上班时间已到");

/// The customer pressed it, or staff did.
pub(super) static BUTTON: Rule = BUTTON_RULE;
/// Somebody works again.
pub(super) static OPENING_TIME: Rule = OPENING_TIME_RULE;

/// One that a message brings about.
pub(super) fn one_that_fires(rng: &mut Rng) -> &'static Rule {
    let shares: Vec<(&'static Rule, f64)> = RULES.iter().map(|rule| (rule, rule.share)).collect();
    rng.weighted(&shares)
}

/// The rule of this name that is no button.
///
/// # Panics
/// There is no such rule.
pub(super) fn named(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.name == name && rule.share > 0.0).expect("it is in the table")
}
