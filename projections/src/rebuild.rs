//! Asking for a new generation of views, and seeing how it comes on. To ask is to make the next generation, empty: whoever
//! runs the views finds it, builds it beside the one that serves, and goes over to it.
//!
//! Invariant: asking twice asks once; a request outlives whoever made it.

use std::sync::Arc;

use event_store::{EventReader, Position, sql::Database};

use crate::{
    checkpoint::Checkpoint,
    generation::{self, load, refuse_other_log},
    place::{Place, ViewsLocation, schema_name},
    view::{self, fingerprint},
    views::ViewsError,
};

/// A generation that was asked for.
pub struct Rebuild {
    place: Place,
    number: u64,
    before: Option<u64>,
    was_asked_for: bool,
    /// Of the generation that serves, and of the one that is built.
    databases: Vec<Database>,
}

/// How a rebuild stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The new generation holds the events up to here.
    pub position: Position,
    /// Readers are served from it, or from one after it.
    pub is_done: bool,
    /// Changes as long as some process looks after the views.
    pub pulse: Vec<(i64, i64, Position)>,
}

impl Rebuild {
    /// Asks for a new generation of this program's views, or joins those who have.
    ///
    /// # Errors
    /// The views are another version's or another role's, or log or database do not answer.
    pub async fn ask(location: ViewsLocation, reader: Arc<dyn EventReader>) -> Result<Self, ViewsError> {
        let place = Place::open(location).await?;
        let views = view::all();
        let before = place.current().await?;
        let mut databases = Vec::new();
        if let Some(number) = before {
            refuse_other_role(&place, number).await?;
            let Some((serving, checkpoint)) = load(&place, number).await? else { return Err(ViewsError::NoViews) };
            let program = fingerprint(&views);
            if checkpoint.fingerprint != program {
                return Err(ViewsError::OtherVersion { views: checkpoint.fingerprint, program });
            }
            refuse_other_log(&checkpoint, reader.identity().await?, &*reader).await?;
            databases.push(serving.database.clone());
        }
        let ((next, _), was_asked_for) = generation::request(&place, &views, &*reader).await?;
        databases.push(next.database.clone());
        Ok(Self { place, number: next.number, before, was_asked_for, databases })
    }

    /// The generation that will serve.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether somebody had asked for it before.
    #[must_use]
    pub fn was_asked_for(&self) -> bool {
        self.was_asked_for
    }

    /// How it stands now.
    ///
    /// # Errors
    /// The views' database does not answer, or another version of the program has thrown the generation away.
    pub async fn standing(&self) -> Result<Standing, ViewsError> {
        let survey = self.place.survey().await?;
        let is_done = survey.current.is_some_and(|current| current >= self.number && Some(current) != self.before);
        if !is_done && !survey.numbers.contains(&self.number) {
            return Err(ViewsError::ThrownAway { number: self.number });
        }
        let mut pulse = Vec::new();
        for database in &self.databases {
            let checkpoint = Checkpoint::load(database).await?;
            pulse.push((checkpoint.epoch, checkpoint.beat, checkpoint.position));
        }
        let position = pulse.last().map_or(Position::START, |(_, _, position)| *position);
        Ok(Standing { position, is_done, pulse })
    }
}

/// What one role makes another cannot write, so the new generation must be made by the role that made the old.
async fn refuse_other_role(place: &Place, number: u64) -> Result<(), ViewsError> {
    const OWNER: &str =
        "select pg_get_userbyid(nspowner)::text, current_user::text from pg_namespace where nspname = $1";
    let Place::Postgres { pointer, .. } = place else { return Ok(()) };
    let rows = pointer.fetch(OWNER, &[(&*schema_name(number)).into()]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (owner, role) = (row.text(0)?, row.text(1)?);
    if owner == role { Ok(()) } else { Err(ViewsError::OtherRole { owner, role }) }
}
