//! The shop's own answers, offline: a folder of Markdown, an index over it, and how sure a match is.
//!
//! It exists so that the desk answers usefully with nothing beside it. It never writes an answer of its own: what a
//! customer reads is, word for word, what a person wrote in the folder.
//!
//! *Invariant:* a reader never waits for the disk and never sees half an edit; it sees one whole, well-formed index.

mod bm25;
mod candidates;
mod chunks;
mod confidence;
mod corpus;
mod entry_terms;
#[cfg(test)]
mod evaluation;
mod hit;
mod index;
mod query_terms;
mod reloadable;
mod scorer;
mod segment;
mod stamp;
mod vocabulary;
mod watch;
mod words;

pub use chunks::chunks;
pub use confidence::THRESHOLD;
pub use corpus::{FaqError, Fault, Malformed};
pub use hit::Hit;
pub use reloadable::Faq;
pub use watch::Watch;
