//! An event as it lies in the log, and the names that the protocol's own streams and types have.
//!
//! Invariant: nothing of an event changes once it has a position.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use uuid::Uuid;

/// The revision of a tombstone, and the `$tb` of a deleted stream: the greatest that a signed number holds.
pub(crate) const DELETED: u64 = i64::MAX as u64;

/// Begins the name of what the server writes for itself.
pub(crate) const SYSTEM: char = '$';
/// Begins the name of the stream that holds another stream's metadata.
pub(crate) const METASTREAM: &str = "$$";
/// Who may read everything is decided by this stream's access list.
pub(crate) const ALL: &str = "$all";
/// Written whenever a node begins to lead; no reader of `$all` sees it.
pub(crate) const EPOCH_STREAM: &str = "$epoch-information";
pub(crate) const EPOCH_TYPE: &str = "$epoch-information";
pub(crate) const METADATA_TYPE: &str = "$metadata";
pub(crate) const TOMBSTONE_TYPE: &str = "$streamDeleted";
pub(crate) const STATS_STREAM: &str = "$stats-127.0.0.1:2113";
pub(crate) const STATS_TYPE: &str = "$statsCollected";

/// What somebody wants to have written.
#[derive(Clone, Debug)]
pub(crate) struct Proposed {
    pub(crate) id: Uuid,
    pub(crate) event_type: String,
    pub(crate) is_json: bool,
    pub(crate) metadata: Bytes,
    pub(crate) data: Bytes,
}

impl Proposed {
    /// An event of the server's own, its content JSON.
    pub(crate) fn system(event_type: &str, data: &serde_json::Value) -> Self {
        Self {
            id: Uuid::new_v4(),
            event_type: event_type.to_owned(),
            is_json: true,
            metadata: Bytes::new(),
            data: Bytes::from(data.to_string()),
        }
    }

    /// What it counts for the limits of an append, in bytes: data, metadata, and the type at two bytes for each of its
    /// UTF-16 units.
    pub(crate) fn size(&self) -> usize {
        self.data.len() + self.metadata.len() + 2 * self.event_type.encode_utf16().count()
    }
}

/// An event of the log.
#[derive(Debug)]
pub(crate) struct Event {
    /// Where its record begins, in bytes from the beginning of the log.
    pub(crate) position: u64,
    /// Where its record ends.
    pub(crate) end: u64,
    pub(crate) stream: Arc<str>,
    /// Its number in its stream, from 0; [`DELETED`] for a tombstone.
    pub(crate) revision: u64,
    pub(crate) id: Uuid,
    pub(crate) event_type: String,
    pub(crate) is_json: bool,
    /// When it was written, in ticks of 100 ns since 1970.
    pub(crate) created: i64,
    pub(crate) metadata: Bytes,
    pub(crate) data: Bytes,
}

/// Now, in ticks of 100 ns since 1970.
pub(crate) fn ticks() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(passed.as_nanos() / 100).unwrap_or(i64::MAX)
}

/// The name of the stream that holds a stream's metadata.
pub(crate) fn metastream_of(stream: &str) -> String {
    format!("{METASTREAM}{stream}")
}

/// The stream whose metadata a stream holds, if it is such a one.
pub(crate) fn described_by(stream: &str) -> Option<&str> {
    stream.strip_prefix(METASTREAM)
}
