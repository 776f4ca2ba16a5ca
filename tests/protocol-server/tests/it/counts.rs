//! What the server counts, events of its own in bulk, and writes that are shown later than they are refused.

use std::time::Duration;

use eventstore::{
    AppendToStreamOptions, Client, Error, ReadAllOptions, ReadStreamOptions, StreamState, SubscriptionFilter,
    WriteResult,
};
use futures::future::select;
use protocol_server::Options;

use crate::harness::{Started, event, start, start_with, within};

#[tokio::test]
async fn calls_are_counted_by_kind() {
    let started = start();
    let client = started.client();
    client.append_to_stream("a-1", &AppendToStreamOptions::default(), event(1)).await.unwrap();
    for _ in 0..2 {
        let mut read = client.read_stream("a-1", &ReadStreamOptions::default()).await.unwrap();
        while read.next().await.unwrap().is_some() {}
    }
    let calls = started.server.calls();
    assert_eq!((calls.get("append"), calls.get("read_stream"), calls.get("read_all")), (Some(&1), Some(&2), None));
}

#[tokio::test]
async fn filtered_reads_look_at_foreign_events() {
    let started = start();
    let client = started.client();
    started.server.write_foreign(25_000).unwrap();
    client.append_to_stream("a-1", &AppendToStreamOptions::default(), event(1)).await.unwrap();
    let options = ReadAllOptions::default().max_count(1).filter(SubscriptionFilter::on_stream_name().regex("^a-1$"));
    let mut read = client.read_all(&options).await.unwrap();
    assert_eq!(read.next().await.unwrap().unwrap().get_original_event().stream_id(), "a-1");
    assert!(started.server.looked_at() >= 25_000, "{}", started.server.looked_at());
}

fn shown_after(visible_after: Duration) -> Started {
    start_with(Options { visible_after, ..Options::default() })
}

async fn create(client: &Client, number: u32) -> eventstore::Result<WriteResult> {
    let options = AppendToStreamOptions::default().stream_state(StreamState::NoStream);
    client.append_to_stream("a-1", &options, event(number)).await
}

/// As in a cluster: the leader refuses over what it has written, and shows it when a majority has it.
#[tokio::test]
async fn refusal_comes_before_the_rival_is_visible() {
    let started = shown_after(Duration::from_secs(3600));
    let (client, rival) = (started.client(), started.client());
    let (first, _other) =
        within(select(Box::pin(create(&client, 1)), Box::pin(create(&rival, 2)))).await.factor_first();
    assert!(matches!(first, Err(Error::WrongExpectedVersion { .. })), "{first:?}");
    let mut read = client.read_stream("a-1", &ReadStreamOptions::default()).await.unwrap();
    let read = read.next().await;
    assert!(matches!(read, Err(Error::ResourceNotFound)), "{read:?}");
}

#[tokio::test]
async fn whoever_is_told_of_success_reads_it() {
    let started = shown_after(Duration::from_millis(100));
    let client = started.client();
    within(create(&client, 1)).await.unwrap();
    let mut read = client.read_stream("a-1", &ReadStreamOptions::default()).await.unwrap();
    assert!(read.next().await.unwrap().is_some());
}
