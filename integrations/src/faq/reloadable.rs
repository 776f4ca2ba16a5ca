//! The index in use, and how another one takes its place.
//!
//! *Invariant:* the lock is held for the copy of one pointer, so nobody waits for a search, the disk or a rebuild.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::corpus::{self, FaqError};
use super::hit::Hit;
use super::index::Index;
use super::stamp::{Stamp, stamp};

/// Answers questions from a folder; cheap to clone, and all clones see the same index.
#[derive(Clone)]
pub struct Faq {
    folder: Arc<PathBuf>,
    /// What the folder looked like just before it was first read.
    opened: Arc<Stamp>,
    current: Arc<RwLock<Arc<Index>>>,
}

impl Faq {
    /// Reads every `*.md` directly below `folder` and builds the index; blocks for the time this takes (well below a
    /// second for a hundred entries, in a release build).
    ///
    /// # Errors
    /// Any [`FaqError`]; at start a malformed file is fatal, later (see [`Faq::watch`]) it is not.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, FaqError> {
        let folder = folder.into();
        let opened = Arc::new(stamp(&folder));
        let index = Index::new(corpus::load(&folder)?);
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

    /// Where the answers are read from.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the folder looked like just before it was first read.
    pub(super) fn opened(&self) -> &Stamp {
        &self.opened
    }

    /// Reads the folder again and swaps the index in; on an error the old one stays.
    pub(super) fn reload(&self) -> Result<(), FaqError> {
        let index = Arc::new(Index::new(corpus::load(&self.folder)?));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = index;
        Ok(())
    }

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
    fn a_clone_answers_from_the_reloaded_index() {
        let (folder, faq) = small();
        let clone = faq.clone();
        fs::write(folder.path().join("riding.md"), ENTRY.replace("Yes.", "Gently.")).unwrap();
        faq.reload().unwrap();
        assert_eq!(clone.ask("rain").unwrap().answer, "Gently.");
    }

    #[test]
    fn a_question_without_a_term_has_no_answer() {
        let (_folder, faq) = small();
        for question in ["", "  \n", "？！", "😀", "how do I"] {
            assert_eq!(faq.ask(question), None, "{question:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_question_gets_a_confidence_between_0_and_1(questions in proptest::collection::vec("(rain|下雨|骑|ride| |\\PC){0,12}", 20)) {
            let (_folder, faq) = small();
            for question in questions {
                let confidence = faq.ask(&question).map_or(0.0, |hit| hit.confidence);
                prop_assert!((0.0..=1.0).contains(&confidence), "{question:?}: {confidence}");
            }
        }
    }
}
