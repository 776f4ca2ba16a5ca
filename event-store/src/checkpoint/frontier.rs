//! How far the signer is: the tree's right edge and the event it ends with. Kept in a small file, so that a start does not
//! read the whole log.
//!
//! The file is believed only where the newest note vouches for it and the log still has the event (`resume.rs`), so it is not
//! flushed to disk, and may be deleted at any time. It holds hashes, and nothing that is secret.

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
    /// Of the last event in it.
    pub(super) position: Position,
    /// Of the last event in it.
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

    /// Goes on to the next event.
    pub(super) fn append(&mut self, event: &RecordedEvent) {
        self.range.append(leaf_hash(&event.hash));
        self.position = event.position;
        self.hash = event.hash;
    }

    pub(super) fn size(&self) -> TreeSize {
        self.range.size()
    }

    /// What the log was up to here.
    pub(super) fn checkpoint(&self, signed_at: Timestamp) -> Checkpoint {
        Checkpoint { log: self.log, size: self.size(), root: self.range.root(), position: self.position, signed_at }
    }

    /// Whether a checkpoint says the same, whenever it was signed.
    pub(super) fn is_at(&self, checkpoint: &Checkpoint) -> bool {
        self.checkpoint(checkpoint.signed_at) == *checkpoint
    }

    /// Whether the log has, at this position, the event that this ends with.
    pub(super) async fn is_in(&self, reader: &dyn EventReader) -> Result<bool, ReadError> {
        if self.position == Position::START {
            return Ok(true);
        }
        Ok(reader.read_at(self.position).await?.is_some_and(|event| event.hash == self.hash))
    }

    /// Reads it back; none where there is no file, or it is not whole.
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
