//! Reads the folder of questions and answers.
//!
//! The format is what a person without our tools can write in any editor (`#` title, `##` key, `###` language, `Q:` lines, then
//! the answer; `docs/faq.md`), so every fault is reported with file, line, and what to do.
//!
//! *Invariants:* every entry has at least one language, each with a question and an answer; keys, and questions without regard
//! to width, case and punctuation, occur once in the folder.

mod entry;
mod error;
mod fault;
mod folder;
mod parse;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub(super) use entry::{Article, Entry};
pub use error::FaqError;
pub use fault::{Fault, Faults, Malformed};
pub(super) use folder::{Contents, contents};

use super::segment;

/// What a folder has.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    /// Those without a fault.
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Vec<Malformed>,
}

/// Reads the contents of all files, in the order of their names.
pub(super) fn read(contents: &Contents) -> Corpus {
    let mut corpus = Corpus::default();
    let mut seen = Seen::default();
    for (file, bytes) in contents {
        let parsed = parse::parse(file, bytes);
        corpus.faults.extend(parsed.faults);
        for entry in parsed.entries {
            match seen.refuse(file, &entry) {
                None => corpus.entries.push(entry),
                Some(fault) => corpus.faults.push(Malformed { file: file.clone(), line: entry.line, fault }),
            }
        }
    }
    corpus
}

/// What the entries before have.
#[derive(Default)]
struct Seen {
    keys: HashMap<String, (PathBuf, usize)>,
    /// From the wording of a question to the key of its entry.
    questions: HashMap<String, String>,
}

impl Seen {
    /// The fault of an entry that repeats one before; another is noted.
    fn refuse(&mut self, file: &Path, entry: &Entry) -> Option<Fault> {
        if let Some((first_file, first_line)) = self.keys.get(&entry.key).cloned() {
            return Some(Fault::DuplicateKey { key: entry.key.clone(), first_file, first_line });
        }
        for question in entry.questions() {
            if let Some(first) = self.questions.get(&segment::wording(question)) {
                let (key, question) = (entry.key.clone(), question.to_owned());
                return Some(Fault::DuplicateQuestion { key, question, first: first.clone() });
            }
        }
        self.keys.insert(entry.key.clone(), (file.to_path_buf(), entry.line));
        let wordings = entry.questions().map(segment::wording);
        self.questions.extend(wordings.map(|wording| (wording, entry.key.clone())));
        None
    }
}

/// Reads a folder in which nothing may be wrong.
///
/// # Errors
/// Any [`FaqError`].
#[cfg(test)]
pub(super) fn load(folder: &Path) -> Result<Vec<Entry>, FaqError> {
    let corpus = read(&contents(folder)?);
    if !corpus.faults.is_empty() {
        return Err(Faults(corpus.faults).into());
    }
    if corpus.entries.is_empty() {
        return Err(FaqError::Empty { folder: folder.to_path_buf() });
    }
    Ok(corpus.entries)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    const ENTRY: &str = "# T\n## a\n### zh\nQ: 问\n\n答\n### en\nQ: ask\n\nanswer\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn a_key_used_in_two_files_names_both_places() {
        let folder = folder(&[("one.md", ENTRY), ("two.md", &format!("\n{ENTRY}"))]);
        let error = load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("two.md:3: ") && error.contains("one.md:2"), "{error}");
    }

    #[test]
    fn a_question_of_two_entries_names_both() {
        let folder = folder(&[("one.md", ENTRY), ("two.md", "## b\n### en\nQ: ＡＳＫ？\n\nanother")]);
        let error = load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("two.md:1: the entry `b` asks “ＡＳＫ？” as `a` does"), "{error}");
    }

    #[test]
    fn faults_of_all_files_are_found() {
        let folder = folder(&[("one.md", "## a\n### en\nanswer"), ("two.md", "half an ed"), ("three.md", ENTRY)]);
        let corpus = read(&contents(folder.path()).unwrap());
        assert_eq!((corpus.faults.len(), corpus.entries.len()), (2, 1), "{:?}", corpus.faults);
    }

    #[test]
    fn readmes_hidden_files_and_editors_copies_are_passed_over() {
        let half = "half an ed";
        let folder = folder(&[
            ("one.md", ENTRY),
            (".one.md", half),
            ("one.md~", half),
            ("README.md", half),
            ("Readme.MD", half),
            ("#one.md#", half),
            (".#two.md", half),
            ("~$one.md", half),
            ("one.md.bak", half),
            ("one.md.swp", half),
            ("notes.txt", half),
        ]);
        assert_eq!(load(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_folder_without_entries_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load(folder.path()), Err(FaqError::Empty { .. })));
        assert!(matches!(load(&folder.path().join("absent")), Err(FaqError::Unreadable { .. })));
    }
}
