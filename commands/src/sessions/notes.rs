//! What staff keeps beside a session's talk: internal notes, tags, its priority.

use domain::{
    AgentId, NoteId,
    session::{
        Command,
        command::{AddNote, EditNote},
        priority::PriorityClass,
    },
    text::{MessageText, Tag},
};

use super::{Commanded, Sessions, StaffRequest};
use crate::error::CommandError;

/// What a note says, and to whom.
#[derive(Debug, Clone)]
pub struct NoteContent {
    /// The text.
    pub text: MessageText,
    /// Who is to read it.
    pub mentions: Vec<AgentId>,
}

impl Sessions {
    /// Writes an internal note.
    ///
    /// # Errors
    /// The session is not there, the key was used with another text, or the log did not take it.
    pub async fn add_note(
        &self,
        request: StaffRequest,
        content: NoteContent,
    ) -> Result<(NoteId, Commanded), CommandError> {
        let author = request.agent();
        let NoteContent { text, mentions } = content;
        let mut added = None;
        let command = |id: &crate::CommandId| {
            let note = *added.insert(NoteId(id.derive_id("note")));
            Command::AddNote(AddNote { note, author, mentions, text })
        };
        let done = self.staff_command("add_note", request, command).await?;
        Ok((added.ok_or(CommandError::KeyReused)?, done))
    }

    /// Writes an internal note anew; `seen` is the version that the author saw.
    ///
    /// # Errors
    /// It is another's, it changed since, it is not there, or the log did not take it.
    pub async fn edit_note(
        &self,
        request: StaffRequest,
        note: NoteId,
        seen: u32,
        content: NoteContent,
    ) -> Result<Commanded, CommandError> {
        let by = request.agent();
        let NoteContent { text, mentions } = content;
        let route = format!("edit_note {note} {seen}");
        let command = Command::EditNote(EditNote { note, by, seen, mentions, text });
        self.staff_command(&route, request, |_| command).await
    }

    /// Removes an internal note; `seen` is the version that the caller saw.
    ///
    /// # Errors
    /// It is another's and the caller no supervisor, it changed since, it is not there, or the log did not take it.
    pub async fn remove_note(&self, request: StaffRequest, note: NoteId, seen: u32) -> Result<Commanded, CommandError> {
        let by = request.by;
        let route = format!("remove_note {note} {seen}");
        self.staff_command(&route, request, |_| Command::RemoveNote { note, by, seen }).await
    }

    /// Adds tags to the session and removes some.
    ///
    /// # Errors
    /// They would be too many, the session is not there, or the log did not take it.
    pub async fn change_tags(
        &self,
        request: StaffRequest,
        add: Vec<Tag>,
        remove: Vec<Tag>,
    ) -> Result<Commanded, CommandError> {
        self.staff_command("change_tags", request, |_| Command::ChangeTags { add, remove }).await
    }

    /// Sets the session's place in the queue.
    ///
    /// # Errors
    /// The session is in danger, closed or not there, or the log did not take it.
    pub async fn set_priority(&self, request: StaffRequest, class: PriorityClass) -> Result<Commanded, CommandError> {
        self.staff_command("set_priority", request, |_| Command::SetPriority { class }).await
    }
}
