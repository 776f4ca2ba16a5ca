//! What a view is: a name, a version, tables, and how facts change them. The list of all views stands here.
//!
//! Invariant: whoever changes what a view's rows hold raises its version, and a new generation is built beside the old.

use std::sync::Arc;

use async_trait::async_trait;
use event_store::{
    RecordedEvent,
    sql::{SqlError, Transaction},
};

use crate::{
    agents::AgentsView,
    audit::AuditView,
    fact::{AccountFact, Fact},
    message::MessagesView,
    session_detail::SessionsView,
    statistics::EscalationsView,
};

/// Rows folded from facts.
#[async_trait]
pub trait View: Send + Sync {
    /// Stable, lower case.
    fn name(&self) -> &'static str;

    /// From 1; raised with every change of tables or of what stands in them.
    fn version(&self) -> u32;

    /// The oldest version whose tables this code can still read and write: a generation of that version goes on serving
    /// while the next is built. Unless told, only the version itself.
    fn usable_since(&self) -> u32 {
        self.version()
    }

    /// Statements that make its tables and what writing them needs, the same text for SQLite and PostgreSQL.
    fn schema(&self) -> &'static [&'static str];

    /// Statements that make the indexes which only readers need, the same text for both; harmless where they are made
    /// already. A generation that nobody reads yet gets them when it is nearly as far as the log: sorting once takes
    /// less than keeping order all the way. Unless told, none.
    fn indexes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Text columns that never hold anything personal, so that a tool which compares rows may print them. Unless told, none.
    fn plain_columns(&self) -> &'static [&'static str] {
        &[]
    }

    /// Folds a batch of facts of sessions, in order, into the rows. Facts that the rows hold already change nothing.
    async fn apply(&self, tx: &mut Transaction, facts: &[Fact]) -> Result<(), SqlError>;

    /// The same for facts of accounts. Unless told, none matters.
    async fn apply_accounts(&self, _tx: &mut Transaction, _facts: &[AccountFact]) -> Result<(), SqlError> {
        Ok(())
    }

    /// The same for the events of all streams that are no session's, as they stand in the log. Unless told, none matters.
    async fn apply_others(&self, _tx: &mut Transaction, _events: &[Arc<RecordedEvent>]) -> Result<(), SqlError> {
        Ok(())
    }
}

/// The views of one generation.
pub type ViewSet = Arc<[Arc<dyn View>]>;

/// Every view of this program, in the order in which they take in a batch.
#[must_use]
pub fn all() -> ViewSet {
    Arc::new([
        // Asks the sessions' rows how things stood before the batch.
        Arc::new(AuditView) as Arc<dyn View>,
        Arc::new(SessionsView),
        Arc::new(MessagesView),
        Arc::new(EscalationsView),
        Arc::new(AgentsView),
    ])
}

/// Names and versions: two generations with the same fingerprint hold the same rows at the same position.
#[must_use]
pub fn fingerprint(views: &ViewSet) -> String {
    let mut parts: Vec<String> = views.iter().map(|view| format!("{}/{}", view.name(), view.version())).collect();
    parts.sort();
    parts.join(" ")
}

/// Whether these views can read and write the tables of a generation with this fingerprint.
#[must_use]
pub fn usable(views: &ViewSet, fingerprint: &str) -> bool {
    let version_of = |name: &str| {
        let mut parts = fingerprint.split(' ').filter_map(|part| part.split_once('/'));
        parts.find(|(of, _)| *of == name).and_then(|(_, version)| version.parse::<u32>().ok())
    };
    views
        .iter()
        .all(|view| version_of(view.name()).is_some_and(|old| (view.usable_since()..=view.version()).contains(&old)))
}
