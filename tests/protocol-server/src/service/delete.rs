//! `Delete` hides a stream until somebody writes to it again; `Tombstone` ends it for ever.

use tonic::{Request, Response, Status};

use super::{Call, Node, convert};
use crate::{
    access::Act,
    index::expectation::Expected,
    proto::{
        StreamIdentifier,
        streams::{
            DeleteReq, DeleteResp, TombstoneReq, TombstoneResp, delete_req, delete_resp, tombstone_req, tombstone_resp,
        },
    },
    statuses,
    store::Outcome,
};

/// The protocol has a type of its own for each of the two, and the same in both.
macro_rules! ends_a_stream {
    ($name:ident, $request:ident, $asked:ident, $response:ident, $told:ident, for_ever: $for_ever:literal) => {
        pub(super) async fn $name(node: &Node, request: Request<$request>) -> Result<Response<$response>, Status> {
            use $asked::options::ExpectedStreamRevision as Said;
            use $told::{Position, PositionOption};
            let options = request.get_ref().options.clone().unwrap_or_default();
            let expected = match options.expected_stream_revision {
                Some(Said::Revision(revision)) => Expected::Revision(revision),
                Some(Said::NoStream(())) => Expected::NoStream,
                Some(Said::Any(())) => Expected::Any,
                Some(Said::StreamExists(())) => Expected::StreamExists,
                None => return Err(nothing_expected()),
            };
            let ended = end(node, &request, options.stream_identifier, expected, $for_ever).await?;
            let position = ended.map_or(PositionOption::NoPosition(()), |at| {
                PositionOption::Position(Position { commit_position: at, prepare_position: at })
            });
            Ok(Response::new($response { position_option: Some(position) }))
        }
    };
}

ends_a_stream!(delete, DeleteReq, delete_req, DeleteResp, delete_resp, for_ever: false);
ends_a_stream!(tombstone, TombstoneReq, tombstone_req, TombstoneResp, tombstone_resp, for_ever: true);

fn nothing_expected() -> Status {
    Status::invalid_argument("a delete says what it expects")
}

async fn end<T>(
    node: &Node,
    request: &Request<T>,
    stream: Option<StreamIdentifier>,
    expected: Expected,
    for_ever: bool,
) -> Result<Option<u64>, Status> {
    let call = Call::of(request);
    let stream = convert::stream_name(stream)?;
    node.caller(request)?.may(Act::Delete, &stream, &node.cluster.store.read(), node.until())?;
    node.may_answer(&call)?;
    let outcome = node.cluster.store.delete(stream.clone(), expected, for_ever).await;
    node.cluster.faults.wait().await;
    match outcome.ok_or_else(statuses::not_ready)? {
        Outcome::Written { position, .. } => Ok(position),
        Outcome::Unexpected { last } => Err(statuses::wrong_version_of_delete(&stream, expected, last)),
        Outcome::Tombstoned => Err(statuses::stream_deleted(&stream)),
    }
}
