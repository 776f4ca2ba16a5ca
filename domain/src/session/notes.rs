//! The internal notes of a session, as far as deciding about them needs: who wrote each, how often it changed, whether it is gone.
//!
//! Invariants: no text here; a note never comes back, and its version never falls.

use crate::{
    id::{AgentId, NoteId},
    session::event::Event,
};

/// A note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The note.
    pub note: NoteId,
    /// Who wrote it.
    pub author: AgentId,
    /// From 1; an edit and a removal raise it by one.
    pub version: u32,
    /// Whether it was removed.
    pub is_removed: bool,
}

/// The notes of a session, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// A note, removed or not.
    #[must_use]
    pub fn get(&self, note: NoteId) -> Option<&Note> {
        self.0.iter().find(|known| known.note == note)
    }

    /// All of them, removed ones as well, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.0.iter()
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::NoteAdded(added) if self.get(added.note).is_none() => {
                let (note, author) = (added.note, added.author);
                self.0.push(Note { note, author, version: 1, is_removed: false });
            }
            Event::NoteEdited(edited) => self.change(edited.note, |note| note.version = edited.version),
            Event::NoteRemoved(removed) => self.change(removed.note, |note| {
                note.version = note.version.saturating_add(1);
                note.is_removed = true;
            }),
            _no_new_note => {}
        }
    }

    fn change(&mut self, note: NoteId, change: impl FnOnce(&mut Note)) {
        if let Some(known) = self.0.iter_mut().find(|known| known.note == note && !known.is_removed) {
            change(known);
        }
    }
}
