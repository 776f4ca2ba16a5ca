//! The rules of escalation, as often as they fire in a shop.

use std::sync::Arc;

use domain::{
    calendar::Calendars,
    policy::{Policy, Rule},
};

use super::rng::Rng;

/// The policy that this shop has published: every rule is on.
const POLICY: &str = r#"
[rules.R0]
group = "safety"
[rules.R2]
group = "complaints"
[rules.R5]
threshold = 8
[rules.R6]
on = true
threshold = 300
[rules.R11]
on = true
[rules.R12]
on = true
"#;
/// Its version.
const POLICY_VERSION: u32 = 3;

/// The shop's hours.
const SHOP_HOURS: &str = r#"
[default]
time_zone = "Asia/Shanghai"
[default.week]
monday = "09:00-18:00"
tuesday = "09:00-18:00"
wednesday = "09:00-18:00"
thursday = "09:00-18:00"
friday = "09:00-18:00"
saturday = "09:00-18:00"
"#;

pub(super) fn policy() -> Arc<Policy> {
    Arc::new(Policy::parse(POLICY, POLICY_VERSION).expect("it is a policy"))
}

/// The shop's hours; or, where much is to happen in little time, day and night twenty minutes of every thirty.
pub(super) fn calendars(opens_often: bool) -> Arc<Calendars> {
    let document = if opens_often { hours_of_thirty_minutes() } else { SHOP_HOURS.to_owned() };
    Arc::new(Calendars::parse(&document, 1).expect("they are calendars"))
}

fn hours_of_thirty_minutes() -> String {
    let periods: Vec<String> =
        (0..24).map(|hour| format!("{hour:02}:00-{hour:02}:20, {hour:02}:30-{hour:02}:50")).collect();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let week: String = days.iter().map(|day| format!("{day} = \"{}\"\n", periods.join(", "))).collect();
    format!("[default]\ntime_zone = \"Asia/Shanghai\"\n[default.week]\n{week}")
}

/// What is going to make a rule fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coming {
    pub(super) rule: Rule,
    /// So many messages of the customer that are still to come.
    pub(super) messages: u8,
    /// So many answers.
    answers: u8,
}

impl Coming {
    pub(super) fn after_a_message(self) -> Option<Self> {
        Self { messages: self.messages.saturating_sub(1), ..self }.unless_over()
    }

    pub(super) fn after_an_answer(self) -> Option<Self> {
        Self { answers: self.answers.saturating_sub(1), ..self }.unless_over()
    }

    fn unless_over(self) -> Option<Self> {
        (self.messages > 0 || self.answers > 0).then_some(self)
    }
}

/// Every rule of the policy with what makes it fire, messages and answers, and how often it does, compared with the others.
const CAUSES: [(Rule, u8, u8, f64); 14] = [
    (Rule::R0, 1, 0, 4.0),
    (Rule::R1, 1, 0, 30.0),
    (Rule::R2, 1, 0, 12.0),
    (Rule::R3, 3, 3, 9.0),
    (Rule::R4, 2, 0, 12.0),
    (Rule::R5, 9, 0, 4.0),
    (Rule::R6, 1, 1, 5.0),
    (Rule::R7, 1, 1, 4.0),
    (Rule::R8, 1, 1, 2.0),
    (Rule::R9, 1, 1, 2.0),
    (Rule::R10, 1, 0, 6.0),
    (Rule::R11, 1, 0, 6.0),
    (Rule::R12, 1, 0, 2.0),
    (Rule::R13, 3, 0, 5.0),
];

/// A customer who is in danger says so at once.
pub(super) fn danger() -> Coming {
    Coming { rule: Rule::R0, messages: 1, answers: 0 }
}

/// One that customers and assistant bring about.
pub(super) fn one_that_fires(rng: &mut Rng) -> Coming {
    rng.weighted(&CAUSES.map(|(rule, messages, answers, share)| (Coming { rule, messages, answers }, share)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(opens_often: bool, at: &str) -> bool {
        calendars(opens_often).hours(None, at.parse().expect("a time")).is_open()
    }

    #[test]
    fn somebody_works_from_monday_to_saturday_half_open() {
        assert!(is_open(false, "2026-11-23T01:00:00Z"), "Monday, 9:00");
        assert!(!is_open(false, "2026-11-23T10:00:00Z"), "18:00");
        assert!(!is_open(false, "2026-11-22T04:00:00Z"), "Sunday, noon");
    }

    #[test]
    fn in_a_stress_log_every_half_hour_has_both() {
        assert!(is_open(true, "2026-11-22T20:30:00Z") && !is_open(true, "2026-11-22T20:50:00Z"));
    }

    #[test]
    fn every_rule_has_a_cause() {
        assert_eq!(CAUSES.map(|(rule, ..)| rule), Rule::ALL);
    }
}
