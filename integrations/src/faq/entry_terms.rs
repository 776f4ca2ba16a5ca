//! The terms of one entry in one language, kept apart by where they stand.
//!
//! *Invariant:* derived from the article alone, by the same segmentation as the index.

use std::collections::HashSet;

use super::corpus::Article;
use super::segment;
use domain::language::is_han;

pub(super) struct EntryTerms {
    /// The terms of each `Q:` line.
    pub(super) lines: Vec<HashSet<String>>,
    /// The union of the lines, and each of their Han characters.
    pub(super) questions: HashSet<String>,
    /// What more than one line uses, the answer counting as one: what the entry is about.
    pub(super) topical: HashSet<String>,
    pub(super) answer: HashSet<String>,
}

impl EntryTerms {
    pub(super) fn new(article: &Article) -> Self {
        let lines: Vec<HashSet<String>> = article.questions.iter().map(|line| set(line)).collect();
        let characters = article.questions.iter().flat_map(|line| han_characters(line));
        let questions = lines.iter().flatten().cloned().chain(characters).collect();
        let answer = set(&article.answer);
        let uses = |term: &String| lines.iter().chain([&answer]).filter(|text| text.contains(term)).count();
        let topical = lines.iter().flatten().filter(|term| uses(term) > 1).cloned().collect();
        Self { lines, questions, topical, answer }
    }
}

/// The Han characters of a text, each as a word of its own.
pub(super) fn han_characters(text: &str) -> impl Iterator<Item = String> {
    text.chars().filter(|character| is_han(*character)).map(String::from)
}

fn set(text: &str) -> HashSet<String> {
    segment::terms(text).into_iter().collect()
}
