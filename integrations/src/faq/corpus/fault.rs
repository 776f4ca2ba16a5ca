//! What can be wrong with a file, in words for the person who edits it.
//!
//! *Invariant:* every fault carries file and line, so that nobody has to search, and says what to do.

use std::{fmt, path::PathBuf};

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

/// Everything that is wrong in a folder; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Malformed>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, malformed) in self.0.iter().enumerate() {
            write!(f, "{}{malformed}", if number == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// One way not to follow the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not text.
    #[error("not UTF-8: save the file as UTF-8")]
    NotUtf8,
    /// A file of ours without a single `##`.
    #[error("the file has no entry: begin one with `## its-key`, or call the file README.md if it has none")]
    NoEntry,
    /// Text before the first `##`, or between a key and its first language.
    #[error("text outside of an entry's language: put it below `## key` and `### language`, or take it out")]
    Misplaced,
    /// A key with other characters than a-z, 0-9 and `-`.
    #[error("the key `{key}` has to be of a-z, 0-9 and `-`, like `charging-time`")]
    BadKey {
        /// As written.
        key: String,
    },
    /// A key that the folder already has.
    #[error("the key `{key}` is already used at {}:{first_line}: choose another, or join the two", first_file.display())]
    DuplicateKey {
        /// As written.
        key: String,
        /// Where it was first.
        first_file: PathBuf,
        /// Where it was first, counted from 1.
        first_line: usize,
    },
    /// A question that another entry asks in the same words.
    #[error("the entry `{key}` asks “{question}” as `{first}` does: leave it to one of them")]
    DuplicateQuestion {
        /// The second entry.
        key: String,
        /// As written there.
        question: String,
        /// The first entry.
        first: String,
    },
    /// A `###` that is no language of ours.
    #[error("unknown language `{code}`: one of zh, en, de, fr, es, it")]
    UnknownLanguage {
        /// As written.
        code: String,
    },
    /// The same `###` twice in one entry.
    #[error("the language {language} is given twice: join the two")]
    LanguageTwice {
        /// The second one.
        language: Language,
    },
    /// An entry that ends without a language.
    #[error("the entry `{key}` has no language: add one, like `### en`")]
    NoLanguage {
        /// The entry.
        key: String,
    },
    /// A language without a question, or with an empty one.
    #[error("no question: write one as `Q: …`")]
    NoQuestion,
    /// A line with nothing but `Synonyms:`.
    #[error("no synonym: write them as `Synonyms: a, b`, or take the line out")]
    NoSynonym,
    /// What looks like a question or synonyms below the begin of the answer.
    #[error(
        "this looks like a question or synonyms, but the answer has begun: move it above the answer, or word it differently"
    )]
    LateQuestion,
    /// Questions without an answer.
    #[error("the answer is empty: write it below the questions")]
    EmptyAnswer,
}
