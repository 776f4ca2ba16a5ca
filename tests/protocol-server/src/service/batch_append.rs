//! `BatchAppend`: many appends over one call, each with an id of its own and, if it likes, in several messages; each is
//! answered under that id, errors too, in the order in which they are done. They are written in the order in which they came.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap};
use uuid::Uuid;

use super::{Call, Node, append::befall, convert};
use crate::{
    access::{Act, Caller},
    event::Proposed,
    faults::AppendFault,
    index::expectation::Expected,
    proto::{
        rpc,
        streams::{
            BatchAppendReq, BatchAppendResp,
            batch_append_req::{
                self, Options, ProposedMessage,
                options::{DeadlineOption, ExpectedStreamPosition},
            },
            batch_append_resp::{self, Success, success},
        },
    },
    statuses::{self, batch},
    store::Outcome,
};

type Answers = mpsc::Sender<Result<BatchAppendResp, Status>>;
/// How many answers wait for a caller who does not take them.
const AHEAD: usize = 32;
/// The longest that a write may take; 2 s is KurrentDB's default.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// An append of which not everything has come yet.
struct Pending {
    stream: String,
    expected: Expected,
    events: Vec<Proposed>,
    bytes: usize,
    deadline: Instant,
}

pub(super) fn batch_append(
    node: &Node,
    request: Request<Streaming<BatchAppendReq>>,
) -> Result<Response<ReceiverStream<Result<BatchAppendResp, Status>>>, Status> {
    node.caller(&request)?;
    let call = Arc::new(Call::of(&request));
    let (metadata, _, mut messages) = request.into_parts();
    let (answers, receiver) = mpsc::channel(AHEAD);
    let node = node.clone();
    tokio::spawn(async move {
        let mut pending = HashMap::new();
        while let Ok(Some(message)) = messages.message().await {
            if take(&node, &call, &metadata, &answers, &mut pending, message).await.is_none() {
                break;
            }
        }
    });
    Ok(Response::new(ReceiverStream::new(receiver)))
}

/// Takes a message in. None: the call is over.
async fn take(
    node: &Node,
    call: &Arc<Call>,
    metadata: &MetadataMap,
    answers: &Answers,
    pending: &mut HashMap<Uuid, Pending>,
    message: BatchAppendReq,
) -> Option<()> {
    let BatchAppendReq { correlation_id, options, proposed_messages, is_final } = message;
    let stream_identifier = options.as_ref().and_then(|options| options.stream_identifier.clone());
    let refuse = |stream_identifier, error: rpc::Status| BatchAppendResp {
        correlation_id: correlation_id.clone(),
        result: Some(batch_append_resp::Result::Error(error)),
        stream_identifier,
        expected_stream_position: None,
    };
    let Ok(id) = convert::uuid(correlation_id.clone()) else {
        let refusal = refuse(stream_identifier, batch::bad_request("an append has an id"));
        return answers.send(Ok(refusal)).await.ok();
    };
    if let Some(options) = options {
        match begin(node, metadata, options) {
            // Options that come a second time change nothing.
            Ok(begun) => pending.entry(id).or_insert(begun),
            Err(error) => return answers.send(Ok(refuse(stream_identifier, error))).await.ok(),
        };
    }
    let Some(append) = pending.get_mut(&id) else { return Some(()) };
    if let Err(error) = add(node, append, proposed_messages) {
        let stream = convert::identifier(&append.stream);
        pending.remove(&id);
        return answers.send(Ok(refuse(Some(stream), error))).await.ok();
    }
    let append = if is_final { pending.remove(&id)? } else { return Some(()) };
    if let Err(status) = node.may_answer(call) {
        let stream = convert::identifier(&append.stream);
        return match status.code() {
            // With the leader's address the whole call ends.
            tonic::Code::NotFound => answers.send(Err(status)).await.ok().and(None),
            _ => answers.send(Ok(refuse(Some(stream), batch::not_handled(status.message())))).await.ok(),
        };
    }
    let (node, call, answers) = (node.clone(), call.clone(), answers.clone());
    let stream_identifier = Some(convert::identifier(&append.stream));
    let begun = begin_write(&node, append);
    tokio::spawn(async move {
        let result = match begun {
            Ok(begun) => begun.end(&node, &call).await,
            Err(error) => batch_append_resp::Result::Error(error),
        };
        let expected_stream_position = None;
        let answer =
            BatchAppendResp { correlation_id, result: Some(result), stream_identifier, expected_stream_position };
        // Whoever asked may have gone.
        let _ = answers.send(Ok(answer)).await;
    });
    Some(())
}

