//! Danger told in words that no list of phrases foresees: a thing and a sign that stand near each other.
//!
//! A battery that drips, a lever that goes down to the grip: there are more ways to say so than phrases. So there are groups of
//! words, and pairs of groups that are danger when a word of each stands near. A negated sign ("not hot") does not count, nor one
//! to which something harmless is nearer ("a crack in the display").
//!
//! Invariant: a pure function of the folded text; the time depends on the text, hardly on how many words there are.

mod document;

use std::sync::LazyLock;

use crate::{
    fold::is_of_a_word,
    language::is_han,
    policy::matcher::{Matcher, sentence_ends},
};

/// How far apart a thing and its sign may stand: a word is 5, a Han character 3, so that it is 12 words or 20 characters.
const NEAR: usize = 60;
/// The same within one sentence: a clause may stand between.
const NEAR_IN_SENTENCE: usize = 90;
/// How far before a sign its negation may stand.
const NEGATES_WITHIN: usize = 10;
const WORD: usize = 5;
const HAN: usize = 3;

/// The program's own: no document takes them away.
static DANGER: LazyLock<Combinations> =
    LazyLock::new(|| document::parse(document::DANGER).expect("a test reads the document that the program brings"));

/// Groups of words, and which of them mean danger together.
#[derive(Debug)]
struct Combinations {
    words: Matcher,
    count: usize,
    negations: usize,
    pairs: Vec<Pair>,
}

/// A sign near a thing. Groups are numbers.
#[derive(Debug)]
struct Pair {
    /// A sign by itself where empty.
    things: Vec<usize>,
    signs: Vec<usize>,
    /// If one of these is nearer to the sign than the thing, the sign is of that.
    nearer: Vec<usize>,
    /// If one of these is near, it is no danger.
    absent: Vec<usize>,
}

/// Where a word of a group stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    from: usize,
    to: usize,
    sentence: usize,
}

/// The words of danger in a folded text, as they stand there: `battery … dripping`.
#[must_use]
pub(super) fn danger_in(folded: &str) -> Vec<String> {
    DANGER.find(folded)
}

impl Combinations {
    fn find(&self, folded: &str) -> Vec<String> {
        let groups = self.places(folded);
        let negations = &groups[self.negations];
        let mut found = Vec::new();
        for pair in &self.pairs {
            let signs = pair.signs.iter().flat_map(|group| &groups[*group]);
            let sign = signs.filter(|sign| !is_negated(sign, negations, folded));
            let hit = sign.filter_map(|sign| pair.shown(sign, &groups, folded)).next();
            found.extend(hit.filter(|hit| !found.contains(hit)));
        }
        found
    }

    /// For each group where its words stand, in the order of the text.
    fn places(&self, folded: &str) -> Vec<Vec<Place>> {
        let mut groups = vec![Vec::new(); self.count];
        let found = self.words.places(folded);
        if found.is_empty() {
            return groups;
        }
        let (lengths, sentences) = (lengths(folded), sentence_ends(folded));
        for (group, start, end) in found {
            let sentence = sentences.partition_point(|end| *end <= start);
            groups[group].push(Place { start, end, from: lengths[start], to: lengths[end], sentence });
        }
        groups
    }
}

impl Pair {
    fn shown(&self, sign: &Place, groups: &[Vec<Place>], folded: &str) -> Option<String> {
        if nearest(sign, &self.absent, groups).is_some() {
            return None;
        }
        if self.things.is_empty() {
            return Some(whole(sign, folded).to_owned());
        }
        let (distance, thing) = nearest(sign, &self.things, groups)?;
        let is_of_another = nearest(sign, &self.nearer, groups).is_some_and(|(other, _)| other < distance);
        (!is_of_another).then(|| format!("{} … {}", whole(thing, folded), whole(sign, folded)))
    }
}

/// The nearest word of some groups that is near enough and no part of the sign itself.
fn nearest<'a>(sign: &Place, among: &[usize], groups: &'a [Vec<Place>]) -> Option<(usize, &'a Place)> {
    let candidates = among.iter().flat_map(|group| around(sign, &groups[*group]));
    candidates.filter_map(|place| Some((distance(sign, place)?, place))).min_by_key(|(distance, _)| *distance)
}

/// The few words of a group that stand next to a place: what is farther away is no nearer.
fn around<'a>(sign: &Place, group: &'a [Place]) -> &'a [Place] {
    let next = group.partition_point(|place| place.start < sign.start);
    &group[next.saturating_sub(2)..group.len().min(next + 2)]
}

fn distance(sign: &Place, other: &Place) -> Option<usize> {
    let (first, second) = if sign.start <= other.start { (sign, other) } else { (other, sign) };
    let apart = second.from.saturating_sub(first.to);
    let limit = if sign.sentence == other.sentence { NEAR_IN_SENTENCE } else { NEAR };
    (second.start >= first.end && apart <= limit).then_some(apart)
}

/// Whether a negation stands right before it, in the same clause.
fn is_negated(sign: &Place, negations: &[Place], folded: &str) -> bool {
    let before = negations.partition_point(|negation| negation.start < sign.start);
    let mut near = negations[..before].iter().rev().take(2);
    near.any(|negation| {
        let between = folded.get(negation.end..sign.start);
        sign.from.saturating_sub(negation.to) <= NEGATES_WITHIN
            && between.is_some_and(|between| !between.contains([',', '.', ';', '!', '?', '。', '、', ':', '\n']))
    })
}

/// The word of which a place is a part.
fn whole<'a>(place: &Place, folded: &'a str) -> &'a str {
    let goes_on = |c: &char| is_of_a_word(*c);
    let before: usize = folded[..place.start].chars().rev().take_while(goes_on).map(char::len_utf8).sum();
    let after: usize = folded[place.end..].chars().take_while(goes_on).map(char::len_utf8).sum();
    let found = &folded[place.start..place.end];
    if found.chars().any(is_han) { found } else { &folded[place.start - before..place.end + after] }
}

/// For each byte how much text stands before it.
fn lengths(folded: &str) -> Vec<usize> {
    let mut lengths = Vec::with_capacity(folded.len() + 1);
    lengths.push(0);
    let (mut length, mut is_in_word) = (0, false);
    for c in folded.chars() {
        let is_letter = is_of_a_word(c);
        length += match (is_han(c), is_letter && !is_in_word) {
            (true, _) => HAN,
            (false, true) => WORD,
            (false, false) => 0,
        };
        is_in_word = is_letter;
        lengths.extend(std::iter::repeat_n(length, c.len_utf8()));
    }
    lengths
}
