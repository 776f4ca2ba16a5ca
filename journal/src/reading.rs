//! Reading the log decoded: one stream, or all of it from a position on, page by page.
//!
//! Invariants: pages are those of [`event_store::pages`]; a stream that lacks a version is an error, never a shorter
//! stream.

use std::{iter, pin::pin, sync::Arc};

use domain::PersonalText;
use event_store::{
    EventReader, Position, RecordedEvent, StreamName, StreamVersion, Vault,
    pages::{pages_after, stream_pages},
    vault::{KeyStore, VaultError},
};
use futures::{Stream, StreamExt as _};

use crate::{
    decoded::{Decoded, Opened},
    error::JournalError,
    personal::PersonalAccess,
};

/// A log and, where the reader may open personal parts, its vault.
#[derive(Clone)]
pub struct Journal {
    reader: Arc<dyn EventReader>,
    access: PersonalAccess,
}

impl Journal {
    /// A log whose personal parts can be opened.
    #[must_use]
    pub fn new(reader: Arc<dyn EventReader>, vault: Arc<Vault>) -> Self {
        Self { reader, access: PersonalAccess::Vault(vault) }
    }

    /// A log whose personal parts stay sealed: an auditor without the master key and the vault.
    #[must_use]
    pub fn sealed(reader: Arc<dyn EventReader>) -> Self {
        Self { reader, access: PersonalAccess::Sealed }
    }

    /// A log whose personal parts stay sealed, or are known to be erased: an auditor with the vault's keys, but without the
    /// master key that opens them.
    #[must_use]
    pub fn with_tombstones(reader: Arc<dyn EventReader>, keys: Arc<dyn KeyStore>) -> Self {
        Self { reader, access: PersonalAccess::tombstones(keys) }
    }

    /// The log as it is stored.
    #[must_use]
    pub fn reader(&self) -> &Arc<dyn EventReader> {
        &self.reader
    }

    /// Opens the personal part of an event, unless somebody with the same event has.
    ///
    /// # Errors
    /// The vault cannot be reached, the key is missing, or the part is damaged or malformed.
    pub async fn open<'a>(&self, decoded: &'a Decoded) -> Result<&'a Opened, JournalError> {
        decoded.open(&self.access).await
    }

    /// The personal part of a recorded event, which need not be one that this program knows.
    ///
    /// # Errors
    /// The vault cannot be reached, the key is missing, or the part is damaged.
    pub async fn personal(&self, recorded: &RecordedEvent) -> Result<PersonalText, VaultError> {
        self.access.personal(recorded).await
    }

    /// Opens the personal parts of several events, asking for their keys at once.
    ///
    /// # Errors
    /// As [`Self::open`], of the first that cannot be opened.
    pub async fn open_all(&self, page: &[Decoded]) -> Result<(), JournalError> {
        self.fetch_keys(page).await?;
        for decoded in page {
            self.open(decoded).await?;
        }
        Ok(())
    }

    /// Asks for the keys of several events at once, so that opening them does not ask for each.
    ///
    /// # Errors
    /// The vault cannot be reached, or the master key is wrong.
    pub async fn fetch_keys(&self, page: &[Decoded]) -> Result<(), JournalError> {
        let PersonalAccess::Vault(vault) = &self.access else { return Ok(()) };
        let sealed = page.iter().filter(|decoded| !decoded.is_opened());
        Ok(vault.fetch_keys(sealed.map(|decoded| &**decoded.recorded())).await?)
    }

    /// A stream's events after a version, page by page up to its end. A stream without events gives no page.
    pub fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        after: StreamVersion,
    ) -> impl Stream<Item = Result<Vec<Decoded>, JournalError>> + 'a {
        async_stream::try_stream! {
            let mut version = after;
            let mut pages = pin!(stream_pages(&*self.reader, stream, after));
            while let Some(page) = pages.next().await {
                let page = page?;
                version = without_holes(version, &page)?;
                yield decode_all(page)?;
            }
        }
    }

    /// All of a stream's events after a version.
    ///
    /// # Errors
    /// The log cannot be read, the stream has a hole, or an event is unreadable.
    pub async fn whole_stream(&self, stream: &StreamName, after: StreamVersion) -> Result<Vec<Decoded>, JournalError> {
        let mut pages = pin!(self.read_stream(stream, after));
        let mut events = Vec::new();
        while let Some(page) = pages.next().await {
            events.append(&mut page?);
        }
        Ok(events)
    }

    /// The log's events after a position, page by page up to its end, the next pages being read meanwhile.
    pub fn read_all(&self, after: Position) -> impl Stream<Item = Result<Vec<Decoded>, JournalError>> {
        pages_after(&*self.reader, after).map(|page| decode_all(page?))
    }
}

/// The version of the last event of a page that goes on after a version.
fn without_holes(after: StreamVersion, page: &[Arc<RecordedEvent>]) -> Result<StreamVersion, JournalError> {
    let expected = iter::successors(Some(after.next()), |version| Some(version.next()));
    for (recorded, expected) in page.iter().zip(expected) {
        if recorded.version != expected {
            return Err(JournalError::Missing { position: recorded.position, expected });
        }
    }
    Ok(page.last().map_or(after, |last| last.version))
}

fn decode_all(page: Vec<Arc<RecordedEvent>>) -> Result<Vec<Decoded>, JournalError> {
    Ok(page.into_iter().map(Decoded::decode).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use event_store::{Actor, SealedEvent};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn recorded(version: u64) -> Arc<RecordedEvent> {
        let event = SealedEvent {
            event_id: Uuid::nil(),
            event_type: "session.reopened".into(),
            schema: 1,
            actor: Actor::new("customer", "c"),
            subject: None,
            key_id: None,
            correlation_id: Uuid::nil(),
            causation_id: None,
            data: "{}".into(),
            personal: None,
        };
        Arc::new(RecordedEvent {
            position: Position(10 * version),
            stream: StreamName::of("session", Uuid::nil()),
            version: StreamVersion(version),
            recorded_at: Timestamp::UNIX_EPOCH,
            event,
            prev_hash: [0; 32],
            hash: [0; 32],
        })
    }

    #[test]
    fn a_stream_with_a_hole_is_an_error_that_names_what_is_missing() {
        let page = |versions: &[u64]| versions.iter().copied().map(recorded).collect::<Vec<_>>();
        let after = |after, versions: &[u64]| without_holes(StreamVersion(after), &page(versions));
        assert_eq!(after(0, &[1, 2, 3]).ok(), Some(StreamVersion(3)));
        assert_eq!(after(7, &[]).ok(), Some(StreamVersion(7)));
        for (from, versions, position, expected) in [(0, [2, 3], 20, 1), (0, [1, 3], 30, 2), (3, [3, 4], 30, 4)] {
            match after(from, &versions) {
                Err(JournalError::Missing { position: found, expected: lacking }) => {
                    assert_eq!((found, lacking), (Position(position), StreamVersion(expected)));
                }
                other => panic!("{versions:?} after {from}: {other:?}"),
            }
        }
    }
}