fn begin(node: &Node, metadata: &MetadataMap, options: Options) -> Result<Pending, rpc::Status> {
    let stream = convert::stream_name(options.stream_identifier)
        .map_err(|_| batch::bad_request("Required field StreamIdentifier not set."))?;
    Caller::of(metadata, &node.cluster.options.users)
        .and_then(|caller| caller.may(Act::Write, &stream, &node.cluster.store.read(), node.until()))
        .map_err(|_| batch::access_denied())?;
    let expected = match options.expected_stream_position {
        Some(ExpectedStreamPosition::StreamPosition(revision)) => Expected::Revision(revision),
        Some(ExpectedStreamPosition::NoStream(())) => Expected::NoStream,
        Some(ExpectedStreamPosition::Any(())) => Expected::Any,
        Some(ExpectedStreamPosition::StreamExists(())) => Expected::StreamExists,
        None => return Err(batch::bad_request("an append says what it expects")),
    };
    let left = options.deadline_option.map_or(Some(WRITE_TIMEOUT), time_left).ok_or_else(batch::timeout)?;
    let deadline = Instant::now() + left.min(WRITE_TIMEOUT);
    Ok(Pending { stream, expected, events: Vec::new(), bytes: 0, deadline })
}

/// How long the caller wants to wait; none if it is too late already.
fn time_left(deadline: DeadlineOption) -> Option<Duration> {
    let left = match deadline {
        DeadlineOption::Deadline(duration) => Duration::try_from(duration).ok()?,
        DeadlineOption::Deadline21100(moment) => {
            SystemTime::try_from(moment).ok()?.duration_since(SystemTime::now()).ok()?
        }
    };
    (!left.is_zero()).then_some(left)
}

fn add(node: &Node, append: &mut Pending, messages: Vec<ProposedMessage>) -> Result<(), rpc::Status> {
    let options = &node.cluster.options;
    for message in messages {
        let batch_append_req::ProposedMessage { id, metadata, custom_metadata, data } = message;
        let event = convert::proposed(id, metadata, custom_metadata, data)
            .map_err(|status| batch::bad_request(status.message()))?;
        append.bytes += event.size();
        if append.bytes > options.max_append_bytes || event.size() > options.max_event_bytes {
            return Err(batch::append_too_big(options.max_append_bytes));
        }
        append.events.push(event);
    }
    Ok(())
}

/// A write that has its place among the others, which is that in which it came.
struct Begun {
    stream: String,
    expected: Expected,
    fault: Option<AppendFault>,
    outcome: Option<oneshot::Receiver<Outcome>>,
}

fn begin_write(node: &Node, append: Pending) -> Result<Begun, rpc::Status> {
    let Pending { stream, expected, events, deadline, .. } = append;
    if deadline <= Instant::now() {
        return Err(batch::timeout());
    }
    let fault = node.cluster.faults.of_append(&stream);
    let is_stored = fault.is_none_or(AppendFault::is_stored);
    let outcome = is_stored.then(|| node.cluster.store.begin_append(stream.clone(), expected, events)).flatten();
    Ok(Begun { stream, expected, fault, outcome })
}

impl Begun {
    async fn end(self, node: &Node, call: &Call) -> batch_append_resp::Result {
        use batch_append_resp::Result::{Error, Success};
        let outcome = match self.outcome {
            Some(outcome) => outcome.await.ok(),
            None => None,
        };
        node.cluster.faults.wait().await;
        if let Some(fault) = self.fault {
            let status = befall(fault, call).await;
            return match status.code() {
                tonic::Code::Unavailable => Error(batch::not_handled(status.message())),
                _ => Error(batch::timeout()),
            };
        }
        match outcome {
            None => Error(batch::not_handled(statuses::not_ready().message())),
            Some(Outcome::Written { last, position }) => Success(written(last, position)),
            Some(Outcome::Unexpected { last }) => Error(batch::wrong_expected_version(self.expected, last)),
            Some(Outcome::Tombstoned) => Error(batch::stream_deleted(convert::identifier(&self.stream))),
        }
    }
}

fn written(last: Option<u64>, position: Option<u64>) -> Success {
    use crate::proto::AllStreamPosition;
    let position = position.map(|at| AllStreamPosition { commit_position: at, prepare_position: at });
    Success {
        current_revision_option: Some(
            last.map_or(success::CurrentRevisionOption::NoStream(()), success::CurrentRevisionOption::CurrentRevision),
        ),
        position_option: Some(
            position.map_or(success::PositionOption::NoPosition(()), success::PositionOption::Position),
        ),
    }
}
