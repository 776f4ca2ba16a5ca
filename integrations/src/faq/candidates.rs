//! Which entries are worth a closer look for a question: the first few by BM25 over their questions and answers.
//!
//! BM25 ranks well, but its numbers cannot be compared between questions, so it only proposes; how sure an entry is, is
//! said by `scorer.rs`.
//!
//! *Invariant:* the best come first, equals in the order of the folder; all of them have a term of the question.

use super::bm25::Bm25;
use super::corpus::{Entry, LANGUAGES};
use super::query_terms::QueryTerms;
use super::segment;
use domain::Language;

/// A word in a question says more about the topic than the same word in an answer.
const QUESTION_BOOST: f32 = 3.0;
/// The right entry is practically always among this many, and scoring them costs microseconds.
const COUNT: usize = 12;

pub(super) struct Candidates {
    /// The entry's number and the language of each document.
    documents: Vec<(usize, Language)>,
    questions: Bm25,
    answers: Bm25,
}

impl Candidates {
    /// Each entry gives a document in each language. Both have the questions of both languages, for people who mix
    /// ("battery多久充满").
    pub(super) fn new(entries: &[Entry]) -> Self {
        let (mut documents, mut questions, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (number, entry) in entries.iter().enumerate() {
            for language in LANGUAGES {
                documents.push((number, language));
                questions.push(entry.questions().flat_map(segment::terms).collect());
                answers.push(segment::terms(&entry.article(language).answer));
            }
        }
        Self { documents, questions: Bm25::new(&questions), answers: Bm25::new(&answers) }
    }

    /// Numbers of the entries, the best first.
    pub(super) fn best(&self, query: &QueryTerms) -> Vec<usize> {
        let scores = self.questions.scores(query.texts()).into_iter().zip(self.answers.scores(query.texts()));
        let mut ranked = Vec::new();
        for ((entry, language), (question, answer)) in self.documents.iter().zip(scores) {
            let score = QUESTION_BOOST * question + answer;
            if *language == query.language && score > 0.0 {
                ranked.push((*entry, score));
            }
        }
        // Stable, so equals keep the order of the folder.
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1));
        ranked.into_iter().take(COUNT).map(|(entry, _)| entry).collect()
    }
}
