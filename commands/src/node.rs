//! This process among the others that share the log.

use domain::Incarnation;

/// One life of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The same over restarts.
    pub id: String,
    /// New with every start.
    pub incarnation: Incarnation,
}

impl Node {
    /// A new life of a node.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), incarnation: Incarnation(uuid::Uuid::new_v4()) }
    }
}
