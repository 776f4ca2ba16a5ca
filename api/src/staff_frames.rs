//! The log's newest events as frames for those who follow all of it: each is written once, however many follow.
//!
//! Invariant: a frame is forgotten within seconds, so an erasure is not undone by what was written before it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::agent::{Permission, Permissions};
use event_store::{Identity, Position};
use journal::{Decoded, Journal, JournalError};
use moka::{future::Cache, policy::EvictionPolicy};

use crate::{envelope, reader::Reader};

/// Followers are some milliseconds apart; this is far more, and far less than the vault keeps an opened key.
const FRAME_LIFETIME: Duration = Duration::from_secs(2);
/// Bytes of frames: some thousand of the usual ones, or some hundred of the largest.
const FRAME_BYTES: u64 = 8 << 20;
/// What an entry takes beside its frame.
const ENTRY_BYTES: usize = 128;

/// Frames by position and what the reader may do; `None` where such a reader is not shown the event.
pub struct StaffFrames {
    written: Cache<(Position, Permissions), Option<Bytes>>,
}

impl Default for StaffFrames {
    fn default() -> Self {
        Self {
            written: Cache::builder()
                .max_capacity(FRAME_BYTES)
                .weigher(|_, frame: &Option<Bytes>| weight(frame.as_ref()))
                .time_to_live(FRAME_LIFETIME)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
        }
    }
}

fn weight(frame: Option<&Bytes>) -> u32 {
    u32::try_from(frame.map_or(0, Bytes::len) + ENTRY_BYTES).unwrap_or(u32::MAX)
}

impl StaffFrames {
    /// The frame of an event for staff with these permissions, if it is shown.
    ///
    /// # Errors
    /// The event cannot be opened.
    pub async fn of(
        &self,
        journal: &Journal,
        identity: Identity,
        permissions: &[Permission],
        decoded: &Decoded,
    ) -> Result<Option<Bytes>, Arc<JournalError>> {
        let written = async {
            let shown = Reader::staff(permissions).show(journal, decoded).await?;
            Ok(shown.map(|shown| envelope::frame(identity, &shown)))
        };
        self.written.try_get_with((decoded.position(), Permissions::of(permissions)), written).await
    }
}
