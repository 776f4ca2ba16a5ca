//! One entry of the folder: its key, and questions and answer in each language that it is written in.

use domain::Language;
use serde::{Deserialize, Serialize};

/// The languages that an entry is answered in where it lacks the customer's, the first that it has.
const INSTEAD: [Language; 6] = [Language::En, Language::Zh, Language::De, Language::Fr, Language::Es, Language::It];

/// One topic, in at least one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::faq) struct Entry {
    pub(in crate::faq) key: String,
    /// In the order of the file; each language once, at least one.
    pub(in crate::faq) articles: Vec<Article>,
    /// The name of its file.
    pub(in crate::faq) file: String,
    /// Where the key stands, counted from 1.
    pub(in crate::faq) line: usize,
}

/// What customers ask, and what the shop answers, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::faq) struct Article {
    pub(in crate::faq) language: Language,
    pub(in crate::faq) questions: Vec<String>,
    /// Words that customers use for what the entry is about.
    pub(in crate::faq) synonyms: Vec<String>,
    pub(in crate::faq) answer: String,
}

impl Entry {
    /// Its questions in every language.
    pub(in crate::faq) fn questions(&self) -> impl Iterator<Item = &str> {
        self.articles.iter().flat_map(|article| &article.questions).map(String::as_str)
    }

    /// The article for a customer of this language: in it, else in the first of [`INSTEAD`].
    pub(in crate::faq) fn article(&self, language: Language) -> Option<&Article> {
        let order = std::iter::once(language).chain(INSTEAD);
        order.into_iter().find_map(|language| self.article_in(language))
    }

    /// The article in this very language.
    pub(in crate::faq) fn article_in(&self, language: Language) -> Option<&Article> {
        self.articles.iter().find(|article| article.language == language)
    }
}
