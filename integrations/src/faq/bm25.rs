//! BM25 (Robertson, Zaragoza: "The Probabilistic Relevance Framework", 2009) over one field of documents that all fit
//! in memory.
//!
//! ```text
//! idf(t)      = ln(1 + (N − n + 0.5) / (n + 0.5))
//! score(d, t) = idf(t) · f · (K1 + 1) / (f + K1 · (1 − B + B · length / average length))
//! ```
//!
//! N: documents, n: documents with the term t, f: occurrences of t in the document d, length: terms in d. A document's
//! score is the sum over the terms of the query. What a term adds to a document does not depend on the query, so it is
//! computed once, when the index is built, and a query only adds. A few hundred documents are scored whole in microseconds.
//!
//! *Invariant:* a score is finite and never negative; it is 0 exactly if the document has no term of the query.

use std::collections::{BTreeMap, HashMap};

/// How fast repetitions of a term stop to count; with [`B`] the values that every common search engine starts from.
const K1: f32 = 1.2;
/// How much a document longer than the average loses.
const B: f32 = 0.75;

/// The index over one field.
pub(super) struct Bm25 {
    documents: usize,
    /// For each term the documents that have it, by number, with what it adds to their score.
    postings: HashMap<String, Vec<(usize, f32)>>,
}

impl Bm25 {
    /// Indexes documents, each given as its terms; their numbers are their places in the slice.
    pub(super) fn new(documents: &[Vec<String>]) -> Self {
        let lengths: Vec<f32> = documents.iter().map(|terms| as_f32(terms.len())).collect();
        let average = lengths.iter().sum::<f32>() / as_f32(documents.len().max(1));
        let mut postings = HashMap::new();
        for (term, occurrences) in occurrences(documents) {
            let idf = idf(documents.len(), occurrences.len());
            let scored = occurrences.into_iter().map(|(document, count)| {
                let norm = K1 * (1.0 - B + B * lengths[document] / average);
                (document, idf * count * (K1 + 1.0) / (count + norm))
            });
            postings.insert(term.to_owned(), scored.collect());
        }
        Self { documents: documents.len(), postings }
    }

    /// The score of every document, by its number. A term given twice counts twice.
    pub(super) fn scores<'a>(&self, query: impl Iterator<Item = &'a str>) -> Vec<f32> {
        let mut scores = vec![0.0; self.documents];
        for (document, score) in query.filter_map(|term| self.postings.get(term)).flatten() {
            scores[*document] += score;
        }
        scores
    }
}

/// For each term the documents that have it, in ascending order, and how often each does.
fn occurrences(documents: &[Vec<String>]) -> BTreeMap<&str, Vec<(usize, f32)>> {
    let mut occurrences: BTreeMap<&str, Vec<(usize, f32)>> = BTreeMap::new();
    for (document, terms) in documents.iter().enumerate() {
        for term in terms {
            let found = occurrences.entry(term).or_default();
            match found.last_mut().filter(|(last, _)| *last == document) {
                Some((_, count)) => *count += 1.0,
                None => found.push((document, 1.0)),
            }
        }
    }
    occurrences
}

fn idf(documents: usize, with_term: usize) -> f32 {
    (1.0 + (as_f32(documents - with_term) + 0.5) / (as_f32(with_term) + 0.5)).ln()
}

/// Exact for every count below 2^24, which no folder of answers reaches.
#[allow(clippy::cast_precision_loss, reason = "see above")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests;
