//! The identity of the log, in a stream of its own that is written before any event of the log. The last event of that stream
//! counts: a further one raises the generation after a restore, or marks the log as an incomplete or complete copy.

use eventstore::{EventData, StreamState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    KurrentError,
    connection::Connection,
    fault::Fault,
    read::{self, Begin, IDENTITY, Which},
    rival::until_visible,
};
use crate::port::Identity;

const TYPE: &str = "log.identity";
/// Attempts to write the identity, or to read the one written by another process.
const ATTEMPTS: u32 = 3;

/// The content of an identity event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    log_id: Uuid,
    generation: u64,
    /// The log is an incomplete copy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_being_filled: bool,
}

impl Stored {
    pub(super) fn filling(Identity { log_id, generation }: Identity) -> Self {
        Self { log_id, generation, is_being_filled: true }
    }

    pub(super) fn complete(Identity { log_id, generation }: Identity) -> Self {
        Self { log_id, generation, is_being_filled: false }
    }

    pub(super) fn identity(self) -> Identity {
        Identity { log_id: self.log_id, generation: self.generation }
    }
}

/// The stored identity and its revision; `None` if there is no log.
pub(super) async fn read(connection: &Connection) -> Result<Option<(Stored, u64)>, KurrentError> {
    let Some(last) = read::one_of(connection, IDENTITY, true).await? else { return Ok(None) };
    match serde_json::from_slice::<Stored>(&last.data) {
        Ok(stored) if last.event_type == TYPE && stored.generation > 0 => Ok(Some((stored, last.revision))),
        _other => Err(KurrentError::Identity),
    }
}

/// Reads the identity, or creates a new one. If several processes create one at the same time, all get the first.
pub(super) async fn ensure(connection: &Connection) -> Result<Stored, KurrentError> {
    let new = Stored { log_id: Uuid::new_v4(), generation: 1, is_being_filled: false };
    ensure_is(connection, new).await
}

/// As [`ensure`], creating this identity.
pub(super) async fn ensure_is(connection: &Connection, new: Stored) -> Result<Stored, KurrentError> {
    let mut last = Fault::CutShort;
    for _attempt in 0..ATTEMPTS {
        if let Some((stored, _)) = read(connection).await? {
            return Ok(stored);
        }
        if has_events(connection).await? {
            return Err(KurrentError::Nameless);
        }
        match write(connection, &new, StreamState::NoStream).await {
            Ok(()) => {}
            Err(fault) if fault.is_access_denied() => return Err(fault.into()),
            // Another process was first.
            Err(fault) if fault.is_conflict() => {
                last = fault;
                until_visible(|| read(connection)).await?;
            }
            // This write may have succeeded after all.
            Err(fault) => last = fault,
        }
    }
    Err(last.into())
}

/// Writes another identity event, unless the current one is equal.
pub(super) async fn update(connection: &Connection, wanted: Stored) -> Result<(), KurrentError> {
    let mut last = Fault::CutShort;
    for _attempt in 0..ATTEMPTS {
        let (stored, revision) = read(connection).await?.ok_or(KurrentError::NoLog)?;
        if stored == wanted {
            return Ok(());
        }
        match write(connection, &wanted, StreamState::StreamRevision(revision)).await {
            Ok(()) => {}
            Err(fault) if fault.is_access_denied() => return Err(fault.into()),
            Err(fault) if fault.is_conflict() => {
                last = fault;
                let newer =
                    || async move { Ok::<_, KurrentError>(read(connection).await?.filter(|(_, now)| *now > revision)) };
                until_visible(newer).await?;
            }
            Err(fault) => last = fault,
        }
    }
    Err(last.into())
}

/// No stream gets so far.
const NEVER: u64 = i64::MAX.unsigned_abs();

/// Has the leader refuse a write after a revision that no stream has: it takes its turn among the writes and stores nothing.
pub(super) async fn probe_write(connection: &Connection) -> Result<(), Fault> {
    let nothing = Stored { log_id: Uuid::nil(), generation: 0, is_being_filled: false };
    match write(connection, &nothing, StreamState::StreamRevision(NEVER)).await {
        Err(fault) if !fault.is_conflict() => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether there are events without an identity. This program writes the identity first, so it has not left them so.
async fn has_events(connection: &Connection) -> Result<bool, KurrentError> {
    let first = read::of_all(connection, Which::Events, Begin::Start, 1).await?;
    Ok(first.first().is_some_and(|first| first.stream_id() != IDENTITY))
}

async fn write(connection: &Connection, stored: &Stored, state: StreamState) -> Result<(), Fault> {
    let event = EventData::json(TYPE, stored).expect("an id and a number are JSON").id(Uuid::new_v4());
    let written = connection.call(super::OPEN_LIMIT, |lent| async move {
        let options = lent.appending(super::OPEN_LIMIT).stream_state(state);
        lent.client.append_to_stream(IDENTITY, &options, event).await
    });
    written.await.map(drop)
}
