//! What the workbench's stream says of an event to one member of staff, if anything.
//!
//! What is shown follows from the log and the reader alone, not from when it is read, so a stream that is resumed says what the
//! one before it would have said. Invariants: a session's last event that is shown is the one that hides it; the event is the last
//! frame of its position and alone has an id, so no event is lost or repeated, wherever a connection breaks.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use commands::{Sessions, sessions::stream_of};
use domain::{AgentId, SessionId, agent, agent::Permission, session::Event};
use event_store::{Identity, Position, StreamVersion};
use journal::{Decoded, JournalError};
use serde_json::json;

use crate::{
    agent_names::NameLookup,
    auth::staff_directory::StaffDirectory,
    envelope,
    reader::Reader,
    session_frames,
    session_owners::{Change, Ownership, SessionOwners, Tie, changes_queue},
    sse::frame_without_id,
};

/// The right by which it is shown.
const SHOWN_BY: &[Permission] = &[Permission::SessionRead];

/// Which sessions a stream is about.
#[derive(Clone)]
pub struct Selection {
    /// Whose own sessions.
    pub agent: AgentId,
    /// Sessions that are shown whosever they are.
    pub watched: HashSet<SessionId>,
    /// All sessions are.
    pub sees_all: bool,
}

impl Selection {
    /// Whether it is about a session that stands so.
    #[must_use]
    pub fn contains(&self, session: SessionId, ownership: &Ownership, directory: &StaffDirectory) -> bool {
        self.is_picked(session) || self.tie(ownership, directory).is_some()
    }

    /// Whosever it is.
    fn is_picked(&self, session: SessionId) -> bool {
        self.sees_all || self.watched.contains(&session)
    }

    fn tie(&self, ownership: &Ownership, directory: &StaffDirectory) -> Option<Tie> {
        ownership.tie(self.agent, |group| directory.has_skill(self.agent, group))
    }
}

/// One reader's stream.
pub struct Workbench {
    /// What is shown.
    pub selection: Selection,
    /// Which log this is.
    pub identity: Identity,
    /// The log, for what is older than what `owners` remembers.
    pub sessions: Arc<Sessions>,
    /// Who has what.
    pub owners: Arc<SessionOwners>,
    /// Who belongs to a group that is asked.
    pub directory: Arc<StaffDirectory>,
    /// Names beside ids.
    pub names: Arc<NameLookup>,
    /// How sessions stood, for as long as this is behind what `owners` remembers.
    pub behind: HashMap<SessionId, Ownership>,
}

impl Workbench {
    /// What is sent of an event that `owners` has reached.
    ///
    /// # Errors
    /// The event cannot be opened, or its session not be read.
    pub async fn frames(&mut self, decoded: &Decoded) -> Result<Option<Bytes>, JournalError> {
        let Some(note) = self.note(decoded).await? else { return Ok(None) };
        let mut reader = Reader::staff(SHOWN_BY);
        let Some(shown) = reader.show(self.sessions.journal(), decoded).await? else { return Ok(None) };
        let data = session_frames::data(&self.names, &shown).await;
        let frame = envelope::frame_with(self.identity, &shown, data.as_deref());
        Ok(Some(if note.is_empty() { frame } else { [note, frame].concat().into() }))
    }

    /// What comes before the event, often nothing; `None` where the event is not shown.
    async fn note(&mut self, decoded: &Decoded) -> Result<Option<Bytes>, JournalError> {
        let Some((session, event)) = decoded.event().session() else {
            return Ok(is_presence(decoded).then(Bytes::new));
        };
        if self.selection.is_picked(session) {
            return Ok(Some(Bytes::new()));
        }
        let change = self.change(decoded, session, event).await?;
        let position = decoded.position();
        Ok(match (self.tie(&change.before), self.tie(&change.after)) {
            (None, None) => {
                let is_shown = changes_queue(&change.before, event, &change.after) || self.is_mentioned_in(event);
                is_shown.then(Bytes::new)
            }
            (Some(_), Some(_)) => Some(Bytes::new()),
            (None, Some(tie)) => Some(visible(session, position, tie)),
            (Some(_), None) => Some(hidden(session, position)),
        })
    }

    fn tie(&self, ownership: &Ownership) -> Option<Tie> {
        self.selection.tie(ownership, &self.directory)
    }

    /// A note is shown to whom it mentions, whoever has the session.
    fn is_mentioned_in(&self, event: &Event) -> bool {
        match event {
            Event::NoteAdded(added) => added.mentions.contains(&self.selection.agent),
            Event::NoteEdited(edited) => edited.mentions.contains(&self.selection.agent),
            _no_note => false,
        }
    }

    async fn change(&mut self, decoded: &Decoded, session: SessionId, event: &Event) -> Result<Change, JournalError> {
        if let Some(change) = self.owners.change_at(decoded.position()) {
            self.behind = HashMap::new();
            return Ok(change);
        }
        let before = match self.behind.remove(&session) {
            Some(before) => before,
            None => self.before(decoded, session).await?,
        };
        let after = before.after(event);
        self.behind.insert(session, after.clone());
        Ok(Change { before, after })
    }

    /// How a session stood before one of its events, out of the log.
    async fn before(&self, decoded: &Decoded, session: SessionId) -> Result<Ownership, JournalError> {
        let events = self.sessions.journal().whole_stream(&stream_of(session), StreamVersion::NONE).await?;
        let earlier = events.iter().take_while(|earlier| earlier.position() < decoded.position());
        let earlier = earlier.filter_map(|earlier| Some(earlier.event().session()?.1));
        Ok(earlier.fold(Ownership::default(), |ownership, event| ownership.after(event)))
    }
}

fn is_presence(decoded: &Decoded) -> bool {
    decoded.event().agent().is_some_and(|(_, event)| matches!(event, agent::Event::PresenceChanged(_)))
}

fn visible(session: SessionId, position: Position, tie: Tie) -> Bytes {
    let data = json!({"session_id": session.to_string(), "position": position, "reason": tie.as_str()});
    frame_without_id("session_visible", &data)
}

fn hidden(session: SessionId, position: Position) -> Bytes {
    frame_without_id("session_hidden", &json!({"session_id": session.to_string(), "position": position}))
}
