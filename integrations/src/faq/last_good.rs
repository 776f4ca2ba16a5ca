//! The last entries without a fault, kept in a file: a bad edit while the program does not run costs no answer either.
//!
//! *Invariant:* the file is whole or not there; one that cannot be read counts as none.

use std::fs;
use std::path::Path;

use super::corpus::Entry;

/// Keeps entries; a failure is logged, for answers do not depend on it.
pub(super) fn keep(path: &Path, entries: &[Entry]) {
    if let Err(error) = write(path, entries) {
        tracing::warn!(path = %path.display(), error = &error as &dyn std::error::Error, "the FAQ's last good entries cannot be kept");
    }
}

fn write(path: &Path, entries: &[Entry]) -> std::io::Result<()> {
    let text = serde_json::to_vec(entries)?;
    if fs::read(path).is_ok_and(|kept| kept == text) {
        return Ok(());
    }
    super::atomic_file::write(path, &text)
}

/// The entries that were kept.
pub(super) fn kept(path: &Path) -> Option<Vec<Entry>> {
    let entries: Vec<Entry> = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (!entries.is_empty()).then_some(entries)
}
