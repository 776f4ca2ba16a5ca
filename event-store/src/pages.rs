//! The log page by page, from its first event or a later one to its end, for whoever walks over all of it: while one page is
//! looked at, the next are being read.
//!
//! Invariant: what comes is what reading one page after the other gives; a page that cannot be read comes in its turn.

use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};

use crate::{
    event::{Position, RecordedEvent},
    port::{EventReader, Positions, ReadError},
};

/// Events in a page.
pub const PAGE: usize = 1000;
/// Pages being read at a time.
const AHEAD: usize = 3;

/// Events in order; none empty.
pub type Page = Vec<Arc<RecordedEvent>>;

/// Every page up to the end of the log, or to the first that cannot be read, which is the last that comes.
pub fn pages(reader: &dyn EventReader) -> impl Stream<Item = Result<Page, ReadError>> {
    pages_after(reader, Position::START)
}

/// [`pages`] of what comes after a position.
pub fn pages_after(reader: &dyn EventReader, mut after: Position) -> impl Stream<Item = Result<Page, ReadError>> {
    async_stream::try_stream! {
        if reader.positions() == Positions::Dense {
            let ahead = stream::iter(starts(after)).map(|start| reader.read_all(start, PAGE)).buffered(AHEAD);
            let mut ahead = std::pin::pin!(ahead);
            while let Some(page) = ahead.next().await {
                let page = page?;
                let Some(last) = page.last() else { break };
                after = last.position;
                // Here the log ended when it was read; what comes next may have been read later and not fit.
                let is_last = page.len() < PAGE;
                yield page;
                if is_last {
                    break;
                }
            }
        }
        loop {
            let page = reader.read_all(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            yield page;
        }
    }
}

/// How many events stand after one position and up to another, counted no further than `enough`: where positions have holes
/// they have to be read.
///
/// # Errors
/// The log cannot be read.
pub async fn events_between(
    reader: &dyn EventReader,
    after: Position,
    up_to: Position,
    enough: u64,
) -> Result<u64, ReadError> {
    if reader.positions() == Positions::Dense {
        return Ok(up_to.0.saturating_sub(after.0));
    }
    let (mut count, mut after) = (0, after);
    while after < up_to && count < enough {
        let page = reader.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        count += page.iter().filter(|event| event.position <= up_to).count() as u64;
    }
    Ok(count)
}

/// Where the pages of a dense log begin.
fn starts(after: Position) -> impl Iterator<Item = Position> {
    (after.0..).step_by(PAGE).map(Position)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::{
        event::StreamName,
        memory::MemoryStore,
        port::Expected,
        samples::event,
        sequencer::{MAX_EVENTS, Request},
    };

    fn log_of(events: usize, positions: Positions) -> MemoryStore {
        let (store, stream) = (MemoryStore::numbering(Uuid::nil(), positions), StreamName::of("session", Uuid::nil()));
        for start in (0..events).step_by(MAX_EVENTS) {
            let events = (start..events.min(start + MAX_EVENTS)).map(|_| event()).collect();
            let request = Request { stream: stream.clone(), expected: Expected::Any, events };
            store.append_at(&request, Timestamp::now()).expect("it is stored");
        }
        store
    }

    #[tokio::test]
    async fn events_are_counted_where_positions_do_not_count_them() {
        for positions in [Positions::Dense, Positions::Increasing] {
            let store = log_of(2 * PAGE + 10, positions);
            let events = store.read_all(Position::START, usize::MAX).await.expect("memory answers");
            let (tenth, last) = (events[9].position, events[events.len() - 1].position);
            let count =
                async |after, up_to| events_between(&store, after, up_to, u64::MAX).await.expect("memory answers");
            assert_eq!(count(Position::START, last).await, 2 * PAGE as u64 + 10);
            assert_eq!(count(tenth, last).await, 2 * PAGE as u64);
            assert_eq!(count(Position::START, tenth).await, 10);
            assert_eq!(count(last, last).await, 0);
            assert_eq!(count(last, tenth).await, 0);
        }
        let store = log_of(2 * PAGE + 10, Positions::Increasing);
        let last = store.head().await.expect("memory answers");
        let counted = events_between(&store, Position::START, last, 100).await.expect("memory answers");
        assert_eq!(counted, PAGE as u64, "no more is read than is asked for");
    }

    /// Also where the log ends with a page.
    #[tokio::test]
    async fn every_event_comes_once_and_in_order() {
        for events in [0, 1, PAGE - 1, PAGE, PAGE + 1, 4 * PAGE, 4 * PAGE + 7] {
            for positions in [Positions::Dense, Positions::Increasing] {
                let store = log_of(events, positions);
                let pages: Vec<Page> = pages(&store).map(|page| page.expect("it is read")).collect().await;
                let seen: Vec<_> = pages.iter().flatten().cloned().collect();
                assert_eq!(
                    seen,
                    store.read_all(Position::START, usize::MAX).await.expect("memory answers"),
                    "{events}"
                );
                assert_eq!(seen.len(), events);
                assert!(pages.iter().all(|page| !page.is_empty()), "{events}");
                for index in [0, events / 2, events.saturating_sub(1)].into_iter().filter(|index| *index < events) {
                    let later = pages_after(&store, seen[index].position).map(|page| page.expect("it is read"));
                    let later: Vec<Page> = later.collect().await;
                    assert!(later.iter().flatten().eq(&seen[index + 1..]), "{events} after {index}");
                }
            }
        }
    }
}
