//! The index over one state of the folder.
//!
//! *Invariant:* immutable once built; an edit builds another one.

use std::collections::{BTreeMap, HashMap};

use domain::Language;

use super::confidence::{Ranking, Thresholds, Tone, in_order, rank};
use super::corpus::Entry;
use super::found::{Found, Hit};
use super::meaning::Near;
use super::scorer::Scorer;
use super::{fusion, segment};
use crate::grounding::Passage;

pub(super) struct Index {
    entries: Vec<Entry>,
    /// From the bare wording of each question to its entry.
    wordings: HashMap<String, usize>,
    scorer: Scorer,
}

impl Index {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let (wordings, scorer) = (wordings(&entries), Scorer::new(&entries));
        Self { entries, wordings, scorer }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries there are in each language.
    pub(super) fn by_language(&self) -> BTreeMap<&'static str, usize> {
        let count = |language| self.entries.iter().filter(|entry| entry.article_in(language).is_some()).count();
        Language::ALL.into_iter().map(|language| (language.as_str(), count(language))).collect()
    }

    /// What the folder has for a question of this language; `near` is how near each entry is in meaning, where that is known.
    pub(super) fn find(&self, question: &str, language: Language, near: Option<&Near>) -> Found {
        if let Some(number) = self.exact(question) {
            return self.hit(number, language, 1.0).map_or(Found::Nothing, Found::Sure);
        }
        let thresholds = if near.is_some() { Thresholds::MEANING } else { Thresholds::WORDS };
        let ranking = self.rank(question, language, near);
        ranking.map_or(Found::Nothing, |ranking| self.found(&ranking, language, thresholds))
    }

    /// The entry that asks in just these words, even if they are nothing but stop words.
    pub(super) fn exact(&self, question: &str) -> Option<usize> {
        self.wordings.get(&segment::wording(question)).copied()
    }

    /// The entries in the order in which they may answer; `None` where none has anything of the question.
    pub(super) fn rank(&self, question: &str, language: Language, near: Option<&Near>) -> Option<Ranking> {
        let by_words = self.scorer.scores(question, language);
        let tone = Tone::of(question, language);
        match near {
            Some(near) => rank(&fusion::fuse(&by_words, near), tone),
            None => rank(&by_words, tone),
        }
    }

    /// What a ranking means under these thresholds.
    pub(super) fn found(&self, ranking: &Ranking, language: Language, thresholds: Thresholds) -> Found {
        let hits = || ranking.best.iter().filter_map(|number| self.hit(*number, language, ranking.confidence));
        if ranking.confidence >= thresholds.sure && ranking.is_founded {
            return hits().next().map_or(Found::Nothing, Found::Sure);
        }
        if ranking.confidence >= thresholds.offer { Found::Unsure(hits().collect()) } else { Found::Nothing }
    }

    /// The entries that fit a text best, sure or not.
    pub(super) fn passages(&self, text: &str, language: Language, near: Option<&Near>, most: usize) -> Vec<Passage> {
        let ranked = self.scorer.scores(text, language);
        let ranked = near.map_or_else(|| ranked.clone(), |near| fusion::fuse(&ranked, near));
        let numbers = self.exact(text).into_iter().chain(in_order(&ranked).into_iter().map(|(number, _)| number));
        let mut passages: Vec<Passage> = Vec::new();
        for hit in numbers.filter_map(|number| self.hit(number, language, 0.0)) {
            if passages.len() < most && passages.iter().all(|before| before.key != hit.key) {
                passages.push(Passage { key: hit.key, question: hit.question, answer: hit.answer });
            }
        }
        passages
    }

    fn hit(&self, number: usize, language: Language, confidence: f32) -> Option<Hit> {
        let entry = self.entries.get(number)?;
        let article = entry.article(language)?;
        Some(Hit {
            key: entry.key.clone(),
            language: article.language,
            question: article.questions.first()?.clone(),
            answer: article.answer.clone(),
            confidence,
        })
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
