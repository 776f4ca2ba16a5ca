//! `BatchAppend`: appends by their ids, in parts, with errors inside the stream.

use std::time::Duration;

use eventstore::{BatchAppendOptions, ReadAllOptions, StreamState, SubscriptionFilter};
use futures::{future::join_all, poll};
use prost::Message;
use protocol_server::{
    Options, Server,
    proto::{
        MaximumAppendSizeExceeded, StreamDeleted, WrongExpectedVersion, rpc,
        streams::{
            BatchAppendReq, BatchAppendResp,
            batch_append_req::{
                self, ProposedMessage,
                options::{DeadlineOption, ExpectedStreamPosition},
            },
            batch_append_resp::{Result as Answer, success},
        },
        wrong_expected_version::{CurrentStreamRevisionOption, ExpectedStreamPositionOption},
    },
    uuid_of,
};
use tonic::{Code, Streaming};
use uuid::Uuid;

use crate::{
    harness::{event, start, start_with, within},
    raw::{Raw, identifier, proposed, raw, raw_of, text_id},
};

struct Batch {
    messages: tokio::sync::mpsc::Sender<BatchAppendReq>,
    answers: Streaming<BatchAppendResp>,
}

async fn batch(server: &Server) -> Batch {
    of(&raw(server).await).await
}

async fn of(raw: &Raw) -> Batch {
    let (messages, receiver) = tokio::sync::mpsc::channel(100);
    let request = raw.request(tokio_stream::wrappers::ReceiverStream::new(receiver));
    let answers = within(raw.streams().batch_append(request)).await.unwrap().into_inner();
    Batch { messages, answers }
}

fn events(texts: &[&str]) -> Vec<ProposedMessage> {
    let events = texts.iter().map(|text| proposed(Uuid::new_v4(), text));
    events
        .map(|event| ProposedMessage {
            id: event.id,
            metadata: event.metadata,
            custom_metadata: event.custom_metadata,
            data: event.data,
        })
        .collect()
}

fn options(stream: &str, expected: ExpectedStreamPosition) -> batch_append_req::Options {
    batch_append_req::Options {
        stream_identifier: identifier(stream),
        expected_stream_position: Some(expected),
        deadline_option: None,
    }
}

impl Batch {
    async fn send(&self, id: Uuid, options: Option<batch_append_req::Options>, texts: &[&str], is_final: bool) {
        let proposed_messages = events(texts);
        let message = BatchAppendReq { correlation_id: Some(text_id(id)), options, proposed_messages, is_final };
        self.messages.send(message).await.unwrap();
    }

    async fn answer(&mut self) -> (Uuid, Answer) {
        let answer = within(self.answers.message()).await.unwrap().unwrap();
        (uuid_of(answer.correlation_id).unwrap(), answer.result.unwrap())
    }

    async fn error(&mut self) -> rpc::Status {
        match self.answer().await.1 {
            Answer::Error(status) => status,
            Answer::Success(success) => panic!("{success:?}"),
        }
    }
}

fn details<M: Message + Default>(status: &rpc::Status, name: &str) -> M {
    let details = status.details.as_ref().unwrap();
    assert_eq!(details.type_url, format!("type.googleapis.com/event_store.client.{name}"));
    M::decode(&*details.value).unwrap()
}

