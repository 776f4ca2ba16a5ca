//! Why personal data was erased, in events of customers and of staff alike.

use serde::{Deserialize, Serialize};

/// Why keys are destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureCause {
    /// The person asked for it.
    Request,
    /// The data is older than it may be kept.
    Retention,
}
