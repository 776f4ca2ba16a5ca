//! Events by which staff keeps order in sessions: internal notes and tags. None of them is for customers.

use serde::{Deserialize, Serialize};

use crate::{
    codec::sealed,
    id::{AgentId, NoteId},
    personal::Personal,
    text::{MessageText, Tag},
};

/// A member of staff wrote an internal note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteAdded {
    /// The note.
    pub note: NoteId,
    /// Who wrote it.
    pub author: AgentId,
    /// Who is to read it.
    pub mentions: Vec<AgentId>,
    /// What it says.
    #[serde(skip, default = "sealed")]
    pub words: Personal<NoteWords>,
}

/// The sealed part of [`NoteAdded`] and [`NoteEdited`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteWords {
    /// The text.
    pub text: MessageText,
}

/// The author wrote it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteEdited {
    /// The note.
    pub note: NoteId,
    /// Its version since: the first is 1.
    pub version: u32,
    /// Who is to read it.
    pub mentions: Vec<AgentId>,
    /// What it says since.
    #[serde(skip, default = "sealed")]
    pub words: Personal<NoteWords>,
}

/// The author, or a supervisor, removed it. That raises its version by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteRemoved {
    /// The note.
    pub note: NoteId,
}

/// The session's tags changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagsChanged {
    /// Those that it did not have.
    pub added: Vec<Tag>,
    /// Those that it has no more.
    pub removed: Vec<Tag>,
}
