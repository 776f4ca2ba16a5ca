//! One entry of the folder: its key, and questions and answer in each language.

use domain::Language;

/// The languages that entries are written in.
pub(in crate::faq) const LANGUAGES: [Language; 2] = [Language::Zh, Language::En];

/// The language of the entry that a customer of this language gets: English until the folder has its own.
pub(in crate::faq) fn of_entry(language: Language) -> Language {
    match language {
        Language::Zh => Language::Zh,
        Language::En | Language::De | Language::Fr | Language::Es | Language::It => Language::En,
    }
}

/// One topic, in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::faq) struct Entry {
    pub(in crate::faq) key: String,
    pub(in crate::faq) zh: Article,
    pub(in crate::faq) en: Article,
    /// Where the key stands, counted from 1.
    pub(in crate::faq) line: usize,
}

/// What customers ask, and what we answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::faq) struct Article {
    pub(in crate::faq) questions: Vec<String>,
    pub(in crate::faq) answer: String,
}

impl Entry {
    /// Its questions in every language.
    pub(in crate::faq) fn questions(&self) -> impl Iterator<Item = &str> {
        self.zh.questions.iter().chain(&self.en.questions).map(String::as_str)
    }

    pub(in crate::faq) fn article(&self, language: Language) -> &Article {
        match language {
            Language::Zh => &self.zh,
            Language::En | Language::De | Language::Fr | Language::Es | Language::It => &self.en,
        }
    }
}
