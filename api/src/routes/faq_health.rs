//! What the detailed health says of the FAQ.

use std::collections::BTreeMap;

use integrations::{
    Faq,
    faq::{FaqHealth, MeaningHealth},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The FAQ: its entries, and what is wrong with its files.
#[derive(Serialize, ToSchema)]
pub struct FaqState {
    /// Entries in use.
    entries: usize,
    /// Of them by language.
    entries_by_language: BTreeMap<&'static str, usize>,
    /// Why the files as they are now are not in use, each with file and line; meanwhile the last good entries answer.
    alarms: Vec<String>,
    /// The server of vectors; null where none is set.
    #[schema(required = true)]
    embeddings: Option<EmbeddingsState>,
}

/// How the server of vectors does.
#[derive(Serialize, ToSchema)]
pub struct EmbeddingsState {
    /// Question lines and answers in use.
    texts: usize,
    /// Of them without a vector yet; while there are any, words alone answer.
    missing: usize,
    /// Why it could not be asked when it was last; words alone answer meanwhile. Null: it could.
    #[schema(required = true)]
    alarm: Option<String>,
}

impl FaqState {
    pub(super) fn of(faq: &Faq) -> Self {
        let FaqHealth { entries, by_language, faults, meaning } = faq.health();
        let embeddings =
            meaning.map(|MeaningHealth { texts, missing, error }| EmbeddingsState { texts, missing, alarm: error });
        Self { entries, entries_by_language: by_language, alarms: faults, embeddings }
    }
}
