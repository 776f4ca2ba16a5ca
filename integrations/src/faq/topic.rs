//! What the folder has, as a list shows it.

use domain::Language;

use super::{corpus::Entry, index::Index};

/// An entry in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its key.
    pub key: String,
    /// Its first question, in the language that was asked for or in the first that it has.
    pub title: String,
    /// The languages that it is written in, in the order of its file.
    pub languages: Vec<Language>,
    /// All questions, in the order of its file.
    pub questions: Vec<String>,
    /// The name of its file.
    pub file: String,
    /// Where it stands there, counted from 1.
    pub line: usize,
}

impl Index {
    /// All entries, in the order of the folder.
    pub(super) fn topics(&self, language: Language) -> Vec<Topic> {
        self.entries().iter().map(|entry| topic(entry, language)).collect()
    }
}

fn topic(entry: &Entry, language: Language) -> Topic {
    let title = entry.article(language).and_then(|article| article.questions.first());
    Topic {
        key: entry.key.clone(),
        title: title.cloned().unwrap_or_default(),
        languages: entry.articles.iter().map(|article| article.language).collect(),
        questions: entry.questions().map(str::to_owned).collect(),
        file: entry.file.clone(),
        line: entry.line,
    }
}
