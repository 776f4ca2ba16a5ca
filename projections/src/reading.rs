//! One state of the views to ask questions of: of the serving generation, or of a session as of a point in the past. The
//! questions stand with each view.
//!
//! Invariant: all answers of one reading come from one state, so a session, its messages and its audit trail agree.

use event_store::{
    Position,
    sql::{Database, Transaction},
};

use crate::{cursor::Cursor, error::ViewsError, views::Views};

/// One state of some views.
pub struct Reading {
    pub(crate) rows: Transaction,
    position: Position,
}

impl Reading {
    /// A state that is known to end at a position.
    pub(crate) async fn of(database: &Database, position: Position) -> Result<Self, ViewsError> {
        Ok(Self { rows: database.snapshot().await?, position })
    }

    /// The last event of the log that is in it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }
}

impl Views {
    /// The newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn reading(&self) -> Result<Reading, ViewsError> {
        loop {
            let serving = self.serving();
            let mut rows = serving.database.snapshot().await?;
            let position = Cursor::load_in(&mut rows).await?.position;
            // Another node may still write a generation that readers have left, and be ahead of the one they use now.
            if self.generation() == serving.number {
                return Ok(Reading { rows, position });
            }
        }
    }
}
