//! The view of internal notes: one row per note, with its earlier wordings. For staff alone.
//!
//! Invariant: a removed note keeps its place and its version, and nothing of what it said.

mod fold;

use std::fmt;

use domain::{AgentId, NoteId, SessionId};
use event_store::{
    Position,
    sql::{Row, SqlError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{error::ViewsError, reading::Reading, rows};
pub use fold::NotesProjection;

/// An internal note.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteView {
    /// Its id.
    pub note: NoteId,
    /// Where it stands.
    pub session: SessionId,
    /// Who wrote it.
    pub author: AgentId,
    /// What it says; `None` once removed or erased.
    pub text: Option<String>,
    /// Who is to read it.
    pub mentions: Vec<AgentId>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// From 1; an edit and a removal raise it.
    pub version: u32,
    /// Whether it was removed.
    pub is_removed: bool,
    /// What it said before, the oldest first.
    pub history: Vec<NoteWording>,
    /// Position of its first event.
    pub added: Position,
    /// Position of the newest event that changed it.
    pub position: Position,
}

/// What a note said before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteWording {
    /// The text; `None` once erased.
    pub text: Option<String>,
    /// When it was written.
    pub at: Timestamp,
}

impl fmt::Debug for NoteView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteView").field("note", &self.note).field("version", &self.version).finish_non_exhaustive()
    }
}

impl fmt::Debug for NoteWording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteWording").field("at", &self.at).finish_non_exhaustive()
    }
}

const COLUMNS: &str = "select id, session, author, text, mentions, created_at, edited_at, version, removed, history,
    added, position from note";

impl Reading {
    /// All notes of a session, removed ones as well, oldest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn notes(&mut self, session: SessionId) -> Result<Vec<NoteView>, ViewsError> {
        let sql = format!("{COLUMNS} where session = $1 order by added");
        let rows = self.rows.fetch(&sql, &[(&*session.to_string()).into()]).await?;
        Ok(rows.iter().map(NoteView::from_row).collect::<Result<_, _>>()?)
    }

    /// A note of a session.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn note(&mut self, session: SessionId, note: NoteId) -> Result<Option<NoteView>, ViewsError> {
        let sql = format!("{COLUMNS} where id = $1 and session = $2");
        let values = [note.to_string(), session.to_string()];
        let rows = self.rows.fetch(&sql, &[(&*values[0]).into(), (&*values[1]).into()]).await?;
        Ok(rows.first().map(NoteView::from_row).transpose()?)
    }
}

impl NoteView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            note: rows::id(row, 0)?,
            session: rows::id(row, 1)?,
            author: rows::id(row, 2)?,
            text: row.optional_text(3)?,
            mentions: rows::json(row, 4)?,
            created_at: rows::time(row, 5)?,
            edited_at: rows::optional_time(row, 6)?,
            version: row.int(7)?.try_into().map_err(rows::malformed)?,
            is_removed: row.int(8)? != 0,
            history: rows::json(row, 9)?,
            added: rows::position(row, 10)?,
            position: rows::position(row, 11)?,
        })
    }
}
