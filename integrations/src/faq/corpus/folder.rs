//! The files of the folder that have entries, and what is in them.
//!
//! An edit is seen by its bytes: times and sizes tell nothing to programs that keep them, and mounted folders have coarse clocks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::FaqError;

/// Each file with its bytes, by name.
pub(in crate::faq) type Contents = BTreeMap<PathBuf, Vec<u8>>;

/// Reads all files of entries directly below the folder.
///
/// # Errors
/// The folder or a file cannot be read.
pub(in crate::faq) fn contents(folder: &Path) -> Result<Contents, FaqError> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FaqError::Unreadable { path, source }
    };
    let mut contents = Contents::new();
    for found in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = found.map_err(unreadable(folder))?.path();
        if has_entries(&path) {
            let bytes = fs::read(&path).map_err(unreadable(&path))?;
            contents.insert(path, bytes);
        }
    }
    Ok(contents)
}

/// Markdown that is neither a README, nor hidden, nor a copy that an editor keeps.
fn has_entries(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_markdown = name.ends_with(".md");
    let is_copy = name.starts_with(['.', '#', '~']) || name.ends_with('~');
    is_markdown && !is_copy && name != "readme.md" && path.is_file()
}
