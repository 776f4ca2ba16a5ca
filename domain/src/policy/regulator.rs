//! The original's policy as a document: what its environment variables `REGULATOR_…` say, and every other rule off.

use std::fmt::Write as _;

use crate::{fold::is_of_a_word, policy::Rule};

/// The values of the original's variables; its defaults where one is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regulator {
    /// `REGULATOR_KEYWORDS`, divided by commas.
    pub keywords: Option<String>,
    /// `REGULATOR_AI_FAIL_KEYWORDS`, divided by commas.
    pub ai_fail_keywords: Option<String>,
    /// `REGULATOR_FAIL_THRESHOLD`
    pub fail_threshold: Option<u32>,
    /// `REGULATOR_VIP_AUTO_ESCALATE`
    pub vip_auto_escalate: Option<bool>,
}

const KEYWORDS: &str = "人工,真人,客服,投诉,无法解决,转人工,接人工";
const AI_FAIL_KEYWORDS: &str = "抱歉,很抱歉,无法,不清楚,不太清楚,无法回答,不能确定";

impl Regulator {
    /// The document, or `None` where no variable is set.
    #[must_use]
    pub fn document(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        let mut document = "# The original's policy, from its environment variables.\n".to_owned();
        let keywords = list(self.keywords.as_deref().unwrap_or(KEYWORDS));
        let failures = list(self.ai_fail_keywords.as_deref().unwrap_or(AI_FAIL_KEYWORDS));
        let threshold = self.fail_threshold.unwrap_or(3);
        let is_vip = self.vip_auto_escalate.unwrap_or(true);
        // Writing to a text cannot fail.
        let _ = write!(document, "\n[rules.R1]\non = true\nphrases = {{ zh = {keywords} }}\n");
        let _ = write!(document, "\n[rules.R3]\non = true\nthreshold = {threshold}\nphrases = {{ zh = {failures} }}\n");
        let _ = write!(document, "\n[rules.R10]\non = {is_vip}\n");
        for rule in Rule::ALL {
            if !matches!(rule, Rule::R0 | Rule::R1 | Rule::R3 | Rule::R10) {
                let _ = write!(document, "\n[rules.{}]\non = false\n", rule.as_str());
            }
        }
        Some(document)
    }
}

/// A TOML list of the words between commas. The original looks for them inside of words as well.
fn list(words: &str) -> String {
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| {
        let begins = if word.starts_with(is_of_a_word) { "*" } else { "" };
        let ends = if word.ends_with(is_of_a_word) { "*" } else { "" };
        toml::Value::String(format!("{begins}{word}{ends}"))
    });
    toml::Value::Array(words.collect()).to_string()
}
