//! How sure we are that an entry answers a question, as a number that means the same for every question.
//!
//! For one entry, each word of the question weighs between 0 and 1 by its rarity (`vocabulary.rs`), and the entry has a
//! share of it: all of a word that its questions use and that it repeats, less by the constants below for weaker
//! evidence. With M the weight it has and U the weight it lacks,
//!
//! ```text
//! coverage   = M² / (M² + LACK · U)
//! focus      = the weight of the question's words in the entry's nearest `Q:` line / the weight of that whole line
//! strength   = coverage · (1 − FOCUS + FOCUS · focus)
//! confidence = strength · (1 − MARGIN · second best strength / best strength)
//! ```
//!
//! M is squared because several known words together are strong evidence: one shop word beside one unknown word
//! ("capital of France") is a coincidence, three beside three are a long question about the shop. The constants were
//! set by hand on the evaluation set (`evaluation.rs`), which also keeps them from drifting.
//!
//! A question worded exactly as a `Q:` line is not scored: its confidence is 1 (`index.rs`). The margin is taken off in
//! `scorer.rs`, which sees all candidates.
//!
//! *Invariant:* 0 < confidence ≤ 1; an entry without any word of a question is never its answer.

use std::collections::HashSet;

use super::entry_terms::{EntryTerms, han_characters};
use super::query_terms::{QueryTerm, QueryTerms};
use super::vocabulary::Vocabulary;

/// Answers are given from here on: the lowest round figure that none of the evaluation set's foreign questions reaches
/// (they end at 0.39), while nine in ten of the shop's questions are above.
pub const THRESHOLD: f32 = 0.4;

/// A word that the entry uses once may be there by chance.
const ONCE: f32 = 0.85;
/// A word of the other language, in a mixed question, is nearly as good.
const IN_OTHER: f32 = 0.9;
/// A word in the answer alone may be said in passing.
const IN_ANSWER: f32 = 0.5;
/// Characters in common ("气压" and "胎压") are a hint only.
const BY_CHARACTERS: f32 = 0.6;
const LACK: f32 = 0.9;
const FOCUS: f32 = 0.3;

/// The strength of an entry for a question: `own` and `other` are its terms in the question's language and in the other.
pub(super) fn strength(query: &QueryTerms, own: &EntryTerms, other: &EntryTerms, vocabulary: &Vocabulary) -> f32 {
    let coverage = coverage(query, |term| share(term, own, other, vocabulary));
    coverage * (1.0 - FOCUS + FOCUS * focus(query, own, vocabulary))
}

fn coverage(query: &QueryTerms, share: impl Fn(&QueryTerm) -> f32) -> f32 {
    let (mut has, mut lacks) = (0.0, 0.0);
    for term in &query.terms {
        let share = share(term);
        has += term.weight * share;
        lacks += term.weight * (1.0 - share);
    }
    if has > 0.0 { has * has / (has * has + LACK * lacks) } else { 0.0 }
}

/// How much of a term an entry has, 0 to 1.
fn share(term: &QueryTerm, own: &EntryTerms, other: &EntryTerms, vocabulary: &Vocabulary) -> f32 {
    let found = if own.topical.contains(&term.text) {
        1.0
    } else if own.questions.contains(&term.text) {
        ONCE
    } else if other.questions.contains(&term.text) {
        IN_OTHER
    } else if own.answer.contains(&term.text) {
        IN_ANSWER
    } else if term.is_known {
        0.0
    } else {
        BY_CHARACTERS * characters_found(&term.text, own, vocabulary)
    };
    found * term.certainty
}

fn characters_found(word: &str, own: &EntryTerms, vocabulary: &Vocabulary) -> f32 {
    let (mut found, mut all) = (0.0, 0.0);
    for character in han_characters(word) {
        let weight = vocabulary.weight(&character);
        all += weight;
        found += if own.questions.contains(&character) { weight } else { 0.0 };
    }
    if all > 0.0 { found / all } else { 0.0 }
}

fn focus(query: &QueryTerms, own: &EntryTerms, vocabulary: &Vocabulary) -> f32 {
    own.lines.iter().map(|line| common(query, line, vocabulary)).fold(0.0, f32::max)
}

fn common(query: &QueryTerms, line: &HashSet<String>, vocabulary: &Vocabulary) -> f32 {
    let (mut common, mut all) = (0.0, 0.0);
    // In a fixed order, so that rounding does not depend on the order of a hash map.
    let mut terms: Vec<&String> = line.iter().collect();
    terms.sort();
    for term in terms {
        let weight = vocabulary.weight(term);
        all += weight;
        common += if query.has(term) { weight } else { 0.0 };
    }
    if common > 0.0 { common / all } else { 0.0 }
}
