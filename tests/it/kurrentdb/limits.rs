//! Appends beyond the limit of the server are not sent.

use event_store::{
    AppendError, EventReader as _, EventStore as _, Expected, Position, StreamVersion, sequencer::MAX_EVENT_BYTES,
};

use super::*;

pub(super) fn sealed(bytes: usize) -> SealedEvent {
    SealedEvent {
        subject: Some(Uuid::new_v4()),
        key_id: Some("3f0c-message-2026-11".into()),
        personal: Some(vec![7; bytes].into()),
        ..sealed_event()
    }
}

/// Sealed bytes are stored as text, a third longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn append_over_the_servers_limit_is_refused_before_sending() {
    let fixture = Fixture::new();
    let (log, stream) = (fixture.log().await, new_stream());
    log.append(&stream, Expected::Any, vec![sealed(760 * 1024)]).await.unwrap();
    log.append(
        &stream,
        Expected::Any,
        vec![SealedEvent { data: "x".repeat(MAX_EVENT_BYTES).into(), ..sealed_event() }],
    )
    .await
    .unwrap();
    // The server is unreachable from here on: sending would fail with another error.
    fixture.server().go_down_everywhere();
    for too_large in [vec![sealed(790 * 1024)], (0..256).map(|_| sealed(3000)).collect()] {
        let refused = log.append(&stream, Expected::Any, too_large).await;
        assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
    }
    fixture.server().listen_everywhere().unwrap();
    while log.read_stream(&stream, StreamVersion::NONE, 10).await.is_err() {}
    assert_eq!(log.read_stream(&stream, StreamVersion::NONE, 10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lowered_append_limit_is_taken_from_settings_or_server() {
    let fixture = Fixture::with(Options { max_append_bytes: 10_000, ..Options::default() });
    let stream = new_stream();
    let large = || vec![SealedEvent { data: "x".repeat(10_000).into(), ..sealed_event() }];
    let settings = fixture.settings();
    for settings in [settings.clone(), settings.with_max_append_bytes(10_000)] {
        let log = KurrentLog::open(settings).await.unwrap();
        let refused = log.append(&stream, Expected::Any, large()).await;
        assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
        log.append(&stream, Expected::Any, events(1)).await.unwrap();
    }
    assert_eq!(fixture.log().await.read_all(Position::START, 10).await.unwrap().len(), 2);
}
