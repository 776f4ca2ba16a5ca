//! What a projection is: a name, a version, tables, and how events change their rows.
//!
//! Invariant: whoever changes what the rows of a view hold raises the version of its projection, and a new generation is built
//! beside the old one.

use std::sync::Arc;

use async_trait::async_trait;
use event_store::sql::{SqlError, Transaction};
use journal::Decoded;

/// Folds events into the rows of one view.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Stable, lower case.
    fn name(&self) -> &'static str;

    /// From 1; raised with every change of tables or of what their rows hold.
    fn version(&self) -> u32;

    /// The oldest version whose tables this code can still read and write: a generation of that version goes on serving
    /// while the next one is built. Default: only the current version.
    fn usable_since(&self) -> u32 {
        self.version()
    }

    /// Statements that make its tables and the indexes that folding needs, the same text for SQLite and PostgreSQL.
    fn schema(&self) -> &'static [&'static str];

    /// Statements that make the indexes that only readers need, the same text for both; they change nothing where the index
    /// exists. A generation without readers gets them when it has nearly caught up with the log: sorting once takes less time
    /// than keeping the index in order all the way. Default: none.
    fn indexes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Text columns that never hold anything personal, so that a tool which compares rows may print them. Default: none.
    fn plain_columns(&self) -> &'static [&'static str] {
        &[]
    }

    /// Folds a batch of events of all streams, in the log's order and with their personal parts opened, into the rows. Events
    /// that the rows already hold change nothing.
    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError>;
}

/// The projections of one generation, in the order in which they take a batch.
pub type ProjectionSet = Arc<[Arc<dyn Projection>]>;

/// Names and versions: two generations with the same fingerprint hold the same rows at the same position.
#[must_use]
pub fn fingerprint(projections: &ProjectionSet) -> String {
    let mut parts: Vec<String> = projections.iter().map(|one| format!("{}/{}", one.name(), one.version())).collect();
    parts.sort();
    parts.join(" ")
}

/// Whether these projections can read and write the tables of a generation with this fingerprint.
#[must_use]
pub fn can_use(projections: &ProjectionSet, fingerprint: &str) -> bool {
    let version_of = |name: &str| {
        let mut parts = fingerprint.split(' ').filter_map(|part| part.split_once('/'));
        parts.find(|(of, _)| *of == name).and_then(|(_, version)| version.parse::<u32>().ok())
    };
    projections
        .iter()
        .all(|one| version_of(one.name()).is_some_and(|old| (one.usable_since()..=one.version()).contains(&old)))
}
