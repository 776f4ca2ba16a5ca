//! Which log it is: the first event of a stream of its own, written once, before any other of the log. The last event there
//! counts: a further one raises the generation, as a restore has to, or says that the log is being filled from another one or
//! is whole now.

use eventstore::{EventData, StreamState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    KurrentError,
    connection::Connection,
    fault::Fault,
    read::{self, Begin, IDENTITY, Which},
};
use crate::port::Identity;

const TYPE: &str = "log.identity";
/// Tries to be the one who writes it, or to read who was.
const TRIES: u32 = 3;

/// What the last event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    log_id: Uuid,
    generation: u64,
    /// A copy that is not whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_being_filled: bool,
}

impl Stored {
    pub(super) fn filling(Identity { log_id, generation }: Identity) -> Self {
        Self { log_id, generation, is_being_filled: true }
    }

    pub(super) fn whole(Identity { log_id, generation }: Identity) -> Self {
        Self { log_id, generation, is_being_filled: false }
    }

    pub(super) fn identity(self) -> Identity {
        Identity { log_id: self.log_id, generation: self.generation }
    }
}

/// What is written there, and at which revision; nothing where there is no log.
pub(super) async fn read(connection: &Connection) -> Result<Option<(Stored, u64)>, KurrentError> {
    let Some(last) = read::one_of(connection, IDENTITY, true).await? else { return Ok(None) };
    match serde_json::from_slice::<Stored>(&last.data) {
        Ok(stored) if last.event_type == TYPE && stored.generation > 0 => Ok(Some((stored, last.revision))),
        _other => Err(KurrentError::Identity),
    }
}

/// What is written there, written first if nothing is. Of several who do so at once one is first, and all have its log.
pub(super) async fn ensure(connection: &Connection) -> Result<Stored, KurrentError> {
    let new = Stored { log_id: Uuid::new_v4(), generation: 1, is_being_filled: false };
    ensure_is(connection, new).await
}

/// As [`ensure`], with this where there is nothing.
pub(super) async fn ensure_is(connection: &Connection, new: Stored) -> Result<Stored, KurrentError> {
    let mut last = Fault::CutShort;
    for _try in 0..TRIES {
        if let Some((stored, _)) = read(connection).await? {
            return Ok(stored);
        }
        if has_events(connection).await? {
            return Err(KurrentError::Nameless);
        }
        match write(connection, &new, StreamState::NoStream).await {
            Ok(()) => {}
            Err(fault) if fault.is_access_denied() => return Err(fault.into()),
            // Somebody else may have been first, or this may be stored all the same.
            Err(fault) => last = fault,
        }
    }
    Err(last.into())
}

/// Says it anew, if it is not said already.
pub(super) async fn say(connection: &Connection, wanted: Stored) -> Result<(), KurrentError> {
    let mut last = Fault::CutShort;
    for _try in 0..TRIES {
        let (stored, revision) = read(connection).await?.ok_or(KurrentError::NoLog)?;
        if stored == wanted {
            return Ok(());
        }
        match write(connection, &wanted, StreamState::StreamRevision(revision)).await {
            Ok(()) => {}
            Err(fault) if fault.is_access_denied() => return Err(fault.into()),
            Err(fault) => last = fault,
        }
    }
    Err(last.into())
}

/// Events of ours without an identity: it stands before all of them, so they are not what this program left.
async fn has_events(connection: &Connection) -> Result<bool, KurrentError> {
    let first = read::of_all(connection, Which::Events, Begin::Start, 1).await?;
    Ok(first.first().is_some_and(|first| first.stream_id() != IDENTITY))
}

async fn write(connection: &Connection, stored: &Stored, state: StreamState) -> Result<(), Fault> {
    let event = EventData::json(TYPE, stored).expect("an id and a number are JSON").id(Uuid::new_v4());
    let written = connection.call(super::OPENS_WITHIN, |lent| async move {
        let options = lent.appending(super::OPENS_WITHIN).stream_state(state);
        lent.client.append_to_stream(IDENTITY, &options, event).await
    });
    written.await.map(drop)
}
