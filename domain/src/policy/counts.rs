//! What a session counts for the rules.

use crate::policy::{Counts, Rule};

impl Counts {
    /// After a customer's message in which these rules read something.
    #[must_use]
    pub fn with_message(self, rules: &[Rule]) -> Self {
        Self {
            unsolved: self.unsolved.saturating_add(u32::from(rules.contains(&Rule::R4))),
            repeats: self.repeats.saturating_add(u32::from(rules.contains(&Rule::R13))),
            ..self
        }
    }

    /// After a reply in which these rules read something; a good one begins the count of failures anew.
    #[must_use]
    pub fn with_reply(self, rules: &[Rule]) -> Self {
        let failures = if rules.contains(&Rule::R3) { self.failures.saturating_add(1) } else { 0 };
        Self { failures, turns: self.turns.saturating_add(1), ..self }
    }
}
