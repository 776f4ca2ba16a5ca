//! Requesting a new view generation, and seeing how far it is. A request is the next generation, made empty: the process that
//! runs the views finds it, builds it beside the one that serves, and switches to it.
//!
//! Invariant: two requests are one; a request outlives the process that made it.

use std::sync::Arc;

use event_store::{EventReader, Position, sql::Database};

use crate::{
    catalogue,
    cursor::Cursor,
    error::ViewsError,
    generation::{self, load, refuse_other_log},
    projection::fingerprint,
    storage::{Storage, ViewsLocation, schema_name},
};

/// A generation that was requested.
pub struct Rebuild {
    storage: Storage,
    number: u64,
    before: Option<u64>,
    was_requested: bool,
    /// Of the generation that serves, and of the one that is built.
    databases: Vec<Database>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildStatus {
    /// The new generation holds the events up to here.
    pub position: Position,
    /// Readers are served from it, or from one after it.
    pub is_done: bool,
    /// Changes as long as some process tends the views.
    pub pulse: Vec<(i64, i64, Position)>,
}

impl Rebuild {
    /// Requests a new generation of this program's views, or joins an earlier request.
    ///
    /// # Errors
    /// The views are another version's or another role's, or log or database do not answer.
    pub async fn request(location: ViewsLocation, reader: Arc<dyn EventReader>) -> Result<Self, ViewsError> {
        let storage = Storage::open(location).await?;
        let projections = catalogue::all();
        let before = storage.current().await?;
        let mut databases = Vec::new();
        if let Some(number) = before {
            refuse_other_role(&storage, number).await?;
            let Some((serving, cursor)) = load(&storage, number).await? else { return Err(ViewsError::NoViews) };
            let program = fingerprint(&projections);
            if cursor.fingerprint != program {
                return Err(ViewsError::OtherVersion { views: cursor.fingerprint, program });
            }
            refuse_other_log(&cursor, reader.identity().await?, &*reader).await?;
            databases.push(serving.database.clone());
        }
        let ((next, _), was_requested) = generation::request(&storage, &projections, &*reader).await?;
        databases.push(next.database.clone());
        Ok(Self { storage, number: next.number, before, was_requested, databases })
    }

    /// The generation that will serve.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether it had been requested before.
    #[must_use]
    pub fn was_requested(&self) -> bool {
        self.was_requested
    }

    /// How far it is now.
    ///
    /// # Errors
    /// The views' database does not answer, or another version of the program has thrown the generation away.
    pub async fn status(&self) -> Result<RebuildStatus, ViewsError> {
        let survey = self.storage.survey().await?;
        let is_done = survey.current.is_some_and(|current| current >= self.number && Some(current) != self.before);
        if !is_done && !survey.numbers.contains(&self.number) {
            return Err(ViewsError::ThrownAway { number: self.number });
        }
        let mut pulse = Vec::new();
        for database in &self.databases {
            let cursor = Cursor::load(database).await?;
            pulse.push((cursor.epoch, cursor.beat, cursor.position));
        }
        let position = pulse.last().map_or(Position::START, |(_, _, position)| *position);
        Ok(RebuildStatus { position, is_done, pulse })
    }
}

/// Tables that one role makes another cannot write, so the role that made the old generation must make the new one.
async fn refuse_other_role(storage: &Storage, number: u64) -> Result<(), ViewsError> {
    const OWNER: &str =
        "select pg_get_userbyid(nspowner)::text, current_user::text from pg_namespace where nspname = $1";
    let Storage::Postgres { pointer, .. } = storage else { return Ok(()) };
    let rows = pointer.fetch(OWNER, &[(&*schema_name(number)).into()]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (owner, role) = (row.text(0)?, row.text(1)?);
    if owner == role { Ok(()) } else { Err(ViewsError::OtherRole { owner, role }) }
}
