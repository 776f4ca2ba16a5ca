//! What the rules read in a text.

use crate::{
    fold::fold,
    id::VisitorId,
    language::Language,
    policy::{Customer, Message, Policy, Rule, Signal, combine, matcher::Hit, rules::RuleSettings},
    session::{event::Outcome, priority::PriorityClass},
};

/// Exclamation marks in a row, and letters in capitals only, from which on somebody is shouting.
const SHOUTS: &str = "!!!";
const SHOUTED_LETTERS: usize = 12;

/// The lists that are looked for in messages, in the order of the matcher's.
pub(super) const IN_MESSAGES: [Rule; 5] = [Rule::R0, Rule::R1, Rule::R2, Rule::R4, Rule::R11];

impl Policy {
    /// What the rules read in a customer's message, before any assistant is asked. It is repeated if it asks what one of the
    /// customer's last three messages asked ([`Message::question`]).
    #[must_use]
    pub fn read_message(
        &self,
        message: &Message<'_>,
        is_repeated: bool,
        language: Language,
        customer: Customer,
    ) -> Vec<Signal> {
        let mut found = self.compiled.messages.find(message.folded()).into_iter();
        let mut signals = Vec::new();
        for rule in IN_MESSAGES {
            let mut shown = self.shown(rule, &found.next().unwrap_or_default());
            if rule == Rule::R0 {
                add(&mut shown, &combine::danger_in(message.folded()));
            }
            let is_shouted = rule == Rule::R11 && is_shouted(message.text());
            if self.is_on(rule, language) && (!shown.is_empty() || is_shouted) {
                signals.push(Signal { rule, evidence: keywords(if shown.is_empty() { "!!!" } else { &shown }) });
            }
        }
        let mut signal = |rule, is_true, evidence: &str| {
            if is_true && self.is_on(rule, language) {
                signals.push(Signal { rule, evidence: evidence.to_owned() });
            }
        };
        signal(Rule::R10, customer.is_vip, "VIP 用户,自动转人工");
        signal(Rule::R12, customer.is_listed, "名单内的客户");
        signal(Rule::R13, is_repeated, "重复提问");
        signals
    }

    /// Whether the shop has listed this customer (R12).
    #[must_use]
    pub fn lists(&self, customer: VisitorId) -> bool {
        self.compiled.rules.of(Rule::R12).customers.contains(&customer)
    }

    /// Whether any rule compares a message with earlier ones.
    #[must_use]
    pub fn compares_texts(&self) -> bool {
        self.compiled.rules.of(Rule::R13).is_on
    }

    /// What the rules read in the assistant's reply.
    #[must_use]
    pub fn read_reply(&self, text: &str, outcome: Outcome, confidence_permille: Option<u16>) -> Vec<Signal> {
        let mut signals = Vec::new();
        let mut signal = |rule, evidence: Option<String>| {
            if let Some(evidence) = evidence.filter(|_| self.compiled.rules.of(rule).is_on) {
                signals.push(Signal { rule, evidence });
            }
        };
        signal(Rule::R3, self.failure(text, outcome));
        let least = self.compiled.rules.of(Rule::R6).threshold;
        let unsure = confidence_permille.filter(|confidence| u32::from(*confidence) < least);
        signal(Rule::R6, unsure.map(|confidence| format!("AI 置信度 {confidence}‰,低于 {least}‰")));
        signal(Rule::R7, (outcome == Outcome::HandsOver).then(|| "AI 请求转人工".to_owned()));
        signal(Rule::R8, (outcome == Outcome::Unavailable).then(|| "AI 服务不可用".to_owned()));
        signal(Rule::R9, (outcome == Outcome::Blocked).then(|| "内容被安全策略拦截".to_owned()));
        signals
    }

    /// The class that words of a customer's message raise a waiting session to; they are no reason for a person by themselves.
    #[must_use]
    pub fn urgency(&self, message: &Message<'_>) -> Option<PriorityClass> {
        let is_on = self.compiled.rules.of(Rule::R2).is_on;
        let is_urgent = is_on && self.compiled.urgent.find(message.folded()).iter().any(|hits| !hits.is_empty());
        is_urgent.then_some(PriorityClass::Urgent)
    }

    fn is_on(&self, rule: Rule, language: Language) -> bool {
        self.compiled.rules.of(rule).is_on_for(language)
    }

    fn failure(&self, text: &str, outcome: Outcome) -> Option<String> {
        match outcome {
            Outcome::DoesNotKnow => Some("AI 表示不知道".to_owned()),
            Outcome::Unavailable => Some("AI 服务不可用".to_owned()),
            Outcome::CutOff => Some("AI 回答不完整".to_owned()),
            // The customer has something to choose from, or a rule of their own has them.
            Outcome::Offered | Outcome::HandsOver | Outcome::Blocked => None,
            Outcome::Answered => {
                let folded = fold(text);
                let found = self.compiled.replies.find(&folded);
                let shown = self.shown(Rule::R3, &found.concat());
                (!shown.is_empty()).then(|| keywords(&shown))
            }
        }
    }

    /// Phrases of a rule's list, each once.
    fn shown(&self, rule: Rule, hits: &[Hit<'_>]) -> String {
        let RuleSettings { list, .. } = self.compiled.rules.of(rule);
        let mut shown: Vec<String> = Vec::new();
        for (phrase, words) in hits.iter().filter_map(|hit| Some((list.phrases.get(hit.phrase)?, &hit.words))) {
            let evidence = phrase.evidence(words);
            if !shown.contains(&evidence) {
                shown.push(evidence);
            }
        }
        shown.join(", ")
    }
}

fn add(shown: &mut String, more: &[String]) {
    for words in more {
        *shown += if shown.is_empty() { "" } else { ", " };
        *shown += words;
    }
}

/// As the original says it.
fn keywords(shown: &str) -> String {
    format!("命中关键词: {shown}")
}

fn is_shouted(text: &str) -> bool {
    let (upper, lower) = text.chars().fold((0, 0), |(upper, lower), c| {
        (upper + usize::from(c.is_uppercase()), lower + usize::from(c.is_lowercase()))
    });
    text.replace('！', "!").contains(SHOUTS) || (upper >= SHOUTED_LETTERS && upper >= 4 * lower)
}
