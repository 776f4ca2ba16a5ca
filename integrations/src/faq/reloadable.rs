//! The index in use, and how another one takes its place.
//!
//! *Invariant:* the lock is held for the copy of one pointer, so nobody waits for a search, the disk or a rebuild; an index is
//! never one of a folder with a fault while there was one without.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use domain::Language;
use tokio::sync::watch;

use super::corpus::{self, Contents, Corpus, FaqError, Faults, Malformed};
use super::found::Found;
use super::index::Index;
use super::last_good;
use super::meaning::{Meaning, MeaningHealth, MeaningSettings};
use super::topic::Topic;
use crate::grounding::{Grounding, Passage};

/// Where the FAQ is, and what it uses.
#[derive(Debug, Clone, Default)]
pub struct FaqSettings {
    /// The folder of Markdown.
    pub folder: PathBuf,
    /// The file that keeps the last good entries; `None`: none are kept.
    pub last_good: Option<PathBuf>,
    /// Who turns texts into vectors; `None`: words alone.
    pub meaning: Option<MeaningSettings>,
}

/// Answers questions from a folder; cheap to clone, and all clones see the same index.
#[derive(Clone)]
pub struct Faq {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    last_good: Option<PathBuf>,
    /// What the index was built from at first.
    opened: Contents,
    current: watch::Sender<Arc<Index>>,
    faults: RwLock<Vec<String>>,
    meaning: Option<Meaning>,
}

/// How the FAQ does.
#[derive(Debug, Clone, PartialEq)]
pub struct FaqHealth {
    /// Entries in use.
    pub entries: usize,
    /// Of them by language.
    pub by_language: BTreeMap<&'static str, usize>,
    /// Why the folder as it is now is not in use: each fault with file and line. Empty: it is.
    pub faults: Vec<String>,
    /// The server of vectors; `None`: none is set.
    pub meaning: Option<MeaningHealth>,
}

impl Faq {
    /// Reads every file of the folder and builds the index; blocks for the time this takes.
    ///
    /// Where a file has a fault, the last good entries are used, else those without one.
    ///
    /// # Errors
    /// There is nothing to answer from, or the server of vectors cannot be asked as set.
    pub fn open(settings: FaqSettings) -> Result<Self, FaqError> {
        let FaqSettings { folder, last_good, meaning } = settings;
        let opened = corpus::contents(&folder)?;
        let Corpus { entries, faults } = corpus::read(&opened);
        let entries = match &last_good {
            Some(kept) if !faults.is_empty() => last_good::kept(kept).unwrap_or(entries),
            Some(_) | None => entries,
        };
        if entries.is_empty() {
            return Err(none(&folder, faults));
        }
        let meaning = meaning.map(Meaning::open).transpose()?;
        let current = watch::Sender::new(Arc::new(Index::new(entries)));
        let faq = Self {
            shared: Arc::new(Shared { folder, last_good, opened, current, faults: RwLock::default(), meaning }),
        };
        if faults.is_empty() {
            faq.keep();
        } else {
            faq.note_faults(&FaqError::Malformed(Faults(faults)));
        }
        Ok(faq)
    }

    /// Finds what the folder has for a question of a customer of this language. Waits at most
    /// [`super::meaning::QUESTION_LIMIT`] for the server of vectors, where one is set.
    pub async fn ask(&self, question: &str, language: Language) -> Found {
        let index = self.index();
        let near = match &self.shared.meaning {
            Some(meaning) if index.exact(question).is_none() => meaning.nearness(question, &index).await,
            Some(_) | None => None,
        };
        index.find(question, language, near.as_ref())
    }

    /// The same by words alone.
    #[must_use]
    pub fn ask_by_words(&self, question: &str, language: Language) -> Found {
        self.index().find(question, language, None)
    }

    /// Questions to begin with: the first of each file in this language. Each is answered surely.
    #[must_use]
    pub fn suggestions(&self, language: Language) -> Vec<String> {
        let index = self.index();
        let mut suggestions: Vec<String> = Vec::new();
        let mut file = None;
        for entry in index.entries() {
            if file == Some(&entry.file) {
                continue;
            }
            if let Some(question) = entry.article_in(language).and_then(|article| article.questions.first()) {
                suggestions.push(question.clone());
                file = Some(&entry.file);
            }
        }
        suggestions
    }

    /// The entries in use, in the order of the folder, with titles in a language.
    #[must_use]
    pub fn topics(&self, language: Language) -> Vec<Topic> {
        self.index().topics(language)
    }

    /// The number of entries in use.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.index().entries().len()
    }

    /// How it does.
    #[must_use]
    pub fn health(&self) -> FaqHealth {
        let index = self.index();
        FaqHealth {
            entries: index.entries().len(),
            by_language: index.by_language(),
            faults: self.shared.faults.read().unwrap_or_else(PoisonError::into_inner).clone(),
            meaning: self.shared.meaning.as_ref().map(Meaning::health),
        }
    }

    /// Where the answers are read from.
    pub(super) fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// What the folder was when it was first read.
    pub(super) fn opened(&self) -> &Contents {
        &self.shared.opened
    }

    pub(super) fn meaning(&self) -> Option<&Meaning> {
        self.shared.meaning.as_ref()
    }

    /// Each index as it comes into use.
    pub(super) fn indexes(&self) -> watch::Receiver<Arc<Index>> {
        self.shared.current.subscribe()
    }

    /// Swaps the index of these contents in; where they have a fault, the old one stays, and the faults are noted.
    ///
    /// # Errors
    /// The contents have a fault, or no entry.
    pub(super) fn take_into_use(&self, contents: &Contents) -> Result<(), FaqError> {
        let Corpus { entries, faults } = corpus::read(contents);
        if entries.is_empty() || !faults.is_empty() {
            return Err(none(self.folder(), faults));
        }
        self.shared.current.send_replace(Arc::new(Index::new(entries)));
        self.shared.faults.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.keep();
        Ok(())
    }

    /// Notes why the folder as it is now is not in use, and logs it.
    pub(super) fn note_faults(&self, error: &FaqError) {
        let lines: Vec<String> = match error {
            FaqError::Malformed(Faults(faults)) => faults.iter().map(Malformed::to_string).collect(),
            FaqError::Unreadable { source, .. } => vec![format!("{error}: {source}")],
            FaqError::Empty { .. } | FaqError::Meaning(_) | FaqError::Address | FaqError::KeyInTheClear => {
                vec![error.to_string()]
            }
        };
        for line in &lines {
            tracing::warn!(fault = line, "the FAQ cannot be read as it is; the last good entries stay");
        }
        *self.shared.faults.write().unwrap_or_else(PoisonError::into_inner) = lines;
    }

    fn keep(&self) {
        if let Some(path) = &self.shared.last_good {
            last_good::keep(path, self.index().entries());
        }
    }

    pub(super) fn index(&self) -> Arc<Index> {
        Arc::clone(&self.shared.current.borrow())
    }
}

fn none(folder: &Path, faults: Vec<Malformed>) -> FaqError {
    if faults.is_empty() { FaqError::Empty { folder: folder.to_path_buf() } } else { Faults(faults).into() }
}

#[async_trait]
impl Grounding for Faq {
    async fn passages(&self, text: &str, language: Language, most: usize) -> Vec<Passage> {
        let index = self.index();
        let near = match &self.shared.meaning {
            Some(meaning) => meaning.nearness(text, &index).await,
            None => None,
        };
        index.passages(text, language, near.as_ref(), most)
    }
}

impl std::fmt::Debug for Faq {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Faq").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
