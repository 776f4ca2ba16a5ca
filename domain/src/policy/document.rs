//! The policy's document: TOML, one table for each rule that is to differ from the program's own.
//!
//! Invariants: an unknown name is an error, so that a slip of the pen switches nothing off; what is not named stays as the
//! program brings it; rule R0 can only be added to.

use std::collections::HashSet;

use crate::{
    id::VisitorId,
    language::Language,
    policy::{
        Rule,
        phrase::Phrase,
        rules::{RuleSettings, Rules},
    },
    session::{event::Severity, priority::PriorityClass},
    settings::{
        DocumentError,
        toml_reader::{Node, Place},
    },
    text::Skill,
};

/// What the program brings: version 0.
pub(super) const BUILT_IN: &str = include_str!("built_in.toml");
/// Phrases of rule R0, which no document takes away.
const DANGER: &str = include_str!("danger.toml");
/// Phrases of a document, all lists together.
const MAX_PHRASES: usize = 10_000;
/// Customers that a document lists; more do not fit into the largest request either.
const MAX_CUSTOMERS: usize = 5_000;

/// Reads a document over what the program brings.
///
/// # Errors
/// It is not such a document; the error says where.
pub(super) fn parse(text: &str) -> Result<Rules, DocumentError> {
    let mut rules = Rules(Rule::ALL.map(RuleSettings::bare));
    read_danger(&mut rules)?;
    read(&mut rules, BUILT_IN)?;
    if text != BUILT_IN {
        read(&mut rules, text)?;
    }
    Ok(rules)
}

fn read_danger(rules: &mut Rules) -> Result<(), DocumentError> {
    let document = Node::parse(DANGER)?;
    let r0 = rules.of_mut(Rule::R0);
    for (key, node) in document.table()? {
        match key.name() {
            "phrases" => r0.list.phrases = phrases(&node)?,
            "except" => r0.list.except = phrases(&node)?,
            _ => return Err(key.error("is not known")),
        }
    }
    Ok(())
}

fn read(rules: &mut Rules, text: &str) -> Result<(), DocumentError> {
    let document = Node::parse(text)?;
    for (key, node) in document.table()? {
        if key.name() != "rules" {
            return Err(key.error("is not known; a document has tables like [rules.R1]"));
        }
        for (key, node) in node.table()? {
            let rule = Rule::parse(key.name()).ok_or_else(|| key.error("is no rule; there are R0 to R13"))?;
            read_rule(rules.of_mut(rule), rule, &node)?;
        }
    }
    let lists = rules.0.iter().map(|rule| rule.list.phrases.len() + rule.list.except.len() + rule.urgent.phrases.len());
    if lists.sum::<usize>() > MAX_PHRASES {
        return Err(document.error("has more than 10000 phrases"));
    }
    Ok(())
}

fn read_rule(settings: &mut RuleSettings, rule: Rule, node: &Node<'_>) -> Result<(), DocumentError> {
    for (key, node) in node.table()? {
        read_field(settings, rule, &key, &node)?;
    }
    Ok(())
}

fn read_field(settings: &mut RuleSettings, rule: Rule, key: &Place<'_>, node: &Node<'_>) -> Result<(), DocumentError> {
    match key.name() {
        "on" if rule == Rule::R0 && !node.boolean()? => return Err(node.error("cannot be false: R0 is never off")),
        "severity" | "class" if rule == Rule::R0 => return Err(key.error("cannot be set: R0 always comes first")),
        "languages" if rule == Rule::R0 => return Err(key.error("cannot be set: R0 is on in every language")),
        "on" => settings.is_on = node.boolean()?,
        "severity" => settings.severity = severity(node)?,
        "class" => settings.class = class(node)?,
        "group" => settings.group = group(node)?,
        "languages" if rule.reads_messages() => settings.languages = languages(node)?,
        "threshold" => settings.threshold = threshold(rule, key, node)?,
        "offer_at" if rule == Rule::R5 => settings.offer_at = node.number(0..=100)?,
        "phrases" if rule == Rule::R0 => settings.list.phrases.append(&mut phrases(node)?),
        "phrases" if rule.has_phrases() => settings.list.phrases = phrases(node)?,
        "except" if rule.has_phrases() && rule != Rule::R0 => settings.list.except = phrases(node)?,
        "urgent" if rule == Rule::R2 => settings.urgent.phrases = phrases(node)?,
        "customers" if rule == Rule::R12 => settings.customers = customers(node)?,
        _ => return Err(key.error("is not known for this rule")),
    }
    Ok(())
}

