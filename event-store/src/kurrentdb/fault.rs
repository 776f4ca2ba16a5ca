//! Errors of the client and the server, and how they are classified.
//!
//! Invariant: classified by kind and code, never by text.

use std::time::Duration;

use eventstore::{Error, GrpcConnectionError};

use super::settings::SettingsError;
use crate::port::{AppendError, ReadError};

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    #[error("KurrentDB did not answer within {} ms", .0.as_millis())]
    NoAnswer(Duration),
    #[error("KurrentDB's answer was cut off")]
    CutShort,
    #[error("KurrentDB's answer cannot be understood by its client")]
    NotUnderstood,
    #[error("KurrentDB: {0}")]
    Said(Error),
    #[error("no connection to KurrentDB can be made: {0}")]
    NoClient(String),
    #[error("the stream {0} was deleted in KurrentDB")]
    Deleted(String),
    #[error("other writers append to the stream too often")]
    Overtaken,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl From<SettingsError> for Fault {
    fn from(error: SettingsError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::NoClient(format!("{error}{cause}"))
    }
}

impl Fault {
    /// The client is dead: it makes only one attempt to find a node.
    pub(super) fn is_dead_client(&self) -> bool {
        matches!(self, Self::Said(Error::ConnectionClosed | Error::GrpcConnectionError(_)))
    }

    /// A new connection may help: the client stays with its node even after that has failed.
    pub(super) fn concerns_connection(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::CutShort | Self::NotUnderstood => true,
            Self::Said(error) => matches!(
                error,
                Error::ServerError(_)
                    | Error::ConnectionClosed
                    | Error::GrpcConnectionError(
                        GrpcConnectionError::MaxDiscoveryAttemptReached(_) | GrpcConnectionError::Grpc(_)
                    )
                    | Error::AccessDenied
            ),
            Self::NoClient(_) | Self::Deleted(_) | Self::Overtaken => false,
        }
    }

    pub(super) fn is_unknown_stream(&self) -> bool {
        matches!(self, Self::Said(Error::ResourceNotFound))
    }

    pub(super) fn is_deleted_stream(&self) -> bool {
        matches!(self, Self::Said(Error::ResourceDeleted))
    }

    pub(super) fn is_access_denied(&self) -> bool {
        matches!(self, Self::Said(Error::AccessDenied))
    }

    /// Another node is the leader; the client has switched to it.
    pub(super) fn is_not_leader(&self) -> bool {
        matches!(self, Self::Said(Error::NotLeaderException(_)))
    }

    pub(super) fn is_conflict(&self) -> bool {
        match self {
            Self::Said(Error::WrongExpectedVersion { .. }) => true,
            // As an answer among those of many appends.
            Self::Said(Error::Grpc { code, .. }) => i32::from(*code) == ALREADY_EXISTS,
            _other => false,
        }
    }

    /// The server refuses the request permanently.
    pub(super) fn is_invalid(&self) -> bool {
        // Compared as a number: the code's type is tonic's, which is not a dependency.
        matches!(self, Self::Said(Error::Grpc { code, .. }) if i32::from(*code) == INVALID_ARGUMENT)
    }

    /// A read may have been refused because of an invalid position: servers answer with either of two codes, one of which is
    /// also used for other errors.
    pub(super) fn may_be_position(&self) -> bool {
        self.is_invalid() || matches!(self, Self::Said(Error::ServerError(_)))
    }
}

/// gRPC codes.
const INVALID_ARGUMENT: i32 = 3;
const ALREADY_EXISTS: i32 = 6;

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Deleted(stream) => Self::Damaged {
                position: crate::event::Position::START,
                what: format!("the stream {stream} was deleted in KurrentDB (tombstone)"),
            },
            fault => Self::unavailable(fault),
        }
    }
}

impl From<Fault> for AppendError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Deleted(_) => Self::Refused("goes to a stream that was deleted in KurrentDB"),
            fault => Self::Unavailable(std::sync::Arc::new(fault)),
        }
    }
}

/// A failed call, or an event that cannot be decoded.
pub(super) enum ReadFault {
    Fault(Fault),
    Event(ReadError),
}

impl From<Fault> for ReadFault {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ReadError> for ReadFault {
    fn from(error: ReadError) -> Self {
        Self::Event(error)
    }
}

impl From<ReadFault> for ReadError {
    fn from(fault: ReadFault) -> Self {
        match fault {
            ReadFault::Fault(fault) => fault.into(),
            ReadFault::Event(error) => error,
        }
    }
}
