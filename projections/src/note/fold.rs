//! How the events of notes change their rows.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AgentId, NoteId, Personal, SessionId,
    session::{
        Event,
        event::{NoteAdded, NoteWords},
    },
};
use event_store::sql::{SqlError, Transaction, Value};
use jiff::Timestamp;
use journal::Decoded;

use super::{COLUMNS, NoteView, NoteWording};
use crate::{projection::Projection, rows};

/// Folds the events of notes.
#[derive(Debug)]
pub struct NotesProjection;

const SCHEMA: &[&str] = &[include_str!("../sql/note.sql")];
const INDEXES: &[&str] = &[
    // A session's notes.
    "create index if not exists note_by_session on note (session, added)",
];
const PLAIN: &[&str] = &["id", "session", "author", "mentions"];
const INSERT: &str = "insert into note (id, session, author, text, mentions, created_at, edited_at, version, removed,
    history, added, position)";
const REPLACE: &str = "on conflict (id) do update set text = excluded.text, mentions = excluded.mentions,
    edited_at = excluded.edited_at, version = excluded.version, removed = excluded.removed,
    history = excluded.history, position = excluded.position";

#[async_trait]
impl Projection for NotesProjection {
    fn name(&self) -> &'static str {
        "note"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let changes: Vec<Change<'_>> = events.iter().filter_map(Change::of).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let mut notes = load(tx, &changes).await?;
        for change in &changes {
            change.apply(&mut notes);
        }
        let texts: Vec<RowTexts<'_>> = notes.values().map(RowTexts::of).collect();
        let values: Vec<_> = texts.iter().map(RowTexts::values).collect();
        rows::insert(tx, INSERT, REPLACE, &values).await
    }
}

type Notes = BTreeMap<NoteId, NoteView>;

/// An event of a note.
struct Change<'a> {
    session: SessionId,
    note: NoteId,
    event: &'a Event,
    decoded: &'a Decoded,
}

async fn load(tx: &mut Transaction, changes: &[Change<'_>]) -> Result<Notes, SqlError> {
    let mut ids: Vec<String> = changes.iter().map(|change| change.note.to_string()).collect();
    ids.sort();
    ids.dedup();
    let found = rows::with_ids(tx, COLUMNS, "id", &ids).await?;
    found.iter().map(|row| NoteView::from_row(row).map(|note| (note.note, note))).collect()
}

impl<'a> Change<'a> {
    fn of(decoded: &'a Decoded) -> Option<Self> {
        let (session, event) = decoded.opened_event().session()?;
        let note = match event {
            Event::NoteAdded(added) => added.note,
            Event::NoteEdited(edited) => edited.note,
            Event::NoteRemoved(removed) => removed.note,
            _of_no_note => return None,
        };
        Some(Self { session, note, event, decoded })
    }

    fn apply(&self, notes: &mut Notes) {
        let (at, position) = (self.decoded.recorded().recorded_at, self.decoded.position());
        match (notes.get_mut(&self.note), self.event) {
            (None, Event::NoteAdded(added)) => drop(notes.insert(self.note, self.added(added))),
            (Some(note), Event::NoteEdited(edited)) if position > note.position => {
                note.edit(text_of(&edited.words), &edited.mentions, at);
                (note.version, note.position) = (edited.version, position);
            }
            (Some(note), Event::NoteRemoved(_)) if position > note.position => {
                note.remove();
                note.position = position;
            }
            _held_already => {}
        }
    }

    fn added(&self, added: &NoteAdded) -> NoteView {
        NoteView {
            note: added.note,
            session: self.session,
            author: added.author,
            text: text_of(&added.words),
            mentions: added.mentions.clone(),
            created_at: self.decoded.recorded().recorded_at,
            edited_at: None,
            version: 1,
            is_removed: false,
            history: Vec::new(),
            added: self.decoded.position(),
            position: self.decoded.position(),
        }
    }
}

fn text_of(words: &Personal<NoteWords>) -> Option<String> {
    words.known().map(|words| words.text.as_str().to_owned())
}

impl NoteView {
    fn edit(&mut self, text: Option<String>, mentions: &[AgentId], at: Timestamp) {
        let since = self.edited_at.unwrap_or(self.created_at);
        self.history.push(NoteWording { text: std::mem::replace(&mut self.text, text), at: since });
        self.mentions = mentions.to_vec();
        self.edited_at = Some(at);
    }

    fn remove(&mut self) {
        self.version = self.version.saturating_add(1);
        self.is_removed = true;
        self.text = None;
        self.mentions.clear();
        self.history.clear();
    }
}

/// A note with the columns that are stored as texts, for the statement's values to borrow.
struct RowTexts<'a> {
    note: &'a NoteView,
    ids: [String; 3],
    mentions: String,
    history: String,
}

impl<'a> RowTexts<'a> {
    fn of(note: &'a NoteView) -> Self {
        let ids = [note.note.to_string(), note.session.to_string(), note.author.to_string()];
        Self { note, ids, mentions: rows::to_json(&note.mentions), history: rows::to_json(&note.history) }
    }

    /// In the order of [`INSERT`].
    fn values(&self) -> Vec<Value<'_>> {
        let note = self.note;
        vec![
            (&*self.ids[0]).into(),
            (&*self.ids[1]).into(),
            (&*self.ids[2]).into(),
            note.text.as_deref().into(),
            (&*self.mentions).into(),
            note.created_at.as_microsecond().into(),
            Value::Int(note.edited_at.map(Timestamp::as_microsecond)),
            u64::from(note.version).into(),
            note.is_removed.into(),
            (&*self.history).into(),
            note.added.0.into(),
            note.position.0.into(),
        ]
    }
}
