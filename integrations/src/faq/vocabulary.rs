//! How much a word says about the topic, in one language of the folder: the rarer among the entries, the more.
//!
//! Also finds the word that was probably meant by a typing error.
//!
//! *Invariant:* weights are above 0 and at most 1, where 1 is a word that no entry has; so sums of them count "rare words"
//! and mean the same whatever the size of the folder.

use std::collections::{HashMap, HashSet};

use domain::language::is_han;

/// A word that is only in answers counts as this much of an entry that asks with it.
const SEEN_IN_ANSWER: f32 = 0.3;
/// Shorter words have too many neighbours to be taken for typing errors.
const SHORTEST_TYPO: usize = 5;
/// From this length on, two typing errors are accepted.
const LONG_TYPO: usize = 8;

#[derive(Default)]
pub(super) struct Vocabulary {
    /// Entries per word or single Han character.
    counts: HashMap<String, f32>,
    entries: f32,
}

impl Vocabulary {
    /// Counts one entry in.
    pub(super) fn add(&mut self, questions: &HashSet<String>, answer: &HashSet<String>) {
        self.entries += 1.0;
        for term in questions.union(answer) {
            *self.counts.entry(term.clone()).or_default() +=
                if questions.contains(term) { 1.0 } else { SEEN_IN_ANSWER };
        }
    }

    pub(super) fn knows(&self, term: &str) -> bool {
        self.counts.contains_key(term)
    }

    /// The usual idf, as a share of the idf of a word that no entry has.
    pub(super) fn weight(&self, term: &str) -> f32 {
        self.idf(self.counts.get(term).copied().unwrap_or(0.0)) / self.idf(0.0)
    }

    fn idf(&self, count: f32) -> f32 {
        (1.0 + (self.entries - count + 0.5).max(0.5) / (count + 0.5)).ln()
    }

    /// The known word that was probably meant by an unknown one.
    pub(super) fn meant_by(&self, typed: &str) -> Option<&str> {
        let length = typed.chars().count();
        if length < SHORTEST_TYPO || typed.chars().any(is_han) {
            return None;
        }
        let at_most = if length >= LONG_TYPO { 2 } else { 1 };
        let near = self.counts.keys().filter(|known| known.chars().next() == typed.chars().next());
        let with_distance = near.map(|known| (distance(typed, known), known));
        // By distance, then by spelling, so that the answer does not depend on the order of a hash map.
        with_distance.filter(|(distance, _)| *distance <= at_most).min().map(|(_, known)| known.as_str())
    }
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut least = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && left[i - 1] == *b && right[j - 1] == *a;
            if swapped {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> HashSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_rarer_word_weighs_more_and_an_unknown_one_most() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.add(&words(&["bike", "battery"]), &words(&["charger"]));
        vocabulary.add(&words(&["bike"]), &words(&[]));
        let weights = ["bike", "battery", "charger", "poem"].map(|word| vocabulary.weight(word));
        assert!(weights.is_sorted() && weights[0] > 0.0, "{weights:?}");
        assert!((weights[3] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_typing_error_finds_the_intended_word() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.add(&words(&["battery", "password", "brake", "rain"]), &words(&[]));
        assert_eq!(vocabulary.meant_by("batery"), Some("battery"));
        assert_eq!(vocabulary.meant_by("pasword"), Some("password"));
        assert_eq!(vocabulary.meant_by("barke"), Some("brake"));
        assert_eq!(vocabulary.meant_by("ran"), None, "short words have too many neighbours");
        assert_eq!(vocabulary.meant_by("train"), None);
    }

    #[test]
    fn swapped_neighbours_are_one_typing_error() {
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
