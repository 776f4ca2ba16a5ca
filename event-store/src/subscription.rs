//! A subscription over pages: reads what is there, then waits for the head to move. Shared by the adapters that can say
//! when their head moved; a hint that gets lost costs at most [`POLL`].
//!
//! Invariant: the cursor moves only past events that were handed out, so there is no seam between old and new.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use crate::{
    event::Position,
    pages::PAGE,
    port::{EventReader, EventStream, ReadError},
};

/// How long a lost hint may go unnoticed.
pub const POLL: Duration = Duration::from_secs(1);
/// Between tries while the database is away.
const RETRY: Duration = Duration::from_millis(200);

/// Follows the log from a position. `head` is a hint: whatever its value, the log itself is read.
pub fn follow(reader: Arc<dyn EventReader>, mut head: watch::Receiver<Position>, after: Position) -> EventStream {
    Box::pin(async_stream::stream! {
        let mut cursor = after;
        let (mut away, mut hinted) = (false, Position::START);
        loop {
            match reader.read_all(cursor, PAGE).await {
                Ok(page) => {
                    if std::mem::take(&mut away) {
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
                    if !std::mem::replace(&mut away, true) {
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

/// Returns when the head is hinted to be beyond the cursor, or after [`POLL`]. A hint that was followed in vain (the log's
/// end was cut off) is not followed again.
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