impl Rule {
    /// Whether it reads what the customer writes, whose language is known.
    fn reads_messages(self) -> bool {
        match self {
            Self::R0 | Self::R1 | Self::R2 | Self::R4 | Self::R10 | Self::R11 | Self::R12 | Self::R13 => true,
            Self::R3 | Self::R5 | Self::R6 | Self::R7 | Self::R8 | Self::R9 => false,
        }
    }

    fn has_phrases(self) -> bool {
        match self {
            Self::R0 | Self::R1 | Self::R2 | Self::R3 | Self::R4 | Self::R11 => true,
            Self::R5 | Self::R6 | Self::R7 | Self::R8 | Self::R9 | Self::R10 | Self::R12 | Self::R13 => false,
        }
    }
}

fn severity(node: &Node<'_>) -> Result<Severity, DocumentError> {
    match node.text()? {
        "high" => Ok(Severity::High),
        "low" => Ok(Severity::Low),
        _ => Err(node.error("must be \"high\" or \"low\"")),
    }
}

fn class(node: &Node<'_>) -> Result<PriorityClass, DocumentError> {
    match PriorityClass::parse(node.text()?) {
        Some(PriorityClass::Danger) | None => Err(node.error("must be \"vip\", \"urgent\" or \"normal\"")),
        Some(class) => Ok(class),
    }
}

/// An empty text is nobody in particular.
fn group(node: &Node<'_>) -> Result<Option<Skill>, DocumentError> {
    match node.text()? {
        "" => Ok(None),
        text => Skill::parse(text).map(Some).map_err(|error| node.error(error.to_string())),
    }
}

fn languages(node: &Node<'_>) -> Result<Vec<Language>, DocumentError> {
    let language =
        |node: &Node<'_>| Language::parse(node.text()?).ok_or_else(|| node.error("is none of the shop's languages"));
    node.list()?.iter().map(language).collect()
}

fn threshold(rule: Rule, key: &Place<'_>, node: &Node<'_>) -> Result<u32, DocumentError> {
    match rule {
        Rule::R3 | Rule::R4 | Rule::R5 | Rule::R13 => node.number(1..=100),
        Rule::R6 => node.number(1..=1000),
        Rule::R0 | Rule::R1 | Rule::R2 | Rule::R7 | Rule::R8 | Rule::R9 | Rule::R10 | Rule::R11 | Rule::R12 => {
            Err(key.error("is not known for this rule"))
        }
    }
}

/// A table of lists, one for each language: `{ zh = ["人工"], en = ["a human"] }`. All are looked for in every message, because
/// customers mix languages.
pub(super) fn phrases(node: &Node<'_>) -> Result<Vec<Phrase>, DocumentError> {
    let mut phrases = Vec::new();
    for (key, list) in node.table()? {
        if !LANGUAGES.contains(&key.name()) {
            return Err(key.error("is none of the languages zh, en, de, fr, es, it"));
        }
        for node in list.list()? {
            phrases.push(Phrase::parse(node.text()?).map_err(|problem| node.error(problem))?);
        }
    }
    Ok(phrases)
}

/// By the ids that the log knows them by, so that no personal data stands in a document that is kept for ever.
fn customers(node: &Node<'_>) -> Result<HashSet<VisitorId>, DocumentError> {
    let list = node.list()?;
    if list.len() > MAX_CUSTOMERS {
        return Err(node.error("has more than 5000 customers"));
    }
    let customer =
        |node: &Node<'_>| node.text()?.parse().map_err(|_| node.error("is no id of a customer, which is a UUID"));
    list.iter().map(customer).collect()
}

/// Those of the shop's customers.
const LANGUAGES: [&str; 6] = ["zh", "en", "de", "fr", "es", "it"];
