//! What the views hold: one state of the serving generation, rows and cursor together; and what explains a text that one side
//! has lost.
//!
//! Invariant: a state is taken only of views that this program's version has folded from this very log.

use std::{collections::HashMap, pin::pin, sync::Arc};

use event_store::{EventReader, Position, StreamName, StreamVersion, Vault, pages::stream_pages, sql::Transaction};
use futures::StreamExt as _;
use uuid::Uuid;

use super::cell::Cell;
use crate::{
    cursor::Cursor,
    error::ViewsError,
    generation,
    projection::{ProjectionSet, fingerprint},
    storage::Storage,
};

pub(super) struct Found {
    generation: u64,
    cursor: Cursor,
    pub(super) rows: Transaction,
    /// Nobody had it open to write, and it is read as an immutable file.
    is_immutable: bool,
}

impl Found {
    pub(super) async fn take(
        storage: &Storage,
        projections: &ProjectionSet,
        reader: &dyn EventReader,
    ) -> Result<Self, ViewsError> {
        let generation = storage.current().await?.ok_or(ViewsError::NoViews)?;
        let is_immutable = !storage.is_open(generation);
        let database = storage.database_to_read(generation).await?;
        let mut rows = database.snapshot().await?;
        let cursor = Cursor::load_in(&mut rows).await?;
        let program = fingerprint(projections);
        if cursor.fingerprint != program {
            return Err(ViewsError::OtherVersion { views: cursor.fingerprint, program });
        }
        generation::refuse_other_log(&cursor, reader.identity().await?, reader).await?;
        Ok(Self { generation, cursor, rows, is_immutable })
    }

    /// Whether a file that was read as immutable has been opened to write since, so that nothing of it can be trusted.
    pub(super) fn is_disturbed(&self, storage: &Storage) -> bool {
        self.is_immutable && storage.is_open(self.generation)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn position(&self) -> Position {
        self.cursor.position
    }
}

/// Which sessions, customers and collections of quick replies have had a personal part erased.
pub(super) struct Erasures {
    reader: Arc<dyn EventReader>,
    vault: Arc<Vault>,
    known: HashMap<Uuid, bool>,
}

impl Erasures {
    pub(super) fn new(reader: Arc<dyn EventReader>, vault: Arc<Vault>) -> Self {
        Self { reader, vault, known: HashMap::new() }
    }

    /// Whether a row names something of which a personal part is erased.
    pub(super) async fn touch(&mut self, row: &[Cell]) -> Result<bool, ViewsError> {
        for cell in row {
            let Cell::Text(text) = cell else { continue };
            let Ok(id) = text.parse::<Uuid>() else { continue };
            if self.is_touched(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_touched(&mut self, id: Uuid) -> Result<bool, ViewsError> {
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        let mut found = false;
        for stream in streams_of(id) {
            found = found || self.look(&stream).await?;
        }
        self.known.insert(id, found);
        Ok(found)
    }

    async fn look(&self, stream: &StreamName) -> Result<bool, ViewsError> {
        let mut pages = pin!(stream_pages(&*self.reader, stream, StreamVersion::NONE));
        while let Some(page) = pages.next().await {
            for event in page? {
                if self.vault.is_erased(&event).await.map_err(|error| ViewsError::Unavailable(Arc::new(error)))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The streams with personal parts that are named after an id: a row names a session, a customer, or an agent's own quick replies.
fn streams_of(id: Uuid) -> impl Iterator<Item = StreamName> {
    let own = StreamName::parse(&format!("settings-quick_replies-{id}")).ok();
    [StreamName::of("session", id), StreamName::of("customer", id)].into_iter().chain(own)
}
