//! Words and meaning in one score.
//!
//! Models differ in how near they find things that have nothing to do with each other, so a nearness counts by how far it stands out
//! of those of all entries to this question (in standard deviations), not by its figure.
//!
//! *Invariant:* 0 ≤ strength ≤ 1.

use super::lines::count;
use super::meaning::Near;
use super::scorer::Score;

/// What meaning counts beside words.
const MEANING: f32 = 0.45;
/// What the nearness to answers counts beside that to question lines.
const ANSWERS: f32 = 0.35;
/// Standing out by so many standard deviations is all that can be said.
const MOST: f32 = 6.0;
/// From here on meaning speaks for an entry as a second word does.
const SPEAKS: f32 = 3.5;

/// The scores of all entries by words and by meaning.
pub(super) fn fuse(by_words: &[Score], near: &Near) -> Vec<Score> {
    let (questions, answers) = (stands_out(&near.questions), stands_out(&near.answers));
    let fused = |(score, (question, answer)): (&Score, (f32, f32))| {
        let stands_out = (1.0 - ANSWERS) * question + ANSWERS * answer;
        let strength = (1.0 - MEANING) * score.strength + MEANING * (stands_out / MOST).clamp(0.0, 1.0);
        Score { strength, words: score.words + u32::from(stands_out >= SPEAKS) }
    };
    by_words.iter().zip(questions.into_iter().zip(answers)).map(fused).collect()
}

/// By how many standard deviations each stands out.
fn stands_out(near: &[f32]) -> Vec<f32> {
    let entries = count(near.len()).max(1.0);
    let mean = near.iter().sum::<f32>() / entries;
    let variance = near.iter().map(|one| (one - mean) * (one - mean)).sum::<f32>() / entries;
    let deviation = variance.sqrt().max(1e-6);
    near.iter().map(|one| (one - mean) / deviation).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NONE: Score = Score { strength: 0.0, words: 0 };

    #[test]
    fn what_stands_out_in_meaning_comes_first_where_words_say_nothing() {
        let mut questions = vec![0.8; 50];
        questions[7] = 0.9;
        let near = Near { answers: questions.clone(), questions };
        let fused = fuse(&[NONE; 50], &near);
        assert!(fused[7].strength > 0.3 && fused[7].words == 1, "{:?}", fused[7]);
        assert!(fused.iter().enumerate().all(|(number, one)| number == 7 || one.strength < 0.01));
    }

    #[test]
    fn the_same_nearness_of_all_says_nothing() {
        let by_words = [Score { strength: 0.5, words: 2 }, NONE];
        let fused = fuse(&by_words, &Near { questions: vec![0.8; 2], answers: vec![0.7; 2] });
        assert!(fused[0].strength > fused[1].strength && fused[1].strength == 0.0, "{fused:?}");
    }
}
