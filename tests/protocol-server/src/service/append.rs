//! `Append`: the stream and what is expected of it, then its events, then one answer.

use tonic::{Request, Response, Status, Streaming};

use super::{Call, Node, convert};
use crate::{
    access::Act,
    event::Proposed,
    faults::AppendFault,
    index::expectation::Expected,
    proto::streams::{
        AppendReq, AppendResp,
        append_req::{self, Content, options::ExpectedStreamRevision},
        append_resp::{self, WrongExpectedVersion, success, wrong_expected_version as wrong},
    },
    statuses,
    store::Outcome,
};

pub(super) async fn append(
    node: &Node,
    request: Request<Streaming<AppendReq>>,
) -> Result<Response<AppendResp>, Status> {
    let call = Call::of(&request);
    let caller = node.caller(&request)?;
    let mut messages = request.into_inner();
    let first = messages.message().await?.and_then(|message| message.content);
    let Some(Content::Options(options)) = first else {
        return Err(Status::invalid_argument("an append begins with its options"));
    };
    let stream = convert::stream_name(options.stream_identifier)?;
    let expected = expected(options.expected_stream_revision)?;
    caller.may(Act::Write, &stream, &node.cluster.store.read(), node.until())?;
    let events = events(node, &mut messages).await?;
    node.may_answer(&call)?;
    match write(node, &call, stream.clone(), expected, events).await? {
        Outcome::Written { last, position } => Ok(Response::new(written(last, position))),
        Outcome::Unexpected { last } => Ok(Response::new(unexpected(expected, last))),
        Outcome::Tombstoned => Err(statuses::stream_deleted(&stream)),
    }
}

fn expected(said: Option<ExpectedStreamRevision>) -> Result<Expected, Status> {
    match said {
        Some(ExpectedStreamRevision::Revision(revision)) => Ok(Expected::Revision(revision)),
        Some(ExpectedStreamRevision::NoStream(())) => Ok(Expected::NoStream),
        Some(ExpectedStreamRevision::Any(())) => Ok(Expected::Any),
        Some(ExpectedStreamRevision::StreamExists(())) => Ok(Expected::StreamExists),
        None => Err(Status::invalid_argument("an append says what it expects")),
    }
}

async fn events(node: &Node, messages: &mut Streaming<AppendReq>) -> Result<Vec<Proposed>, Status> {
    let options = &node.cluster.options;
    let mut events = Vec::new();
    let mut bytes = 0;
    while let Some(message) = messages.message().await? {
        let Some(Content::ProposedMessage(message)) = message.content else {
            return Err(Status::invalid_argument("behind the options an append has events only"));
        };
        let append_req::ProposedMessage { id, metadata, custom_metadata, data } = message;
        let event = convert::proposed(id, metadata, custom_metadata, data)?;
        if event.size() > options.max_event_bytes {
            return Err(statuses::event_too_big(&event.id.to_string(), event.size(), options.max_event_bytes));
        }
        bytes += event.size();
        if bytes > options.max_append_bytes {
            return Err(statuses::append_too_big(options.max_append_bytes));
        }
        events.push(event);
    }
    Ok(events)
}

/// Writes, unless something is to go wrong.
async fn write(
    node: &Node,
    call: &Call,
    stream: String,
    expected: Expected,
    events: Vec<Proposed>,
) -> Result<Outcome, Status> {
    let faults = &node.cluster.faults;
    let fault = faults.of_append(&stream);
    let mut outcome = None;
    if fault.is_none_or(AppendFault::is_stored) {
        outcome = Some(node.cluster.store.append(stream, expected, events).await.ok_or_else(statuses::not_ready)?);
    }
    faults.wait().await;
    match (fault, outcome) {
        (Some(fault), _) => Err(befall(fault, call).await),
        (None, Some(outcome)) => Ok(outcome),
        (None, None) => Err(statuses::not_ready()),
    }
}

/// What the caller gets instead of an answer, if anything.
pub(super) async fn befall(fault: AppendFault, call: &Call) -> Status {
    match fault {
        AppendFault::StoredTimedOut | AppendFault::LostTimedOut => statuses::timed_out("Commit timeout"),
        AppendFault::StoredDeadlineExceeded => Status::deadline_exceeded("the deadline is over"),
        AppendFault::StoredUnavailable => statuses::not_ready(),
        AppendFault::LostTooBusy => statuses::too_busy(),
        AppendFault::StoredNeverAnswered => std::future::pending().await,
        AppendFault::StoredConnectionCut | AppendFault::LostConnectionCut => {
            call.cut();
            std::future::pending().await
        }
    }
}

fn written(last: Option<u64>, position: Option<u64>) -> AppendResp {
    let position =
        position.map(|position| append_resp::Position { commit_position: position, prepare_position: position });
    let success = append_resp::Success {
        current_revision_option: Some(
            last.map_or(success::CurrentRevisionOption::NoStream(()), success::CurrentRevisionOption::CurrentRevision),
        ),
        position_option: Some(
            position.map_or(success::PositionOption::NoPosition(()), success::PositionOption::Position),
        ),
    };
    AppendResp { result: Some(append_resp::Result::Success(success)) }
}

/// Both revisions, in the fields of today and in those that clients of 20.6.0 read.
fn unexpected(expected: Expected, last: Option<u64>) -> AppendResp {
    use wrong::{
        CurrentRevisionOption as Current, CurrentRevisionOption2060 as OldCurrent, ExpectedRevisionOption as Now,
        ExpectedRevisionOption2060 as Old,
    };
    let (now, old) = match expected {
        Expected::Any => (Now::ExpectedAny(()), Old::Any2060(())),
        Expected::StreamExists => (Now::ExpectedStreamExists(()), Old::StreamExists2060(())),
        Expected::NoStream => (Now::ExpectedNoStream(()), Old::ExpectedRevision2060(u64::MAX)),
        Expected::Revision(revision) => (Now::ExpectedRevision(revision), Old::ExpectedRevision2060(revision)),
    };
    let answer = WrongExpectedVersion {
        current_revision_option_20_6_0: Some(
            last.map_or(OldCurrent::NoStream2060(()), OldCurrent::CurrentRevision2060),
        ),
        expected_revision_option_20_6_0: Some(old),
        current_revision_option: Some(last.map_or(Current::CurrentNoStream(()), Current::CurrentRevision)),
        expected_revision_option: Some(now),
    };
    AppendResp { result: Some(append_resp::Result::WrongExpectedVersion(answer)) }
}
