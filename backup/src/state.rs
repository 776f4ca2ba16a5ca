//! What the follower and the last drill say of themselves, in two small files of the data directory, for health and metrics.
//!
//! Invariant: whoever reads them needs neither target nor key; a file that is not there or cannot be read says nothing.

use std::{fs, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const FOLLOWER: &str = "backup-state.json";
const DRILL: &str = "drill-state.json";

/// What a follower says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowerState {
    /// Where it ships to.
    pub target: String,
    /// Everything that was recorded up to then is in the target; `None` until that was so once.
    pub last_success_at: Option<Timestamp>,
    /// The last position in the target.
    pub position: u64,
    /// The log's last position when it was looked at.
    pub head: u64,
    /// Segments in the target.
    pub segments: u64,
    /// Why nothing can be shipped at present.
    pub error: Option<String>,
}

/// What the last drill says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillState {
    /// When it ended.
    pub ended_at: Timestamp,
    /// When one last found everything right.
    pub last_success_at: Option<Timestamp>,
    /// How long it took.
    pub seconds: f64,
    /// Events that were restored.
    pub events: u64,
    /// What was wrong.
    pub error: Option<String>,
}

/// Both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackupState {
    /// The follower.
    pub follower: Option<FollowerState>,
    /// The drill.
    pub drill: Option<DrillState>,
}

/// What is known of the backup of a data directory's desk.
#[must_use]
pub fn read(data_dir: &Path) -> BackupState {
    BackupState { follower: read_one(&data_dir.join(FOLLOWER)), drill: read_one(&data_dir.join(DRILL)) }
}

fn read_one<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Says how the follower does.
///
/// # Errors
/// The folder cannot be written.
pub fn write_follower(data_dir: &Path, state: &FollowerState) -> io::Result<()> {
    write(&data_dir.join(FOLLOWER), state)
}

/// Says what a drill found.
///
/// # Errors
/// The folder cannot be written.
pub fn write_drill(data_dir: &Path, state: &DrillState) -> io::Result<()> {
    write(&data_dir.join(DRILL), state)
}

fn write(path: &Path, state: &impl Serialize) -> io::Result<()> {
    let draft = path.with_extension("draft");
    fs::write(&draft, serde_json::to_vec_pretty(state)?)?;
    fs::rename(draft, path)
}
