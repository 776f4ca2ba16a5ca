//! Knows the terms of every entry, and says which of the candidates answers a question best, and how surely.
//!
//! *Invariant:* the confidence is above 0 and at most 1; an entry without any term of a question is never its answer.

use super::confidence::strength;
use super::corpus::Entry;
use super::entry_terms::EntryTerms;
use super::query_terms::QueryTerms;
use super::vocabulary::Vocabulary;
use domain::Language;

/// What a second entry of equal strength takes off the confidence (the formula is in `confidence.rs`).
const MARGIN: f32 = 0.15;

pub(super) struct Scorer {
    zh: Vocabulary,
    en: Vocabulary,
    entries: Vec<(EntryTerms, EntryTerms)>,
}

impl Scorer {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut scorer = Self { zh: Vocabulary::default(), en: Vocabulary::default(), entries: Vec::new() };
        for entry in entries {
            let (zh, en) = (EntryTerms::new(&entry.zh), EntryTerms::new(&entry.en));
            scorer.zh.add(&zh.questions, &zh.answer);
            scorer.en.add(&en.questions, &en.answer);
            scorer.entries.push((zh, en));
        }
        scorer
    }

    /// Weighs the terms of a question.
    pub(super) fn query(&self, language: Language, terms: &[String]) -> QueryTerms {
        let (own, other) = own_and_other(language, &self.zh, &self.en);
        QueryTerms::new(language, terms, own, other)
    }

    /// The best of the candidates, which come in the order of BM25, and how sure it is.
    pub(super) fn best(&self, query: &QueryTerms, candidates: &[usize]) -> Option<(usize, f32)> {
        let mut strengths: Vec<(usize, f32)> = Vec::new();
        for number in candidates {
            strengths.push((*number, self.strength(query, *number)));
        }
        // Stable, so BM25 decides between equals.
        strengths.sort_by(|left, right| right.1.total_cmp(&left.1));
        let (number, best) = strengths.first().copied().filter(|(_, best)| *best > 0.0)?;
        let second = strengths.get(1).map_or(0.0, |(_, strength)| *strength);
        Some((number, best * (1.0 - MARGIN * second / best)))
    }

    fn strength(&self, query: &QueryTerms, number: usize) -> f32 {
        let Some((zh, en)) = self.entries.get(number) else {
            return 0.0;
        };
        let (vocabulary, _) = own_and_other(query.language, &self.zh, &self.en);
        let (own, other) = own_and_other(query.language, zh, en);
        strength(query, own, other, vocabulary)
    }
}

fn own_and_other<T>(language: Language, zh: T, en: T) -> (T, T) {
    match language {
        Language::Zh => (zh, en),
        Language::En | Language::De | Language::Fr | Language::Es | Language::It => (en, zh),
    }
}
