//! The policy's document, and what it is looked for in.

use domain::{
    Language,
    policy::{Customer, Message, Policy},
    settings::Document as _,
};

use super::{lines, text};

/// A customer's message on the first line, and a document. What is refused is told with a line of the document.
pub(super) fn policy(bytes: &[u8]) -> bool {
    let Some((message, document)) = text(bytes).and_then(|text| text.split_once('\n')) else { return false };
    match Policy::parse(document, 1) {
        Ok(policy) => {
            let signals = policy.read_message(&Message::new(message), true, Language::En, Customer::default());
            assert!(signals.iter().all(|signal| !signal.evidence.is_empty()), "{signals:?}");
            true
        }
        Err(error) => {
            assert!((1..=document.lines().count().max(1) + 1).contains(&error.line), "{error}");
            false
        }
    }
}

pub(super) fn policies() -> Vec<Vec<u8>> {
    vec![
        lines(&["my battery is on fire", ""]),
        lines(&["转人工", Policy::built_in()]),
        lines(&["a leaking akku", "[rules.R0]", "phrases = { en = [\"battery|akku + leak*\"] }"]),
        lines(&[
            "hello",
            "[rules.R3]",
            "threshold = 0x05",
            "[rules.R1]",
            "languages = [\"en\"]",
            "group = \"returns\"",
        ]),
    ]
}
