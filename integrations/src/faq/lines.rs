//! How near a question is to the question lines of each entry, line by line.
//!
//! A line is a vector of what it has (terms, pairs, single characters), each weighed by its kind and its rarity among the entries,
//! of length 1; the nearness of two lines is their cosine. Where the coverage (`scorer.rs`) asks whether an entry has the words
//! of a question, this asks whether anybody has put it just so.
//!
//! *Invariant:* a nearness is 0 to 1.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::segment::{Segments, hashed};
use super::vocabulary::weight;

/// What a kind of feature counts.
const PAIR: f32 = 0.7;
const CHARACTER: f32 = 0.35;
/// Pairs that no line has are mostly chance; words that none has tell that the question is about something else.
const UNKNOWN_PAIR: f32 = 0.15;

/// All question lines of the folder.
pub(super) struct Lines {
    /// The entry of each line.
    entries: Vec<usize>,
    features: HashMap<u64, Feature>,
}

/// Something that lines have.
struct Feature {
    /// By kind and rarity.
    weight: f32,
    /// The lines that have it, with its share of their vectors.
    lines: Vec<(u32, f32)>,
}

/// A line of an entry, to be added.
pub(super) struct Line<'a> {
    pub(super) entry: usize,
    pub(super) segments: &'a Segments,
}

impl Lines {
    /// Builds the vectors of all lines; `entries` is how many there are.
    pub(super) fn new(lines: &[Line<'_>], entries: f32) -> Self {
        let mut having: HashMap<u64, HashSet<usize>> = HashMap::new();
        for line in lines {
            for (feature, _) in features(line.segments) {
                having.entry(feature).or_default().insert(line.entry);
            }
        }
        let rarity = |feature: &u64| weight(count(having.get(feature).map_or(0, HashSet::len)), entries);
        let mut all: HashMap<u64, Feature> = HashMap::new();
        for (number, line) in (0_u32..).zip(lines) {
            let vector: Vec<(u64, f32)> =
                features(line.segments).map(|(one, kind)| (one, kind * rarity(&one))).collect();
            let length = length(vector.iter().map(|(_, weight)| *weight));
            for (feature, weight) in vector {
                let known = all.entry(feature).or_insert(Feature { weight, lines: Vec::new() });
                known.lines.push((number, weight / length));
            }
        }
        Self { entries: lines.iter().map(|line| line.entry).collect(), features: all }
    }

    /// The nearness of the nearest line of each entry.
    pub(super) fn nearest(&self, question: &Segments, entries: usize) -> Vec<f32> {
        let (mut by_line, mut squares) = (vec![0.0_f32; self.entries.len()], 0.0);
        for (feature, kind) in features(question) {
            let Some(known) = self.features.get(&feature) else {
                squares += if kind < 1.0 { UNKNOWN_PAIR * kind * kind } else { 1.0 };
                continue;
            };
            squares += known.weight * known.weight;
            for (line, share) in &known.lines {
                if let Some(sum) = usize::try_from(*line).ok().and_then(|line| by_line.get_mut(line)) {
                    *sum += known.weight * share;
                }
            }
        }
        let length = f32::sqrt(squares).max(f32::MIN_POSITIVE);
        let mut nearest = vec![0.0_f32; entries];
        for (entry, sum) in self.entries.iter().zip(by_line) {
            if let Some(best) = nearest.get_mut(*entry) {
                *best = best.max(sum / length).min(1.0);
            }
        }
        nearest
    }
}

/// Each feature once, with what its kind counts.
fn features(segments: &Segments) -> impl Iterator<Item = (u64, f32)> {
    // In a fixed order, so that rounding does not depend on the order of a hash map.
    let mut features = BTreeMap::new();
    features.extend(segments.characters.iter().map(|character| (*character, CHARACTER)));
    features.extend(segments.pairs.iter().map(|pair| (*pair, PAIR)));
    features.extend(segments.terms.iter().map(|term| (hashed(&term.text), 1.0)));
    features.into_iter()
}

fn length(weights: impl Iterator<Item = f32>) -> f32 {
    f32::sqrt(weights.map(|weight| weight * weight).sum()).max(f32::MIN_POSITIVE)
}

/// Exact for every count below 2^24, which no folder of answers reaches.
#[allow(clippy::cast_precision_loss, reason = "see above")]
pub(super) fn count(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use domain::Language;

    use super::*;

    #[test]
    fn the_same_words_are_nearest_and_other_words_far() {
        let texts = ["how long is the delivery", "how long to charge the battery", "怎么退货"];
        let segments: Vec<Segments> = texts.iter().map(|text| Segments::of(text, Language::En)).collect();
        let lines: Vec<Line<'_>> =
            segments.iter().enumerate().map(|(entry, segments)| Line { entry, segments }).collect();
        let index = Lines::new(&lines, 3.0);
        let near = index.nearest(&Segments::of("how long to charge the battery", Language::En), 3);
        assert!((near[1] - 1.0).abs() < 1e-4 && near[0] > 0.0 && near[0] < 0.6 && near[2] == 0.0, "{near:?}");
        let none = index.nearest(&Segments::of("", Language::En), 3);
        assert_eq!(none, [0.0; 3]);
    }
}
