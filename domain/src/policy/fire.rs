//! What signals and counts add up to: a person is needed, or not.

use crate::{
    policy::{Counts, Firing, Policy, Rule, Signal},
    session::event::{EscalationReason, Severity},
};

/// Of several rules that fire on a message the first is named: danger, then VIP, keywords, failures (as the original), mood.
const ON_MESSAGE: [Rule; 8] = [Rule::R0, Rule::R10, Rule::R1, Rule::R2, Rule::R12, Rule::R4, Rule::R13, Rule::R11];
/// The same for a reply: what is certain, then what is counted.
const ON_REPLY: [Rule; 6] = [Rule::R7, Rule::R9, Rule::R8, Rule::R3, Rule::R6, Rule::R5];

impl Policy {
    /// Whether a person is needed after a customer's message. The counts are those after it.
    #[must_use]
    pub fn on_message(&self, counts: &Counts, signals: &[Signal]) -> Option<Firing> {
        self.first(&ON_MESSAGE, counts, signals)
    }

    /// Whether a person is needed after a reply. The counts are those after it.
    #[must_use]
    pub fn on_reply(&self, counts: &Counts, signals: &[Signal]) -> Option<Firing> {
        self.first(&ON_REPLY, counts, signals)
    }

    /// Whether the customer is offered a person after this many answers (R5).
    #[must_use]
    pub fn offers_person(&self, counts: &Counts) -> bool {
        let rule = self.compiled.rules.of(Rule::R5);
        rule.is_on && rule.offer_at != 0 && counts.turns == rule.offer_at
    }

    /// A person is asked for by a button or through the API, with the original's reasons.
    #[must_use]
    pub fn on_request(&self, reason: &str) -> Firing {
        let reason_on_wire = match reason {
            "keyword" => EscalationReason::Keyword,
            "fail_loop" => EscalationReason::FailLoop,
            "sentiment" => EscalationReason::Sentiment,
            "vip" => EscalationReason::Vip,
            _ => EscalationReason::Manual,
        };
        let is_manual = matches!(reason, "user_request" | "manual");
        let details =
            if is_manual { "用户主动请求人工服务".to_owned() } else { format!("触发原因: {reason}") };
        Firing {
            reason: reason_on_wire,
            severity: if is_manual { Severity::High } else { Severity::Low },
            ..self.firing(Rule::R1, details)
        }
    }

    /// The first rule that fires, in the best class of all that do.
    fn first(&self, order: &[Rule], counts: &Counts, signals: &[Signal]) -> Option<Firing> {
        let mut fired = order.iter().filter_map(|rule| Some(self.firing(*rule, self.details(*rule, counts, signals)?)));
        let first = fired.next()?;
        let class = fired.map(|firing| firing.class).fold(first.class, Ord::min);
        Some(Firing { class, ..first })
    }

    fn firing(&self, rule: Rule, details: String) -> Firing {
        let settings = self.compiled.rules.of(rule);
        let (severity, class, group) = (settings.severity, settings.class, settings.group.clone());
        Firing { rule, reason: rule.reason(), severity, class, group, details }
    }

    /// Why a rule fires, if it does.
    fn details(&self, rule: Rule, counts: &Counts, signals: &[Signal]) -> Option<String> {
        let settings = self.compiled.rules.of(rule);
        let least = settings.threshold;
        let signal = signals.iter().find(|signal| signal.rule == rule);
        match rule {
            Rule::R0
            | Rule::R1
            | Rule::R2
            | Rule::R6
            | Rule::R7
            | Rule::R8
            | Rule::R9
            | Rule::R10
            | Rule::R11
            | Rule::R12 => signal.map(|signal| signal.evidence.clone()),
            Rule::R3 => {
                let failures = counts.failures;
                (signal.is_some() && failures >= least).then(|| format!("AI 连续失败 {failures} 次,已达阈值 {least}"))
            }
            Rule::R4 => {
                let unsolved = counts.unsolved;
                (signal.is_some() && unsolved >= least)
                    .then(|| format!("客户表示未解决 {unsolved} 次,已达阈值 {least}"))
            }
            // The first time is no repetition.
            Rule::R13 => {
                let asked = counts.repeats.saturating_add(1);
                (signal.is_some() && asked >= least).then(|| format!("同一问题提问 {asked} 次,已达阈值 {least}"))
            }
            Rule::R5 => {
                let turns = counts.turns;
                (settings.is_on && turns >= least).then(|| format!("AI 已回答 {turns} 次,已达阈值 {least}"))
            }
        }
    }
}