#[tokio::test]
async fn appends_over_one_call_are_answered_by_their_ids() {
    let started = start();
    let mut batch = batch(&started.server).await;
    let ids = [Uuid::new_v4(), Uuid::new_v4()];
    batch.send(ids[0], Some(options("a", ExpectedStreamPosition::NoStream(()))), &["one", "two"], true).await;
    batch.send(ids[1], Some(options("b", ExpectedStreamPosition::Any(()))), &["three"], true).await;
    let mut answers = [batch.answer().await, batch.answer().await];
    answers.sort_by_key(|(id, _)| *id != ids[0]);
    for ((id, answer), (expected, last)) in answers.into_iter().zip(ids.into_iter().zip([1, 0])) {
        let Answer::Success(success) = answer else { panic!("{answer:?}") };
        assert_eq!(id, expected);
        assert_eq!(success.current_revision_option, Some(success::CurrentRevisionOption::CurrentRevision(last)));
        assert!(matches!(success.position_option, Some(success::PositionOption::Position(_))));
    }
    assert_eq!(raw(&started.server).await.texts("a").await.unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn an_append_may_come_in_parts() {
    let started = start();
    let mut batch = batch(&started.server).await;
    let id = Uuid::new_v4();
    batch.send(id, Some(options("a", ExpectedStreamPosition::Any(()))), &["one"], false).await;
    batch.send(id, None, &["two"], false).await;
    batch.send(id, None, &["three"], true).await;
    assert!(matches!(batch.answer().await, (of, Answer::Success(_)) if of == id));
    assert_eq!(raw(&started.server).await.texts("a").await.unwrap(), ["one", "two", "three"]);
}

#[tokio::test]
async fn a_wrong_version_is_told_with_both_revisions_and_the_call_goes_on() {
    let started = start();
    let mut batch = batch(&started.server).await;
    batch.send(Uuid::new_v4(), Some(options("a", ExpectedStreamPosition::StreamPosition(3))), &["x"], true).await;
    let error = batch.error().await;
    assert_eq!((error.code(), &*error.message), (rpc::Code::AlreadyExists, "WrongExpectedVersion"));
    let wrong: WrongExpectedVersion = details(&error, "WrongExpectedVersion");
    assert_eq!(wrong.current_stream_revision_option, Some(CurrentStreamRevisionOption::CurrentNoStream(())));
    assert_eq!(wrong.expected_stream_position_option, Some(ExpectedStreamPositionOption::ExpectedStreamPosition(3)));
    batch.send(Uuid::new_v4(), Some(options("a", ExpectedStreamPosition::NoStream(()))), &["x"], true).await;
    assert!(matches!(batch.answer().await.1, Answer::Success(_)));
}

#[tokio::test]
async fn batch_reports_too_large_expired_and_tombstoned_appends() {
    let started = start_with(Options { max_append_bytes: 100, ..Options::default() });
    let mut batch = batch(&started.server).await;
    let any = || options("a", ExpectedStreamPosition::Any(()));
    batch.send(Uuid::new_v4(), Some(any()), &[&"x".repeat(200)], true).await;
    let error = batch.error().await;
    assert_eq!(error.code(), rpc::Code::InvalidArgument);
    let exceeded: MaximumAppendSizeExceeded = details(&error, "MaximumAppendSizeExceeded");
    assert_eq!(exceeded.max_append_size, 100);

    let deadline_option = Some(DeadlineOption::Deadline(Duration::ZERO.try_into().unwrap()));
    batch.send(Uuid::new_v4(), Some(batch_append_req::Options { deadline_option, ..any() }), &["x"], true).await;
    assert_eq!(batch.error().await.code(), rpc::Code::DeadlineExceeded);

    raw(&started.server).await.tombstone("a").await.unwrap();
    batch.send(Uuid::new_v4(), Some(any()), &["x"], true).await;
    let error = batch.error().await;
    assert_eq!(error.code(), rpc::Code::NotFound);
    let deleted: StreamDeleted = details(&error, "StreamDeleted");
    assert_eq!(deleted.stream_identifier, identifier("a"));
}

#[tokio::test]
async fn follower_ends_a_batch_call_with_the_leaders_address() {
    let started = start_with(Options { nodes: 2, ..Options::default() });
    let mut follower = raw_of(&started.server, 1).await;
    follower.requires_leader = true;
    let mut batch = of(&follower).await;
    batch.send(Uuid::new_v4(), Some(options("a", ExpectedStreamPosition::Any(()))), &["x"], true).await;
    let ended = within(batch.answers.message()).await.unwrap_err();
    assert_eq!(ended.code(), Code::NotFound);
    assert_eq!(ended.metadata().get("leader-endpoint-port").unwrap(), &*started.server.address(0).port().to_string());
}

#[tokio::test]
async fn the_official_client_appends_in_batches() {
    let started = start();
    let batches = started.client().batch_append(&Default::default()).await.unwrap();
    let written =
        batches.append_to_stream("a", eventstore::StreamState::NoStream, vec![event(0), event(1)]).await.unwrap();
    assert_eq!(written.current_revision(), Some(1));
    assert!(written.current_position().is_some());
}

/// Each goes to another stream, so only that they came in order puts them in order.
#[tokio::test]
async fn appends_of_a_batch_are_written_in_the_order_in_which_they_come() {
    let started = start();
    let client = started.client();
    let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
    let names: Vec<String> = (0..200).map(|number| format!("ordered-{number}")).collect();
    let mut answers: Vec<_> = names
        .iter()
        .map(|name| Box::pin(batch.append_to_stream(name, StreamState::NoStream, vec![event(0)])))
        .collect();
    for answer in &mut answers {
        assert!(poll!(answer).is_pending());
    }
    for answer in within(join_all(answers)).await {
        answer.unwrap();
    }
    let ours = SubscriptionFilter::on_stream_name().add_prefix("ordered-");
    let mut read = client.read_all(&ReadAllOptions::default().max_count(1000).filter(ours)).await.unwrap();
    let mut written = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        written.push(event.get_original_event().stream_id().to_owned());
    }
    assert_eq!(written, names);
}
