//! Reservations of event ids: one stream per reserved id, whose first event names the owner. KurrentDB guarantees that a stream has
//! only one first event.

use std::time::Duration;

use eventstore::{EventData, StreamState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{connection::Connection, fault::Fault, read, rival::until_visible};
use crate::{
    event::{Position, StreamName},
    port::{AppendError, ReadError},
};

const TYPE: &str = "log.id_claimed";
const LIMIT: Duration = Duration::from_millis(2500);

#[derive(Serialize, Deserialize)]
struct Reservation {
    stream: String,
}

/// A name that the filter of events excludes.
fn name_of(event_id: Uuid) -> String {
    format!("fiido.desk.claim-{event_id}")
}

/// The owner of an id.
pub(super) async fn owner(connection: &Connection, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
    let name = name_of(event_id);
    let Some(first) = read::one_of(connection, &name, false).await? else { return Ok(None) };
    let reservation = serde_json::from_slice::<Reservation>(&first.data).ok();
    match reservation.and_then(|reservation| StreamName::parse(&reservation.stream).ok()) {
        Some(stream) => Ok(Some(stream)),
        None => {
            let what = format!("the stream {name} does not name the owner of the id");
            Err(ReadError::Damaged { position: Position(first.position.commit), what })
        }
    }
}

/// Reserves an id unless it is reserved, and returns its owner.
pub(super) async fn reserve(
    connection: &Connection,
    event_id: Uuid,
    stream: &StreamName,
) -> Result<StreamName, AppendError> {
    let written = write(connection, event_id, stream).await;
    let is_refused = written.as_ref().is_err_and(Fault::is_conflict);
    let found = match is_refused {
        true => until_visible(|| owner(connection, event_id)).await,
        false => owner(connection, event_id).await,
    };
    match found {
        Ok(Some(owner)) => Ok(owner),
        Ok(None) => Err(written.err().unwrap_or(Fault::CutShort).into()),
        Err(error) => Err(AppendError::Unavailable(std::sync::Arc::new(error))),
    }
}

/// The outcome is read afterwards.
async fn write(connection: &Connection, event_id: Uuid, stream: &StreamName) -> Result<(), Fault> {
    let reservation = Reservation { stream: stream.to_string() };
    let event = EventData::json(TYPE, &reservation).expect("a name is JSON").id(Uuid::new_v4());
    let written = connection.call(LIMIT, |lent| async move {
        let options = lent.appending(LIMIT).stream_state(StreamState::NoStream);
        lent.client.append_to_stream(name_of(event_id), &options, event).await
    });
    written.await.map(drop)
}
