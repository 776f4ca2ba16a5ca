//! The shop's own answers, offline: a folder of Markdown, an index over it, and how sure a match is.
//!
//! It exists so that the desk answers usefully with nothing beside it. It never writes an answer of its own: what a
//! customer reads is, word for word, what a person wrote in the folder.
//!
//! *Invariant:* a reader never waits for the disk and never sees half an edit; it sees one whole, well-formed index.

mod asked;
mod confidence;
mod corpus;
#[cfg(test)]
mod evaluation;
mod index;
mod known;
mod pieces;
mod segment;
pub mod texts;
mod vocabulary;
mod watch;
mod words;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub use confidence::THRESHOLD;
pub use corpus::{Fault, Malformed};
pub use pieces::pieces;
pub use watch::Watch;

use domain::Language;
use index::Index;
use watch::Stamp;

/// Answers questions from a folder; cheap to clone, and all clones see the same index.
#[derive(Clone)]
pub struct Faq {
    folder: Arc<PathBuf>,
    /// What the folder looked like just before it was first read.
    opened: Arc<Stamp>,
    current: Arc<RwLock<Arc<Index>>>,
}

/// The best entry for a question, sure or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The entry's key: the same in both languages, and stable when the wording changes.
    pub key: String,
    /// Language of the answer, that of the question.
    pub language: Language,
    /// Markdown, as written in the folder.
    pub answer: String,
    /// 0 to 1, comparable between questions; the formula is in `faq/confidence.rs`.
    pub confidence: f32,
}

impl Hit {
    /// Tells whether the answer may be given: at or above [`THRESHOLD`].
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.confidence >= THRESHOLD
    }
}

/// Why a folder could not be taken into use.
#[derive(Debug, thiserror::Error)]
pub enum FaqError {
    /// The folder, or a file in it, cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file does not follow the format.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There is no entry at all: more likely a wrong path than a wish.
    #[error("no entry below {}", folder.display())]
    Empty {
        /// The folder looked into.
        folder: PathBuf,
    },
    /// The search index could not be built or read.
    #[error("the search index failed")]
    Index(#[from] tantivy::TantivyError),
}

impl Faq {
    /// Reads every `*.md` directly below `folder` and builds the index; blocks for the time this takes (well below a
    /// second for a hundred entries, in a release build).
    ///
    /// # Errors
    /// Any [`FaqError`]; at start a malformed file is fatal, later (see [`Faq::watch`]) it is not.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, FaqError> {
        let folder = folder.into();
        let opened = Arc::new(watch::stamp(&folder));
        let index = Index::build(corpus::load(&folder)?)?;
        Ok(Self { folder: Arc::new(folder), opened, current: Arc::new(RwLock::new(Arc::new(index))) })
    }

    /// Finds the best entry in the language of the question; `None` when not one word of it occurs in the folder.
    /// Whether to give the answer is the caller's question: [`Hit::is_sure`].
    #[must_use]
    pub fn ask(&self, question: &str) -> Option<Hit> {
        self.index().ask(question)
    }

    /// The number of entries in use, each in both languages.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.index().entries()
    }

    /// Reads the folder again and swaps the index in; on an error the old one stays.
    fn reload(&self) -> Result<(), FaqError> {
        let index = Arc::new(Index::build(corpus::load(&self.folder)?)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = index;
        Ok(())
    }

    /// The lock is held for the copy of one pointer, so nobody waits for a search or a rebuild.
    fn index(&self) -> Arc<Index> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Faq {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Faq").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    const ENTRY: &str = "# T\n## rain\n### zh\nQ: 下雨能骑吗\n\n能。\n### en\nQ: ride in the rain\n\nYes.\n";

    fn small() -> (tempfile::TempDir, Faq) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("riding.md"), ENTRY).unwrap();
        let faq = Faq::open(folder.path()).unwrap();
        (folder, faq)
    }

    #[test]
    fn a_malformed_folder_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("riding.md"), "# T\n## rain\n### zh\n").unwrap();
        let error = Faq::open(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("riding.md:3: no question (`Q: …`)"), "{error}");
    }

    #[test]
    fn a_clone_sees_what_the_original_reloads() {
        let (folder, faq) = small();
        let clone = faq.clone();
        fs::write(folder.path().join("riding.md"), ENTRY.replace("Yes.", "Gently.")).unwrap();
        faq.reload().unwrap();
        assert_eq!(clone.ask("rain").unwrap().answer, "Gently.");
    }

    #[test]
    fn a_question_without_a_word_has_no_answer() {
        let (_folder, faq) = small();
        for question in ["", "  \n", "？！", "😀", "how do I"] {
            assert_eq!(faq.ask(question), None, "{question:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_question_is_taken_and_its_confidence_is_a_share(questions in proptest::collection::vec("(rain|下雨|骑|ride| |\\PC){0,12}", 20)) {
            let (_folder, faq) = small();
            for question in questions {
                let confidence = faq.ask(&question).map_or(0.0, |hit| hit.confidence);
                prop_assert!((0.0..=1.0).contains(&confidence), "{question:?}: {confidence}");
            }
        }
    }
}
