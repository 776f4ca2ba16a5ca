//! Words and meaning in one score.
//!
//! Models differ in how near they find things that have nothing to do with each other, so a nearness counts by how far it stands out
//! of those of all entries to this question (in standard deviations), not by its figure.
//!
//! *Invariant:* 0 ≤ strength ≤ 1.

use super::lines::count;
use super::scorer::Score;

/// What meaning counts beside words.
const MEANING: f32 = 0.6;
/// Standing out by so much says nothing yet, and by so much is all that can be said.
const LEAST: f32 = 1.0;
const MOST: f32 = 5.0;

/// The scores of all entries by words and by meaning.
pub(super) fn fuse(by_words: &[Score], near: &[f32]) -> Vec<Score> {
    let entries = count(near.len()).max(1.0);
    let mean = near.iter().sum::<f32>() / entries;
    let variance = near.iter().map(|one| (one - mean) * (one - mean)).sum::<f32>() / entries;
    let deviation = variance.sqrt().max(1e-6);
    let fused = |(score, near): (&Score, &f32)| {
        let stands_out = ((near - mean) / deviation - LEAST) / (MOST - LEAST);
        let strength = (1.0 - MEANING) * score.strength + MEANING * stands_out.clamp(0.0, 1.0);
        // Meaning speaks for an entry as a second word does.
        let words = score.words + u32::from(stands_out > 0.5);
        Score { strength, words }
    };
    by_words.iter().zip(near).map(fused).collect()
}
