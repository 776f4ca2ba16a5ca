//! What can be wrong with a file, in words for the person who edits it.
//!
//! *Invariant:* every fault carries file and line, so that nobody has to search.

use std::path::PathBuf;

use domain::Language;

/// A file that does not follow the format, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {fault}", file.display())]
pub struct Malformed {
    /// The file as it was opened.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// One way not to follow the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not text.
    #[error("not UTF-8")]
    NotUtf8,
    /// A file of ours without a single `##`.
    #[error("the file has no entry (`## key`)")]
    NoEntry,
    /// Text before the first `##`, or between a key and its first language.
    #[error("text outside of an entry's language (`### zh` or `### en`)")]
    Misplaced,
    /// A key with other characters than a-z, 0-9 and `-`.
    #[error("the key `{key}` is not in kebab-case")]
    BadKey {
        /// As written.
        key: String,
    },
    /// A key that the folder already has.
    #[error("the key `{key}` is already used at {}:{first_line}", first_file.display())]
    DuplicateKey {
        /// As written.
        key: String,
        /// Where it was first.
        first_file: PathBuf,
        /// Where it was first, counted from 1.
        first_line: usize,
    },
    /// A `###` that is neither language.
    #[error("unknown language `{code}`, expected zh or en")]
    UnknownLanguage {
        /// As written.
        code: String,
    },
    /// The same `###` twice in one entry.
    #[error("the language {language} is given twice")]
    LanguageTwice {
        /// The second one.
        language: Language,
    },
    /// An entry that ends without one of its languages.
    #[error("the entry `{key}` has no {language}")]
    MissingLanguage {
        /// The entry.
        key: String,
        /// What it lacks.
        language: Language,
    },
    /// A language without a `Q:` line, or with an empty one.
    #[error("no question (`Q: …`)")]
    NoQuestion,
    /// A `Q:` line below the answer.
    #[error("a question after the answer began")]
    LateQuestion,
    /// Questions without an answer.
    #[error("the answer is empty")]
    EmptyAnswer,
}
