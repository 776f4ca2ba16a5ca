//! Which log it is: the first event of a stream of its own, written once, before any other of the log. Each further event there
//! raises the generation, as a restore has to.

use eventstore::{EventData, StreamState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    KurrentError,
    connection::Connection,
    fault::Fault,
    pull::{self, IDENTITY},
};
use crate::port::Identity;

const TYPE: &str = "log.identity";
/// Tries to be the one who writes it, or to read who was.
const TRIES: u32 = 3;

#[derive(Serialize, Deserialize)]
struct Stored {
    log_id: Uuid,
    generation: u64,
}

/// What is written there; nothing where there is no log.
pub(super) async fn read(connection: &Connection) -> Result<Option<Identity>, KurrentError> {
    let Some(last) = pull::one_of(connection, IDENTITY, true).await? else { return Ok(None) };
    match serde_json::from_slice::<Stored>(&last.data) {
        Ok(Stored { log_id, generation }) if last.event_type == TYPE && generation > 0 => {
            Ok(Some(Identity { log_id, generation }))
        }
        _other => Err(KurrentError::Identity),
    }
}

/// What is written there, written first if nothing is. Of several who do so at once one is first, and all have its log.
pub(super) async fn ensure(connection: &Connection) -> Result<Identity, KurrentError> {
    let mut last = Fault::CutShort;
    for _try in 0..TRIES {
        if let Some(identity) = read(connection).await? {
            return Ok(identity);
        }
        let new = Stored { log_id: Uuid::new_v4(), generation: 1 };
        match write(connection, &new).await {
            Ok(()) => {}
            Err(fault) if fault.is_access_denied() => return Err(fault.into()),
            // Somebody else may have been first, or this may be stored all the same.
            Err(fault) => last = fault,
        }
    }
    Err(last.into())
}

async fn write(connection: &Connection, identity: &Stored) -> Result<(), Fault> {
    let event = EventData::json(TYPE, identity).expect("an id and a number are JSON").id(Uuid::new_v4());
    let written = connection.call(super::OPENS_WITHIN, |lent| async move {
        let options = lent.appending(super::OPENS_WITHIN).stream_state(StreamState::NoStream);
        lent.client.append_to_stream(IDENTITY, &options, event).await
    });
    written.await.map(drop)
}
