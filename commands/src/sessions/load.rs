//! Loading a session: its events folded by the domain's `evolve`, remembered without any personal text.

use std::sync::Arc;

use domain::{
    SessionId,
    session::{DecodeError, Event, PersonalText, State, decode},
};
use event_store::{Opened, Position, RecordedEvent, StreamVersion};

use super::{Sessions, stream_of};
use crate::error::{CommandError, Missing, Undecodable};

/// Events per read.
const PAGE: usize = 500;

/// A session's state and where in its stream that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// The last event folded.
    pub version: StreamVersion,
    /// Its position.
    pub position: Position,
    /// What they add up to.
    pub state: State,
}

impl Sessions {
    /// The session as it was right after this version.
    pub(super) async fn as_of(&self, session: SessionId, version: StreamVersion) -> Result<Folded, CommandError> {
        let (reader, stream) = (self.log().reader(), stream_of(session));
        let mut folded = Folded::default();
        while folded.version < version {
            let mut page = reader.read_stream(&stream, folded.version, PAGE).await?;
            page.retain(|recorded| recorded.version <= version);
            if page.is_empty() {
                break;
            }
            folded = fold(folded, &page)?;
        }
        Ok(folded)
    }

    /// Folds whatever the stream has beyond a remembered state.
    pub(super) async fn refresh(
        &self,
        session: SessionId,
        mut folded: Arc<Folded>,
    ) -> Result<Arc<Folded>, CommandError> {
        let (reader, stream) = (self.log().reader(), stream_of(session));
        loop {
            let page = reader.read_stream(&stream, folded.version, PAGE).await?;
            if page.is_empty() {
                return Ok(folded);
            }
            folded = Arc::new(fold(Arc::unwrap_or_clone(folded), &page)?);
            self.folded.insert(session, folded.clone()).await;
        }
    }
}

/// The state needs no personal text, so nothing is unsealed for it. A stream with a hole is not folded.
fn fold(folded: Folded, page: &[Arc<RecordedEvent>]) -> Result<Folded, CommandError> {
    let mut state = folded.state;
    let (mut version, mut position) = (folded.version, folded.position);
    for recorded in page {
        if recorded.version != version.next() {
            return Err(Missing { position: recorded.position, expected: version.next() }.into());
        }
        let opened = if recorded.event.personal.is_some() { PersonalText::Sealed } else { PersonalText::Absent };
        let event =
            decode_with(recorded, opened).map_err(|source| Undecodable { position: recorded.position, source })?;
        state = state.evolve(&event);
        (version, position) = (recorded.version, recorded.position);
    }
    Ok(Folded { version, position, state })
}

/// Decodes a recorded event of a session with its personal part as the vault gave it.
///
/// # Errors
/// The event is unknown or malformed.
pub fn decode_recorded(recorded: &RecordedEvent, opened: Opened) -> Result<Event, DecodeError> {
    decode_with(
        recorded,
        match opened {
            Opened::Nothing => PersonalText::Absent,
            Opened::Known(text) => PersonalText::Known(text),
            Opened::Erased => PersonalText::Erased,
        },
    )
}

fn decode_with(recorded: &RecordedEvent, personal: PersonalText) -> Result<Event, DecodeError> {
    let event = &recorded.event;
    decode(&event.event_type, event.schema, &event.data, personal)
}
