//! Between the protocol's messages and ours.

use std::{collections::HashMap, time::SystemTime};

use bytes::Bytes;
use tonic::Status;

use crate::{
    event::{Event, Proposed},
    proto::{
        self, StreamIdentifier,
        streams::{
            ReadResp,
            read_resp::{
                self, Content, ReadEvent,
                read_event::{Position, RecordedEvent},
            },
        },
    },
    statuses,
};

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// # Errors
/// `INVALID_ARGUMENT`: there is none, or it is no text.
pub(super) fn stream_name(identifier: Option<StreamIdentifier>) -> Result<String, Status> {
    let name = identifier.map(|identifier| identifier.stream_name).unwrap_or_default();
    let name = String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty());
    name.ok_or_else(|| Status::invalid_argument("a stream has a name"))
}

pub(super) fn identifier(stream: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: Bytes::copy_from_slice(stream.as_bytes()) }
}

/// # Errors
/// `INVALID_ARGUMENT`: there is none, or it cannot be read.
pub(crate) fn uuid(said: Option<proto::Uuid>) -> Result<uuid::Uuid, Status> {
    use proto::uuid::Value;
    let read = match said.and_then(|said| said.value) {
        Some(Value::String(text)) => uuid::Uuid::parse_str(&text).ok(),
        Some(Value::Structured(halves)) => {
            let (high, low) = (halves.most_significant_bits, halves.least_significant_bits);
            Some(uuid::Uuid::from_u64_pair(high.cast_unsigned(), low.cast_unsigned()))
        }
        None => None,
    };
    read.ok_or_else(|| Status::invalid_argument("an id is a UUID"))
}

pub(super) fn structured(id: uuid::Uuid) -> proto::Uuid {
    let (high, low) = id.as_u64_pair();
    let halves = proto::uuid::Structured {
        most_significant_bits: high.cast_signed(),
        least_significant_bits: low.cast_signed(),
    };
    proto::Uuid { value: Some(proto::uuid::Value::Structured(halves)) }
}

/// # Errors
/// `INVALID_ARGUMENT`: no id, no type or no content type.
pub(super) fn proposed(
    id: Option<proto::Uuid>,
    mut metadata: HashMap<String, String>,
    custom_metadata: Bytes,
    data: Bytes,
) -> Result<Proposed, Status> {
    let event_type = metadata.remove("type").ok_or_else(|| statuses::metadata_missing("type"))?;
    let content = metadata.remove("content-type").ok_or_else(|| statuses::metadata_missing("content-type"))?;
    Ok(Proposed { id: uuid(id)?, event_type, is_json: content == JSON, metadata: custom_metadata, data })
}

/// How a reader wants to have ids.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    Text,
    Structured,
}

pub(super) fn event(event: &Event, ids: Ids) -> ReadResp {
    let content = if event.is_json { JSON } else { BYTES };
    let metadata = [
        ("type", event.event_type.clone()),
        ("created", event.created.to_string()),
        ("content-type", content.to_owned()),
    ];
    let recorded = RecordedEvent {
        id: Some(match ids {
            Ids::Text => proto::Uuid { value: Some(proto::uuid::Value::String(event.id.to_string())) },
            Ids::Structured => structured(event.id),
        }),
        stream_identifier: Some(identifier(&event.stream)),
        stream_revision: event.revision,
        prepare_position: event.position,
        commit_position: event.position,
        metadata: metadata.map(|(name, value)| (name.to_owned(), value)).into(),
        custom_metadata: event.metadata.clone(),
        data: event.data.clone(),
    };
    content_of(Content::Event(ReadEvent {
        event: Some(recorded),
        link: None,
        position: Some(Position::CommitPosition(event.position)),
    }))
}

pub(super) fn content_of(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

pub(super) fn now() -> Option<prost_types::Timestamp> {
    Some(SystemTime::now().into())
}

pub(super) fn position(position: u64) -> read_resp::Position {
    read_resp::Position { commit_position: position, prepare_position: position }
}
