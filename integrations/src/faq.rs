//! The shop's own answers, offline: a folder of Markdown, an index over it by words and by meaning, and how sure a match is.
//!
//! It exists so that the desk answers usefully with nothing beside it. It never writes an answer of its own: what a
//! customer reads is, word for word, what a person wrote in the folder.
//!
//! *Invariant:* a reader never waits for the disk and never sees half an edit; it sees one whole, well-formed index.

mod atomic_file;
mod chunks;
mod confidence;
mod corpus;
pub mod evaluation;
mod found;
mod fusion;
mod index;
mod last_good;
mod lines;
pub mod meaning;
mod reloadable;
mod scorer;
mod segment;
mod topic;
mod vocabulary;
mod watch;
mod words;

use std::path::Path;

pub use chunks::chunks;
pub use confidence::Thresholds;
pub use corpus::{FaqError, Fault, Faults, Malformed};
pub use found::{Found, Hit};
pub use meaning::{MeaningHealth, MeaningSettings};
pub use reloadable::{Faq, FaqHealth, FaqSettings};
pub use topic::Topic;
pub use watch::Watch;

/// What `desk check-faq` says of a folder.
#[derive(Debug)]
pub struct Check {
    /// Entries without a fault, by language.
    pub by_language: std::collections::BTreeMap<&'static str, usize>,
    /// Entries without a fault.
    pub entries: usize,
    /// All faults of all files.
    pub faults: Vec<Malformed>,
}

/// Checks a folder.
///
/// # Errors
/// It cannot be read.
pub fn check(folder: &Path) -> Result<Check, FaqError> {
    let corpus = corpus::read(&corpus::contents(folder)?);
    let index = index::Index::new(corpus.entries);
    Ok(Check { by_language: index.by_language(), entries: index.entries().len(), faults: corpus.faults })
}
