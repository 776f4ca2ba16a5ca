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

pub(super) async fn delete(node: &Node, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
    use delete_req::options::ExpectedStreamRevision as Said;
    use delete_resp::{Position, PositionOption};
    let options = request.get_ref().options.clone().unwrap_or_default();
    let expected = match options.expected_stream_revision {
        Some(Said::Revision(revision)) => Expected::Revision(revision),
        Some(Said::NoStream(())) => Expected::NoStream,
        Some(Said::Any(())) => Expected::Any,
        Some(Said::StreamExists(())) => Expected::StreamExists,
        None => return Err(nothing_expected()),
    };
    let position = end(node, &request, options.stream_identifier, expected, false).await?;
    let position = position.map(|at| PositionOption::Position(Position { commit_position: at, prepare_position: at }));
    Ok(Response::new(DeleteResp { position_option: position.or(Some(PositionOption::NoPosition(()))) }))
}

pub(super) async fn tombstone(node: &Node, request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
    use tombstone_req::options::ExpectedStreamRevision as Said;
    use tombstone_resp::{Position, PositionOption};
    let options = request.get_ref().options.clone().unwrap_or_default();
    let expected = match options.expected_stream_revision {
        Some(Said::Revision(revision)) => Expected::Revision(revision),
        Some(Said::NoStream(())) => Expected::NoStream,
        Some(Said::Any(())) => Expected::Any,
        Some(Said::StreamExists(())) => Expected::StreamExists,
        None => return Err(nothing_expected()),
    };
    let position = end(node, &request, options.stream_identifier, expected, true).await?;
    let position = position.map(|at| PositionOption::Position(Position { commit_position: at, prepare_position: at }));
    Ok(Response::new(TombstoneResp { position_option: position.or(Some(PositionOption::NoPosition(()))) }))
}

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
