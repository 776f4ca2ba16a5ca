//! The answers that are not the one asked for, with the trailers by which clients know them (`RpcExceptions` and
//! `Google.Rpc.Status` in KurrentDB).

use prost::Message;
use prost_types::Any;
use tonic::{Code, Status, metadata::MetadataMap};

use crate::{
    index::expectation::Expected,
    proto::{self, StreamIdentifier, rpc},
};

/// A status with what the trailers tell. What no header can hold is left out, as it is by the server.
fn with(code: Code, message: String, trailers: &[(&'static str, &str)]) -> Status {
    let mut metadata = MetadataMap::new();
    for (name, value) in trailers {
        if let Ok(value) = value.parse() {
            metadata.insert(*name, value);
        }
    }
    Status::with_metadata(code, message, metadata)
}

pub(crate) fn not_leader(host: &str, port: u16) -> Status {
    let port = port.to_string();
    let leader = [("exception", "not-leader"), ("leader-endpoint-host", host), ("leader-endpoint-port", port.as_str())];
    with(Code::NotFound, "Leader info available".to_owned(), &leader)
}

pub(crate) fn not_ready() -> Status {
    Status::unavailable("Server Is Not Ready")
}

pub(crate) fn too_busy() -> Status {
    Status::unavailable("Server Is Too Busy")
}

pub(crate) fn timed_out(what: &str) -> Status {
    Status::aborted(format!("Operation timed out: {what}"))
}

/// What a subscription got from KurrentDB 21.10.7 to 23.10 that could not keep up.
pub(crate) fn too_slow() -> Status {
    timed_out("Consumer too slow to handle event while live. Client resubscription required.")
}

pub(crate) fn access_denied() -> Status {
    with(Code::PermissionDenied, "Access Denied".to_owned(), &[("exception", "access-denied")])
}

pub(crate) fn stream_deleted(stream: &str) -> Status {
    let trailers = [("exception", "stream-deleted"), ("stream-name", stream)];
    with(Code::FailedPrecondition, format!("Event stream '{stream}' is deleted."), &trailers)
}

pub(crate) fn invalid_position() -> Status {
    Status::invalid_argument("Trying to read from an invalid position.")
}

/// What a plain read answers to such a position.
pub(crate) fn unreadable_position() -> Status {
    Status::unknown("Unexpected ReadAllResult: InvalidPosition")
}

pub(crate) fn append_too_big(maximum: usize) -> Status {
    let size = maximum.to_string();
    let trailers = [("exception", "maximum-append-size-exceeded"), ("maximum-append-size", size.as_str())];
    with(Code::InvalidArgument, format!("Maximum Append Size of {maximum} Exceeded."), &trailers)
}

pub(crate) fn event_too_big(id: &str, size: usize, maximum: usize) -> Status {
    let (size, maximum) = (size.to_string(), maximum.to_string());
    let message = format!("Event with Id: {id}, Size: {size}, exceeds Maximum Append Event Size of {maximum}.");
    let trailers = [
        ("exception", "maximum-append-event-size-exceeded"),
        ("maximum-append-event-size", maximum.as_str()),
        ("event-id", id),
        ("proposed-append-event-size", size.as_str()),
    ];
    with(Code::InvalidArgument, message, &trailers)
}

pub(crate) fn metadata_missing(name: &str) -> Status {
    let trailers =
        [("exception", "missing-required-metadata-property"), ("required-metadata-properties", "type,content-type")];
    with(Code::InvalidArgument, format!("Required Metadata Property '{name}' is missing"), &trailers)
}

/// What a delete answers that finds something else than it expected.
pub(crate) fn wrong_version_of_delete(stream: &str, expected: Expected, last: Option<u64>) -> Status {
    let expected = match expected {
        Expected::Any => "-2".to_owned(),
        Expected::StreamExists => "-4".to_owned(),
        Expected::NoStream => "-1".to_owned(),
        Expected::Revision(revision) => revision.to_string(),
    };
    let actual = last.map_or_else(|| "-1".to_owned(), |last| last.to_string());
    let message = format!(
        "Delete failed due to WrongExpectedVersion. Stream: {stream}, Expected version: {expected}, Actual version: {actual}"
    );
    let trailers = [
        ("exception", "wrong-expected-version"),
        ("stream-name", stream),
        ("expected-version", expected.as_str()),
        ("actual-version", actual.as_str()),
    ];
    with(Code::FailedPrecondition, message, &trailers)
}

/// The errors that a batch append answers inside its stream.
pub(crate) mod batch {
    use super::{Any, Expected, Message, StreamIdentifier, proto, rpc};

    const TYPES: &str = "type.googleapis.com/";

    /// A status whose details are the message of the same name.
    fn status(code: rpc::Code, message: &str, details: &impl Message) -> rpc::Status {
        let details = Any { type_url: format!("{TYPES}event_store.client.{message}"), value: details.encode_to_vec() };
        rpc::Status { code: code.into(), message: message.to_owned(), details: Some(details) }
    }

    pub(crate) fn wrong_expected_version(expected: Expected, last: Option<u64>) -> rpc::Status {
        use proto::wrong_expected_version::{CurrentStreamRevisionOption, ExpectedStreamPositionOption};
        let details = proto::WrongExpectedVersion {
            current_stream_revision_option: Some(last.map_or(
                CurrentStreamRevisionOption::CurrentNoStream(()),
                CurrentStreamRevisionOption::CurrentStreamRevision,
            )),
            expected_stream_position_option: Some(match expected {
                Expected::Any => ExpectedStreamPositionOption::ExpectedAny(()),
                Expected::StreamExists => ExpectedStreamPositionOption::ExpectedStreamExists(()),
                Expected::NoStream => ExpectedStreamPositionOption::ExpectedNoStream(()),
                Expected::Revision(revision) => ExpectedStreamPositionOption::ExpectedStreamPosition(revision),
            }),
        };
        status(rpc::Code::AlreadyExists, "WrongExpectedVersion", &details)
    }

    pub(crate) fn stream_deleted(stream: StreamIdentifier) -> rpc::Status {
        let details = proto::StreamDeleted { stream_identifier: Some(stream) };
        status(rpc::Code::NotFound, "StreamDeleted", &details)
    }

    pub(crate) fn access_denied() -> rpc::Status {
        status(rpc::Code::PermissionDenied, "AccessDenied", &proto::AccessDenied {})
    }

    pub(crate) fn timeout() -> rpc::Status {
        status(rpc::Code::DeadlineExceeded, "Timeout", &proto::Timeout {})
    }

    pub(crate) fn append_too_big(maximum: usize) -> rpc::Status {
        let max_append_size = u32::try_from(maximum).unwrap_or(u32::MAX);
        let details = proto::MaximumAppendSizeExceeded { max_append_size };
        status(rpc::Code::InvalidArgument, "MaximumAppendSizeExceeded", &details)
    }

    pub(crate) fn bad_request(message: &str) -> rpc::Status {
        status(rpc::Code::InvalidArgument, "BadRequest", &proto::BadRequest { message: message.to_owned() })
    }

    /// What is said instead of an answer that the node cannot give at the moment.
    pub(crate) fn not_handled(message: &str) -> rpc::Status {
        let details = Any { type_url: format!("{TYPES}google.protobuf.Empty"), value: Vec::new() };
        rpc::Status { code: rpc::Code::Ok.into(), message: message.to_owned(), details: Some(details) }
    }
}
