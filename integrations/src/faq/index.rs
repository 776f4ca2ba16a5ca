//! The index over one state of the folder: BM25 finds candidates, the scorer chooses among them.
//!
//! *Invariant:* immutable once built; an edit builds another one.

use std::collections::HashMap;

use super::candidates::Candidates;
use super::corpus::{Entry, of_entry};
use super::hit::Hit;
use super::scorer::Scorer;
use super::segment;
use domain::Language;

pub(super) struct Index {
    entries: Vec<Entry>,
    /// From the bare wording of each question to its entry.
    wordings: HashMap<String, usize>,
    candidates: Candidates,
    scorer: Scorer,
}

impl Index {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let (wordings, candidates, scorer) = (wordings(&entries), Candidates::new(&entries), Scorer::new(&entries));
        Self { entries, wordings, candidates, scorer }
    }

    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// A question worded as in the folder hits for certain, even if it consists of nothing but stop words.
    pub(super) fn ask(&self, question: &str) -> Option<Hit> {
        let language = of_entry(Language::detect(question).unwrap_or(Language::En));
        let exact = self.wordings.get(&segment::wording(question)).map(|number| (*number, 1.0));
        let (number, confidence) = exact.or_else(|| self.search(language, question))?;
        let entry = self.entries.get(number)?;
        let answer = entry.article(language).answer.clone();
        Some(Hit { key: entry.key.clone(), language, answer, confidence })
    }

    fn search(&self, language: Language, question: &str) -> Option<(usize, f32)> {
        let query = self.scorer.query(language, &segment::terms(question));
        self.scorer.best(&query, &self.candidates.best(&query))
    }
}

fn wordings(entries: &[Entry]) -> HashMap<String, usize> {
    let mut wordings = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for question in entry.questions() {
            wordings.entry(segment::wording(question)).or_insert(number);
        }
    }
    wordings
}
