//! The policy, seen from outside: given this document and these texts, then these rules.

mod danger;
mod document;
mod matching;
mod messages;
mod regulator;
mod replies;
mod told;

use std::sync::LazyLock;

use domain::{
    Language,
    policy::{Customer, Message, Policy, Rule, Signal},
};

static BUILT_IN: LazyLock<Policy> = LazyLock::new(Policy::default);

/// What the program's own policy reads in a message, without anything before it.
fn read(text: &str) -> Vec<Rule> {
    rules(&read_by(&BUILT_IN, text))
}

fn read_by(policy: &Policy, text: &str) -> Vec<Signal> {
    policy.read_message(&Message::new(text), false, Language::En, Customer::default())
}

fn rules(signals: &[Signal]) -> Vec<Rule> {
    signals.iter().map(|signal| signal.rule).collect()
}

fn policy(document: &str) -> Policy {
    Policy::parse(document, 7).unwrap_or_else(|error| panic!("{error}"))
}
