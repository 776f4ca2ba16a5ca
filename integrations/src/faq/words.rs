//! Stop words, synonyms, and the stems of English words.
//!
//! The tables are text files beside this one, kept small: a word belongs there when customers use it for something that
//! the folder calls by another name throughout. What is special to one topic belongs into that topic's `Q:` lines.
//!
//! *Invariant:* a synonym's target is never itself replaced, so the order of the tables does not matter.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

static STOP: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let english = words(include_str!("words/stop-en.txt"));
    words(include_str!("words/stop-zh.txt")).chain(english).collect()
});

/// From the stem of a synonym to the stem of the term it stands for.
static SAME: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let pairs =
        same_lines().flat_map(|(term, names)| names.split_whitespace().map(move |name| (stem(name), stem(term))));
    pairs.collect()
});

/// Words of the bicycle trade that jieba's dictionary lacks or splits.
pub(super) fn trade() -> impl Iterator<Item = &'static str> {
    words(include_str!("words/trade.txt"))
}

/// The term of a Han word; `None` for a stop word.
pub(super) fn han(word: &str) -> Option<String> {
    (!STOP.contains(word)).then(|| same(word.to_owned()))
}

/// The term of a lower-case word of other letters; `None` for a stop word.
pub(super) fn latin(word: &str) -> Option<String> {
    let word = word.strip_suffix("'s").unwrap_or(word).trim_matches('\'');
    let stem = stem(word);
    let is_term = !word.is_empty() && !STOP.contains(word) && !STOP.contains(stem.as_str());
    is_term.then(|| same(stem))
}

fn same(word: String) -> String {
    SAME.get(&word).cloned().unwrap_or(word)
}

fn same_lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    lines(include_str!("words/same.txt")).filter_map(|line| line.split_once(':'))
}

fn words(table: &'static str) -> impl Iterator<Item = &'static str> {
    lines(table).flat_map(str::split_whitespace)
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

/// Removes plural, past tense and -ing. It is wrong for some words, but the same for the folder and for questions.
fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 {
        return word.to_owned();
    }
    let singular = singular(word);
    let bare = ["ing", "ed"].into_iter().find_map(|ending| verb_stem(&singular, ending));
    let bare = bare.unwrap_or(singular);
    bare.strip_suffix('e').filter(|stem| stem.len() >= 3).unwrap_or(&bare).to_owned()
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let sibilant = ["ches", "shes", "sses", "xes"].iter().any(|ending| word.ends_with(ending));
    let kept = word.ends_with("ss") || word.ends_with("us") || word.ends_with("is");
    let cut = if sibilant { 2 } else { usize::from(word.ends_with('s') && !kept) };
    word.chars().take(word.len() - cut).collect()
}

/// The verb without its ending and without the consonant doubled before it (stopped, stop).
fn verb_stem(word: &str, ending: &str) -> Option<String> {
    let stem =
        word.strip_suffix(ending).filter(|stem| stem.len() >= 3 && stem.contains(['a', 'e', 'i', 'o', 'u', 'y']))?;
    let mut from_end = stem.chars().rev();
    let (last, before) = (from_end.next()?, from_end.next()?);
    let doubled = last == before && !"aeiouls".contains(last);
    Some(stem.chars().take(stem.len() - usize::from(doubled)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synonym_is_never_itself_replaced() {
        for (term, names) in same_lines() {
            assert_eq!(same(stem(term)), stem(term), "{term} is a name and a term");
            assert!(names.split_whitespace().all(|name| name != term), "{term} names itself");
        }
    }

    #[test]
    fn inflections_of_a_word_have_one_stem() {
        for words in [["charge", "charges", "charging"], ["stop", "stopped", "stopping"], ["try", "tries", "trying"]] {
            let stems = words.map(stem);
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{stems:?}");
        }
    }
}
