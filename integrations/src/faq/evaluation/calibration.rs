//! Finds the thresholds that suit a table.
//!
//! Of all pairs of thresholds under which at most 3 % of the answerable questions are answered wrongly and at most 5 % of the others
//! are answered, that with the most right answers and right choices; choices that do not help cost a part, for otherwise
//! everything would be offered.

use super::{Counts, Ranked, Verdict};
use crate::faq::confidence::Thresholds;

/// At most so many of the answerable questions are answered wrongly.
const MOST_WRONG: f64 = 0.03;
/// At most so many of the others are answered.
const MOST_ANSWERED: f64 = 0.05;
/// What choices that do not help cost, where right ones gain 1.
const AMISS: f64 = 0.1;
/// Right answers are a little better than right choices.
const CHOICE: f64 = 0.8;
/// Steps in which thresholds are tried.
const STEPS: u8 = 100;

/// Thresholds and what they give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The thresholds.
    pub thresholds: Thresholds,
    gain: f64,
}

/// The best thresholds for these questions.
#[must_use]
pub fn calibrate(ranked: &[Ranked]) -> Option<Calibration> {
    let steps = || (0..=STEPS).map(|step| f32::from(step) / f32::from(STEPS));
    let pairs = steps()
        .flat_map(|sure| steps().filter(move |offer| *offer <= sure).map(move |offer| Thresholds { sure, offer }));
    pairs.filter_map(|thresholds| tried(ranked, thresholds)).max_by(|left, right| left.gain.total_cmp(&right.gain))
}

fn tried(ranked: &[Ranked], thresholds: Thresholds) -> Option<Calibration> {
    let answerable = Counts::of(ranked.iter().filter(|one| !one.asked.keys.is_empty()), thresholds);
    let others = Counts::of(ranked.iter().filter(|one| one.asked.keys.is_empty()), thresholds);
    if answerable.share(&[Verdict::Wrong]) > MOST_WRONG || others.share(&[Verdict::Wrong]) > MOST_ANSWERED {
        return None;
    }
    let share = |verdict| answerable.share(&[verdict]);
    let amiss = share(Verdict::OfferedAmiss) + others.share(&[Verdict::OfferedAmiss]);
    let gain = share(Verdict::Right) + CHOICE * share(Verdict::Offered) - AMISS * amiss;
    Some(Calibration { thresholds, gain })
}
