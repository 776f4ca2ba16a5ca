//! The signer's progress: the right edge of the Merkle tree and the event it ends with. Kept in a small file, so that a start
//! need not read the whole log.
//!
//! The file is only trusted if the newest note confirms it and the log still has the event (`resume.rs`), so it is not synced to
//! disk and may be deleted at any time. It contains hashes and no secrets.

use std::{fs, io, path::Path};

use jiff::Timestamp;

use super::Checkpoint;
use crate::{
    event::{Position, RecordedEvent},
    merkle::{CompactRange, Hash, TreeSize, leaf_hash},
    port::{EventReader, Identity, ReadError},
};

/// The right edge of one log's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frontier {
    pub(super) log: Identity,
    range: CompactRange,
    /// Of the last event.
    pub(super) position: Position,
    /// Of the last event.
    hash: Hash,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    log: Identity,
    size: TreeSize,
    position: Position,
    hash: String,
    peaks: Vec<String>,
}

impl Frontier {
    /// Before the first event.
    pub(super) fn start(log: Identity) -> Self {
        Self { log, range: CompactRange::default(), position: Position::START, hash: [0; 32] }
    }

    /// Adds the next event.
    pub(super) fn append(&mut self, event: &RecordedEvent) {
        self.range.append(leaf_hash(&event.hash));
        self.position = event.position;
        self.hash = event.hash;
    }

    pub(super) fn size(&self) -> TreeSize {
        self.range.size()
    }

    /// The checkpoint of the log up to here.
    pub(super) fn checkpoint(&self, signed_at: Timestamp) -> Checkpoint {
        Checkpoint { log: self.log, size: self.size(), root: self.range.root(), position: self.position, signed_at }
    }

    /// Whether a checkpoint describes the same state; its time does not matter.
    pub(super) fn is_at(&self, checkpoint: &Checkpoint) -> bool {
        self.checkpoint(checkpoint.signed_at) == *checkpoint
    }

    /// Whether a checkpoint of any generation has the same root; positions only mean the same within a generation.
    pub(super) fn fits(&self, checkpoint: &Checkpoint) -> bool {
        let is_ours = checkpoint.log == self.log;
        checkpoint.size == self.size()
            && checkpoint.root == self.range.root()
            && (!is_ours || checkpoint.position == self.position)
    }

    /// Whether the log has the last event at its position.
    pub(super) async fn is_in(&self, reader: &dyn EventReader) -> Result<bool, ReadError> {
        if self.position == Position::START {
            return Ok(true);
        }
        Ok(reader.read_at(self.position).await?.is_some_and(|event| event.hash == self.hash))
    }

    /// Reads the file; `None` if it is missing or incomplete.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(text) => Ok(serde_json::from_slice::<Stored>(&text).ok().and_then(Self::from_stored)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn store(&self, path: &Path) -> io::Result<()> {
        let stored = Stored {
            log: self.log,
            size: self.size(),
            position: self.position,
            hash: hex::encode(self.hash),
            peaks: self.range.peaks().iter().map(hex::encode).collect(),
        };
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec_pretty(&stored)?)?;
        fs::rename(draft, path)
    }

    fn from_stored(stored: Stored) -> Option<Self> {
        let peaks: Option<Vec<Hash>> = stored.peaks.iter().map(|peak| hash(peak)).collect();
        let range = CompactRange::from_peaks(stored.size, peaks?)?;
        Some(Self { log: stored.log, range, position: stored.position, hash: hash(&stored.hash)? })
    }
}

fn hash(text: &str) -> Option<Hash> {
    hex::decode(text).ok()?.try_into().ok()
}
