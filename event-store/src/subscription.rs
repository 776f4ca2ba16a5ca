//! A subscription over pages: reads the existing events, then waits for the head to move. Shared by all adapters; a lost hint delays
//! it by at most [`POLL`].
//!
//! Invariant: the cursor only moves past events that were yielded, so there is no gap between existing and new events.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use crate::{
    event::Position,
    pages::PAGE,
    port::{EventReader, EventStream, ReadError},
};

/// Poll interval, for lost hints.
pub const POLL: Duration = Duration::from_secs(1);
/// Pause between attempts while the database is unavailable.
const RETRY: Duration = Duration::from_millis(200);

/// Follows the log from a position. `head` is only a hint; the log itself is read.
pub fn follow(reader: Arc<dyn EventReader>, mut head: watch::Receiver<Position>, after: Position) -> EventStream {
    Box::pin(async_stream::stream! {
        let mut cursor = after;
        let (mut unavailable, mut hinted) = (false, Position::START);
        loop {
            match reader.read_all(cursor, PAGE).await {
                Ok(page) => {
                    if std::mem::take(&mut unavailable) {
                        tracing::info!(position = cursor.0, "subscription resumed");
                    }
                    if page.is_empty() {
                        wait_beyond(&mut head, cursor, &mut hinted).await;
                    }
                    for event in page {
                        cursor = event.position;
                        yield Ok(event);
                    }
                }
                Err(ReadError::Unavailable(error)) => {
                    if !std::mem::replace(&mut unavailable, true) {
                        tracing::warn!(position = cursor.0, error = &*error as &dyn std::error::Error, "subscription waits");
                    }
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
    })
}

/// Returns when a hint says that the head is beyond the cursor, or after [`POLL`]. A hint without new events (the log was
/// truncated) is not used again.
async fn wait_beyond(head: &mut watch::Receiver<Position>, cursor: Position, hinted: &mut Position) {
    let known = (*hinted).max(cursor);
    let hint =
        timeout(POLL, head.wait_for(|position| *position > known)).await.map(|hint| hint.map(|position| *position));
    match hint {
        Ok(Ok(position)) => *hinted = position,
        Ok(Err(_writer_gone)) => tokio::time::sleep(POLL).await,
        Err(_elapsed) => {}
    }
}
