//! How sure we are that an entry answers a question, as a number that means the same for every question.
//!
//! For one entry, each word of the question weighs between 0 and 1 by its rarity (`vocabulary.rs`), and the entry has a
//! share of it: all of a word that its questions use and that it repeats, less by the constants below for a weaker
//! trace. With M the weight it has and U the weight it lacks,
//!
//! ```text
//! coverage   = M² / (M² + LACK · U)
//! focus      = the weight of the question's words in the entry's nearest `Q:` line / the weight of that whole line
//! strength   = coverage · (1 − FOCUS + FOCUS · focus)
//! confidence = strength · (1 − MARGIN · second best strength / best strength)
//! ```
//!
//! M is squared because words that were found vouch for each other: one shop word beside one strange word
//! ("capital of France") is a coincidence, three beside three are a customer who talks. The constants were set by hand
//! on the evaluation set (`evaluation.rs`), which also keeps them from drifting.
//!
//! A question worded exactly as a `Q:` line does not come here: its confidence is 1 (`index.rs`).
//!
//! *Invariant:* 0 < confidence ≤ 1; an entry that has nothing of a question is never its answer.

use std::collections::HashSet;

use super::asked::{Asked, Word};
use super::corpus::Entry;
use super::known::{Known, han_characters};
use super::vocabulary::Vocabulary;
use domain::Language;

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
const MARGIN: f32 = 0.15;

/// Knows the words of every entry.
pub(super) struct Judge {
    zh: Vocabulary,
    en: Vocabulary,
    entries: Vec<(Known, Known)>,
}

impl Judge {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut judge = Self { zh: Vocabulary::default(), en: Vocabulary::default(), entries: Vec::new() };
        for entry in entries {
            let (zh, en) = (Known::new(&entry.zh), Known::new(&entry.en));
            judge.zh.add(&zh.questions, &zh.answer);
            judge.en.add(&en.questions, &en.answer);
            judge.entries.push((zh, en));
        }
        judge
    }

    /// Weighs the terms of a question.
    pub(super) fn asked(&self, language: Language, terms: &[String]) -> Asked {
        let (own, other) = sides(language, &self.zh, &self.en);
        Asked::new(language, terms, own, other)
    }

    /// The best of the candidates, which come in the order of BM25, and how sure it is.
    pub(super) fn best(&self, asked: &Asked, candidates: &[usize]) -> Option<(usize, f32)> {
        let mut strengths: Vec<(usize, f32)> = Vec::new();
        for number in candidates {
            strengths.push((*number, self.strength(asked, *number)));
        }
        // Stable, so BM25 decides between equals.
        strengths.sort_by(|left, right| right.1.total_cmp(&left.1));
        let (number, best) = strengths.first().copied().filter(|(_, best)| *best > 0.0)?;
        let second = strengths.get(1).map_or(0.0, |(_, strength)| *strength);
        Some((number, best * (1.0 - MARGIN * second / best)))
    }

    fn strength(&self, asked: &Asked, number: usize) -> f32 {
        let Some((zh, en)) = self.entries.get(number) else {
            return 0.0;
        };
        let (vocabulary, _) = sides(asked.language, &self.zh, &self.en);
        let (own, other) = sides(asked.language, zh, en);
        let coverage = coverage(asked, |word| share(word, own, other, vocabulary));
        coverage * (1.0 - FOCUS + FOCUS * focus(asked, own, vocabulary))
    }
}

fn sides<T>(language: Language, zh: T, en: T) -> (T, T) {
    match language {
        Language::Zh => (zh, en),
        Language::En => (en, zh),
    }
}

fn coverage(asked: &Asked, share: impl Fn(&Word) -> f32) -> f32 {
    let (mut has, mut lacks) = (0.0, 0.0);
    for word in &asked.words {
        let share = share(word);
        has += word.weight * share;
        lacks += word.weight * (1.0 - share);
    }
    if has > 0.0 { has * has / (has * has + LACK * lacks) } else { 0.0 }
}

/// How much of a word an entry has, 0 to 1.
fn share(word: &Word, own: &Known, other: &Known, vocabulary: &Vocabulary) -> f32 {
    let found = if own.topical.contains(&word.text) {
        1.0
    } else if own.questions.contains(&word.text) {
        ONCE
    } else if other.questions.contains(&word.text) {
        IN_OTHER
    } else if own.answer.contains(&word.text) {
        IN_ANSWER
    } else if word.known {
        0.0
    } else {
        BY_CHARACTERS * characters_found(&word.text, own, vocabulary)
    };
    found * word.faith
}

fn characters_found(word: &str, own: &Known, vocabulary: &Vocabulary) -> f32 {
    let (mut found, mut all) = (0.0, 0.0);
    for character in han_characters(word) {
        let weight = vocabulary.weight(&character);
        all += weight;
        found += if own.questions.contains(&character) { weight } else { 0.0 };
    }
    if all > 0.0 { found / all } else { 0.0 }
}

fn focus(asked: &Asked, own: &Known, vocabulary: &Vocabulary) -> f32 {
    own.lines.iter().map(|line| common(asked, line, vocabulary)).fold(0.0, f32::max)
}

fn common(asked: &Asked, line: &HashSet<String>, vocabulary: &Vocabulary) -> f32 {
    let (mut common, mut all) = (0.0, 0.0);
    // In a fixed order, lest rounding make the last digit depend on the hash.
    let mut terms: Vec<&String> = line.iter().collect();
    terms.sort();
    for term in terms {
        let weight = vocabulary.weight(term);
        all += weight;
        common += if asked.has(term) { weight } else { 0.0 };
    }
    if common > 0.0 { common / all } else { 0.0 }
}
