//! The way of an ordinary caller, through the official client.

use eventstore::{ReadAllOptions, ReadStreamOptions, StreamPosition, SubscribeToAllOptions, SubscriptionFilter};

use crate::harness::{events, start, within};

#[tokio::test]
async fn events_are_written_read_and_subscribed_to() {
    let started = start();
    let client = started.client();
    let written = client.append_to_stream("a-1", &Default::default(), events(0..3)).await.unwrap();
    assert_eq!(written.next_expected_version, 2);

    let mut read =
        client.read_stream("a-1", &ReadStreamOptions::default().position(StreamPosition::Start)).await.unwrap();
    let mut revisions = Vec::new();
    while let Some(event) = read.next().await.unwrap() {
        revisions.push(event.get_original_event().revision);
    }
    assert_eq!(revisions, [0, 1, 2]);

    let mut all = client.read_all(&ReadAllOptions::default().position(StreamPosition::Start)).await.unwrap();
    let mut streams = Vec::new();
    while let Some(event) = all.next().await.unwrap() {
        streams.push(event.get_original_stream_id().to_owned());
    }
    assert!(streams.iter().any(|stream| stream.starts_with("$stats-")), "{streams:?}");
    assert_eq!(streams.iter().filter(|stream| *stream == "a-1").count(), 3);

    let filter = SubscriptionFilter::on_stream_name().regex("^a-");
    let options = SubscribeToAllOptions::default().position(StreamPosition::Start).filter(filter);
    let mut subscription = client.subscribe_to_all(&options).await;
    for revision in 0..3 {
        let event = within(subscription.next()).await.unwrap();
        assert_eq!(event.get_original_event().revision, revision);
    }
    client.append_to_stream("a-2", &Default::default(), events(0..1)).await.unwrap();
    let event = within(subscription.next()).await.unwrap();
    assert_eq!(event.get_original_stream_id(), "a-2");
}
