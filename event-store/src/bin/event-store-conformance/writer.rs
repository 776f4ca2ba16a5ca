//! The writer of a crash walk: it appends to several streams concurrently until it is killed, and prints each append when it is sent
//! and when it is acknowledged. The n-th event of a stream is always the same, so the next writer continues from the log, and first
//! repeats the last event, like a program that missed the answer.

use std::{
    io::{self, Write as _},
    pin::pin,
    sync::Arc,
};

use event_store::{
    Actor, AppendError, Appended, EventStore, Expected, SealedEvent, StreamName, StreamVersion, pages::stream_pages,
};
use futures::StreamExt as _;
use uuid::Uuid;

use crate::{Failure, place::Place};

/// Streams written concurrently.
pub(crate) const STREAMS: usize = 8;

/// The streams of a walk.
pub(crate) fn stream(walk: &str, number: usize) -> StreamName {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{walk}/{number}").as_bytes());
    StreamName::of("session", id)
}

/// The n-th event of a stream, from 1.
pub(crate) fn event(stream: &StreamName, n: u64) -> SealedEvent {
    let id = |what: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{n}/{what}").as_bytes());
    SealedEvent {
        event_id: id("event"),
        event_type: "conformance.crashed".into(),
        schema: 1,
        actor: Actor::new("system", "conformance"),
        subject: None,
        key_id: None,
        correlation_id: id("correlation"),
        causation_id: None,
        data: format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(usize::try_from(n * 37 % 400).unwrap_or(0))).into(),
        personal: None,
    }
}

/// Appends until it is killed.
pub(crate) async fn write(place: &Place, walk: &str) -> Result<(), Failure> {
    let log = place.open_patiently().await?;
    let writers: Vec<_> = (0..STREAMS).map(|n| tokio::spawn(append_for_ever(log.clone(), stream(walk, n)))).collect();
    for writer in writers {
        // It ends only with an error.
        writer.await.map_err(|error| Failure::Writer(io::Error::other(error)))??;
    }
    Ok(())
}

async fn append_for_ever(log: Arc<dyn EventStore>, stream: StreamName) -> Result<(), Failure> {
    let last = retried(|| last_version(&*log, &stream)).await?;
    for n in last.0.max(1).. {
        // Alternate preconditions; the first append may be a repeat.
        let expected = match n % 3 {
            0 => Expected::Any,
            _ if n == 1 => Expected::NoStream,
            _ => Expected::Exact(StreamVersion(n - 1)),
        };
        say(&format!("try {stream} {n}"))?;
        let appended = append(&*log, &stream, expected, n).await;
        say(&format!("ok {stream} {n} {} {}", appended.last_version, appended.last_position))?;
    }
    Ok(())
}

/// Repeats an append until it is accepted.
async fn append(log: &dyn EventStore, stream: &StreamName, expected: Expected, n: u64) -> Appended {
    loop {
        match log.append(stream, expected, vec![event(stream, n)]).await {
            Ok(appended) => return appended,
            Err(AppendError::Unavailable(_)) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            Err(refused) => {
                // Reported to the walk: a correct log never refuses this append.
                let _untold = say(&format!("refused {stream} {n} {refused}"));
                std::future::pending().await
            }
        }
    }
}

async fn last_version(log: &dyn EventStore, stream: &StreamName) -> Result<StreamVersion, event_store::ReadError> {
    let mut last = StreamVersion::NONE;
    let mut pages = pin!(stream_pages(log, stream, last));
    while let Some(page) = pages.next().await {
        last = page?.last().map_or(last, |newest| newest.version);
    }
    Ok(last)
}

async fn retried<T, F: Future<Output = Result<T, event_store::ReadError>>>(
    read: impl Fn() -> F,
) -> Result<T, event_store::ReadError> {
    loop {
        match read().await {
            Err(event_store::ReadError::Unavailable(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            answer => return answer,
        }
    }
}

/// Prints a line and flushes it.
fn say(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::Writer)
}
