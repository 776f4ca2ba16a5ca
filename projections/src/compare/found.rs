//! What stands in the views: one state of the serving generation, rows and checkpoint together; and what explains a text
//! that should be gone.
//!
//! Invariant: a state is taken only of views that this program's version has folded from this very log.

use std::{collections::HashMap, sync::Arc};

use event_store::{EventReader, Position, StreamName, StreamVersion, Vault, sql::Transaction};
use uuid::Uuid;

use super::cell::Cell;
use crate::{
    checkpoint::Checkpoint,
    generation,
    place::Place,
    view::{ViewSet, fingerprint},
    views::ViewsError,
};

pub(super) struct Found {
    generation: u64,
    checkpoint: Checkpoint,
    pub(super) rows: Transaction,
    /// Nobody had it open to write, and it is read as it lies.
    is_at_rest: bool,
}

impl Found {
    pub(super) async fn take(place: &Place, views: &ViewSet, reader: &dyn EventReader) -> Result<Self, ViewsError> {
        let generation = place.current().await?.ok_or(ViewsError::NoViews)?;
        let is_at_rest = !place.is_open(generation);
        let database = place.database_to_read(generation).await?;
        let mut rows = database.snapshot().await?;
        let checkpoint = Checkpoint::load_in(&mut rows).await?;
        let program = fingerprint(views);
        if checkpoint.fingerprint != program {
            return Err(ViewsError::OtherVersion { views: checkpoint.fingerprint, program });
        }
        generation::refuse_other_log(&checkpoint, reader.identity().await?, reader).await?;
        Ok(Self { generation, checkpoint, rows, is_at_rest })
    }

    /// Whether what was read at rest has been opened to write since, so that nothing of it can be trusted.
    pub(super) fn is_disturbed(&self, place: &Place) -> bool {
        self.is_at_rest && place.is_open(self.generation)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn position(&self) -> Position {
        self.checkpoint.position
    }
}

/// Which sessions have had something erased.
pub(super) struct Erasures {
    reader: Arc<dyn EventReader>,
    vault: Arc<Vault>,
    known: HashMap<Uuid, bool>,
}

/// Events of a session looked at, at a time.
const PAGE: usize = 500;

impl Erasures {
    pub(super) fn new(reader: Arc<dyn EventReader>, vault: Arc<Vault>) -> Self {
        Self { reader, vault, known: HashMap::new() }
    }

    /// Whether a row names a session of which a personal part is erased.
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

    async fn is_touched(&mut self, session: Uuid) -> Result<bool, ViewsError> {
        if let Some(known) = self.known.get(&session) {
            return Ok(*known);
        }
        let found = self.look(session).await?;
        self.known.insert(session, found);
        Ok(found)
    }

    async fn look(&self, session: Uuid) -> Result<bool, ViewsError> {
        let (stream, mut after) = (StreamName::of("session", session), StreamVersion(0));
        loop {
            let page = self.reader.read_stream(&stream, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(false) };
            after = last.version;
            for event in &page {
                if self.vault.is_erased(event).await.map_err(|error| ViewsError::Away(Arc::new(error)))? {
                    return Ok(true);
                }
            }
        }
    }
}
