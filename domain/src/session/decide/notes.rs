//! Internal notes and tags.
//!
//! Invariant: a note is edited by its author alone and removed by its author or a supervisor, and only by who saw its newest version.

use crate::{
    id::NoteId,
    personal::Personal,
    session::{
        command::{AddNote, EditNote, Staff},
        decide::Decision,
        event::{Event, NoteAdded, NoteEdited, NoteRemoved, NoteWords, TagsChanged},
        notes::Note,
        rejection::Rejection,
        state::Session,
    },
    text::Tag,
};

/// Tags that a session has at most.
pub const MAX_TAGS: usize = 20;

pub(super) fn add(note: AddNote) -> Vec<Event> {
    let AddNote { note, author, mentions, text } = note;
    vec![Event::NoteAdded(NoteAdded { note, author, mentions, words: Personal::Known(NoteWords { text }) })]
}

pub(super) fn edit(session: &Session, edit: EditNote) -> Decision {
    let EditNote { note, by, seen, mentions, text } = edit;
    let known = session.notes.get(note).ok_or(Rejection::NoNote)?;
    if known.author != by {
        return Err(Rejection::NotTheAuthor { author: known.author });
    }
    is_newest(known, seen)?;
    if known.is_removed {
        return Err(Rejection::NoNote);
    }
    let (version, words) = (known.version + 1, Personal::Known(NoteWords { text }));
    Ok(vec![Event::NoteEdited(NoteEdited { note, version, mentions, words })])
}

/// Quiet about a note that is removed already.
pub(super) fn remove(session: &Session, note: NoteId, by: Staff, seen: u32) -> Decision {
    let known = session.notes.get(note).ok_or(Rejection::NoNote)?;
    if known.author != by.agent && !by.is_supervisor {
        return Err(Rejection::NotTheAuthor { author: known.author });
    }
    is_newest(known, seen)?;
    if known.is_removed {
        return Ok(Vec::new());
    }
    Ok(vec![Event::NoteRemoved(NoteRemoved { note })])
}

fn is_newest(known: &Note, seen: u32) -> Result<(), Rejection> {
    if known.version == seen { Ok(()) } else { Err(Rejection::NoteChanged { version: known.version }) }
}

/// What the session has already is not added, and what it does not have is not removed. One that is both added and removed is
/// removed.
pub(super) fn change_tags(session: &Session, add: Vec<Tag>, remove: Vec<Tag>) -> Decision {
    let is_new = |tag: &Tag| !session.tags.contains(tag) && !remove.contains(tag);
    let mut added: Vec<Tag> = add.into_iter().filter(is_new).collect();
    let mut removed: Vec<Tag> = remove.into_iter().filter(|tag| session.tags.contains(tag)).collect();
    for tags in [&mut added, &mut removed] {
        tags.sort();
        tags.dedup();
    }
    if session.tags.len() - removed.len() + added.len() > MAX_TAGS {
        return Err(Rejection::TooManyTags);
    }
    if added.is_empty() && removed.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TagsChanged(TagsChanged { added, removed })])
}
