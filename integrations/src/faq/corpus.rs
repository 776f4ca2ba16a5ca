//! Reads the folder of questions and answers.
//!
//! The format is what a person without our tools can write in any editor (`#` title, `##` key, `###` language, `Q:`
//! lines, then the answer), so every fault is reported with file and line.
//!
//! *Invariants:* every entry has every language of the folder, each with a question and an answer; a key occurs once in the folder.

mod entry;
mod error;
mod fault;
mod parse;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) use entry::{Article, Entry, LANGUAGES, of_entry};
pub use error::FaqError;
pub use fault::{Fault, Malformed};

/// Reads all files of the folder, in the order of their names.
pub(super) fn load(folder: &Path) -> Result<Vec<Entry>, FaqError> {
    let mut entries = Vec::new();
    let mut seen = HashMap::new();
    for file in files(folder)? {
        let bytes = fs::read(&file).map_err(|source| FaqError::Unreadable { path: file.clone(), source })?;
        for entry in parse::parse(&file, &bytes)? {
            refuse_duplicate(&mut seen, &file, &entry)?;
            entries.push(entry);
        }
    }
    if entries.is_empty() {
        return Err(FaqError::Empty { folder: folder.to_path_buf() });
    }
    Ok(entries)
}

/// The Markdown files directly below the folder, sorted, without editors' hidden copies.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, FaqError> {
    let unreadable = |source| FaqError::Unreadable { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for found in fs::read_dir(folder).map_err(unreadable)? {
        let path = found.map_err(unreadable)?.path();
        if is_answer_file(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_answer_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let markdown = path.extension().is_some_and(|extension| extension == "md");
    markdown && !hidden && path.is_file()
}

type Seen = HashMap<String, (PathBuf, usize)>;

fn refuse_duplicate(seen: &mut Seen, file: &Path, entry: &Entry) -> Result<(), Malformed> {
    let here = (file.to_path_buf(), entry.line);
    let Some((first_file, first_line)) = seen.insert(entry.key.clone(), here) else {
        return Ok(());
    };
    let fault = Fault::DuplicateKey { key: entry.key.clone(), first_file, first_line };
    Err(Malformed { file: file.to_path_buf(), line: entry.line, fault })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ENTRY: &str = "# T\n## a\n### zh\nQ: 问\n\n答\n### en\nQ: ask\n\nanswer\n";

    #[test]
    fn a_key_used_in_two_files_names_both_places() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("one.md"), ENTRY).unwrap();
        fs::write(folder.path().join("two.md"), format!("\n{ENTRY}")).unwrap();
        let error = load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("two.md:3: ") && error.contains("one.md:2"), "{error}");
    }

    #[test]
    fn hidden_and_foreign_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("one.md"), ENTRY).unwrap();
        fs::write(folder.path().join(".one.md"), "half an ed").unwrap();
        fs::write(folder.path().join("one.md~"), "half an ed").unwrap();
        assert_eq!(load(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_folder_without_entries_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load(folder.path()), Err(FaqError::Empty { .. })));
        assert!(matches!(load(&folder.path().join("absent")), Err(FaqError::Unreadable { .. })));
    }
}
