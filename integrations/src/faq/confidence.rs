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

use super::scorer::Score;

/// What a second entry of equal strength takes off the confidence.
const MARGIN: f32 = 0.2;
/// Choices below this share of the best are none.
const NEAR_THE_BEST: f32 = 0.45;
/// Choices that are offered at most.
const MOST_CHOICES: usize = 3;

/// From where on an answer is given, and choices are offered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Sure from this confidence on.
    pub sure: f32,
    /// Choices from this confidence on.
    pub offer: f32,
}

impl Thresholds {
    /// Words alone.
    pub const WORDS: Self = Self { sure: 0.46, offer: 0.2 };
    /// Words and meaning.
    pub const MEANING: Self = Self { sure: 0.46, offer: 0.2 };
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
pub(super) fn rank(scores: &[Score], is_greeting: bool) -> Option<Ranking> {
    let ranked = in_order(scores);
    let (_, first) = ranked.first().copied()?;
    let second = ranked.get(1).map_or(0.0, |(_, score)| score.strength);
    let confidence = first.strength * (1.0 - MARGIN * second / first.strength);
    let near = ranked.iter().take_while(|(_, score)| score.strength >= NEAR_THE_BEST * first.strength);
    let best = near.take(MOST_CHOICES).map(|(entry, _)| *entry).collect();
    Some(Ranking { best, confidence, is_founded: first.words > 1 || is_greeting })
}

/// The entries that have anything of a question, with their numbers, the strongest first.
pub(super) fn in_order(scores: &[Score]) -> Vec<(usize, Score)> {
    let mut ranked: Vec<(usize, Score)> =
        scores.iter().copied().enumerate().filter(|(_, score)| score.strength > 0.0).collect();
    // Stable, so equals keep the order of the folder.
    ranked.sort_by(|left, right| right.1.strength.total_cmp(&left.1.strength));
    ranked
}
