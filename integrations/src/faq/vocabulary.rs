//! The terms of all entries as numbers, and how much each says about the topic: the rarer among the entries, the more.
//!
//! Also finds the word that was probably meant by a typing error.
//!
//! *Invariant:* weights are above 0 and at most 1, where 1 is a word that no entry has; so sums of them count "rare words" and
//! mean the same whatever the size of the folder.

use std::collections::HashMap;

use domain::language::is_han;

/// Shorter words have too many neighbours to be taken for typing errors.
const SHORTEST_TYPO: usize = 5;
/// From this length on, two typing errors are accepted.
const LONG_TYPO: usize = 8;

/// The number of a term.
pub(super) type TermId = usize;

/// The letters of a word, and its number.
type Spelled = (Vec<char>, TermId);

/// All terms of the folder.
#[derive(Default)]
pub(super) struct Vocabulary {
    numbers: HashMap<String, TermId>,
    weights: Vec<f32>,
    /// Words of letters, by first letter and length.
    near: HashMap<(char, usize), Vec<Spelled>>,
}

impl Vocabulary {
    /// The number of a term; a new one where it has none.
    pub(super) fn intern(&mut self, term: &str) -> TermId {
        if let Some(number) = self.numbers.get(term) {
            return *number;
        }
        let number = self.numbers.len();
        self.numbers.insert(term.to_owned(), number);
        let letters: Vec<char> = term.chars().collect();
        if let Some(first) = letters.first().copied().filter(|first| !is_han(*first)) {
            self.near.entry((first, letters.len())).or_default().push((letters, number));
        }
        number
    }

    /// Weighs every term by the number of entries that have it; a part for a mention in an answer.
    pub(super) fn weigh(&mut self, counts: &[f32], entries: f32) {
        self.weights = counts.iter().map(|count| weight(*count, entries)).collect();
    }

    pub(super) fn find(&self, term: &str) -> Option<TermId> {
        self.numbers.get(term).copied()
    }

    /// The usual idf, as a share of the idf of a word that no entry has.
    pub(super) fn weight(&self, term: TermId) -> f32 {
        self.weights.get(term).copied().unwrap_or(1.0)
    }

    /// The known word that was probably meant by an unknown one.
    pub(super) fn meant_by(&self, typed: &str) -> Option<TermId> {
        let letters: Vec<char> = typed.chars().collect();
        let first = letters.first().copied().filter(|_| letters.len() >= SHORTEST_TYPO)?;
        let at_most = if letters.len() >= LONG_TYPO { 2 } else { 1 };
        let lengths = letters.len().saturating_sub(at_most)..=letters.len() + at_most;
        let near = lengths.filter_map(|length| self.near.get(&(first, length))).flatten();
        let with_distance = near.map(|(known, number)| (distance(&letters, known), *number));
        // By distance, then by number, so that the answer does not depend on the order of a hash map.
        with_distance.filter(|(distance, _)| *distance <= at_most).min().map(|(_, number)| number)
    }
}

/// How much a term says that so many of the entries have.
pub(super) fn weight(count: f32, entries: f32) -> f32 {
    let idf = |count: f32| (1.0 + (entries - count + 0.5).max(0.5) / (count + 0.5)).ln();
    idf(count) / idf(0.0)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(left: &[char], right: &[char]) -> usize {
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_rarer_word_weighs_more_and_an_unknown_one_most() {
        let weights = [2.0, 1.0, 0.3, 0.0].map(|count| weight(count, 2.0));
        assert!(weights.is_sorted() && weights[0] > 0.0, "{weights:?}");
        assert!((weights[3] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_typing_error_finds_the_intended_word() {
        let mut vocabulary = Vocabulary::default();
        let [battery, password, brake, _rain] =
            ["battery", "password", "brake", "rain"].map(|word| vocabulary.intern(word));
        assert_eq!(vocabulary.meant_by("batery"), Some(battery));
        assert_eq!(vocabulary.meant_by("pasword"), Some(password));
        assert_eq!(vocabulary.meant_by("barke"), Some(brake));
        assert_eq!(vocabulary.meant_by("ran"), None, "short words have too many neighbours");
        assert_eq!(vocabulary.meant_by("train"), None);
    }

    #[test]
    fn swapped_neighbours_are_one_typing_error() {
        let between =
            |left: &str, right: &str| distance(&left.chars().collect::<Vec<_>>(), &right.chars().collect::<Vec<_>>());
        assert_eq!(between("abcd", "acbd"), 1);
        assert_eq!(between("", "abc"), 3);
        assert_eq!(between("kitten", "sitting"), 3);
    }
}
