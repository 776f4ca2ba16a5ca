//! What the detailed health says of the backup: what follower and drill have left in the data directory.

use std::path::Path;

use backup::state::{BackupState, read};
use event_store::event::time_text;
use serde::Serialize;
use utoipa::ToSchema;

/// The backup that follows the log; all null where none is known in the data directory.
#[derive(Serialize, ToSchema)]
pub struct BackupHealth {
    /// Everything recorded up to then is in the target.
    #[schema(required = true, format = DateTime)]
    last_success_at: Option<String>,
    /// The last position in the target.
    #[schema(required = true)]
    position: Option<u64>,
    /// Why nothing can be shipped at present.
    #[schema(required = true)]
    error: Option<String>,
    /// When a drill last found that the backup can be restored.
    #[schema(required = true, format = DateTime)]
    restore_drill_last_success_at: Option<String>,
    /// How long the last drill took.
    #[schema(required = true)]
    restore_drill_seconds: Option<f64>,
    /// What the last drill found to be wrong.
    #[schema(required = true)]
    restore_drill_error: Option<String>,
}

impl BackupHealth {
    pub(super) fn of(data_dir: &Path) -> Self {
        let BackupState { follower, drill } = read(data_dir);
        let drilled_at = drill.as_ref().and_then(|drill| drill.last_success_at);
        Self {
            last_success_at: follower.as_ref().and_then(|follower| follower.last_success_at).map(time_text),
            position: follower.as_ref().map(|follower| follower.position),
            error: follower.and_then(|follower| follower.error),
            restore_drill_last_success_at: drilled_at.map(time_text),
            restore_drill_seconds: drill.as_ref().map(|drill| drill.seconds),
            restore_drill_error: drill.and_then(|drill| drill.error),
        }
    }
}
