//! Reading the log page by page: the one page size, and the one way to walk over the whole log, a part of it, or a stream.
//!
//! In a dense log the next pages are read while one is looked at. Invariant: what comes is what reading one page after the
//! other gives, in order; an error comes in the place of the page that could not be read, and is the last item.

use std::{pin::pin, sync::Arc};

use futures::{Stream, StreamExt as _, stream};

use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    port::{EventReader, Positions, ReadError},
};

/// Events in a page, for everybody who reads the log.
pub const PAGE: usize = 1000;
/// Pages being read at a time.
const AHEAD: usize = 3;

/// Events in order; at least one.
pub type Page = Vec<Arc<RecordedEvent>>;

/// Every page up to the end of the log.
pub fn pages(reader: &dyn EventReader) -> impl Stream<Item = Result<Page, ReadError>> {
    pages_after(reader, Position::START)
}

/// Every page after a position, up to the end of the log.
pub fn pages_after(reader: &dyn EventReader, mut after: Position) -> impl Stream<Item = Result<Page, ReadError>> {
    async_stream::try_stream! {
        if reader.positions() == Positions::Dense {
            let ahead = stream::iter(starts(after)).map(|start| reader.read_all(start, PAGE)).buffered(AHEAD);
            let mut ahead = pin!(ahead);
            while let Some(page) = ahead.next().await {
                let page = page?;
                let Some(last) = page.last() else { break };
                after = last.position;
                // The log ended here when this page was read. A later page may have been read later, and leave a gap.
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

/// Every page after one position, up to another, whose event is the last. A dense log that ends before it has a gap.
pub fn pages_up_to(
    reader: &dyn EventReader,
    after: Position,
    up_to: Position,
) -> impl Stream<Item = Result<Page, ReadError>> {
    async_stream::try_stream! {
        let mut pages = pin!(pages_after(reader, after));
        let mut reached = after;
        while reached < up_to && let Some(page) = pages.next().await {
            let mut page = page?;
            reached = page.last().map_or(up_to, |last| last.position);
            page.truncate(page.partition_point(|event| event.position <= up_to));
            if !page.is_empty() {
                yield page;
            }
        }
        if reader.positions() == Positions::Dense && reached < up_to {
            Err(ReadError::Gap { expected: reached.next(), found: up_to })?;
        }
    }
}

/// Every page of a stream after a version, up to its end.
pub fn stream_pages(
    reader: &dyn EventReader,
    stream: &StreamName,
    mut after: StreamVersion,
) -> impl Stream<Item = Result<Page, ReadError>> {
    async_stream::try_stream! {
        loop {
            let page = reader.read_stream(stream, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.version;
            let is_last = page.len() < PAGE;
            yield page;
            if is_last {
                break;
            }
        }
    }
}

/// How many events stand after one position and up to another. Where positions have holes the events have to be read to
/// be counted, which ends once there are `enough`.
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
    let mut pages = pin!(pages_up_to(reader, after, up_to));
    let mut count = 0;
    while count < enough
        && let Some(page) = pages.next().await
    {
        count += page?.len() as u64;
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
                    let up_to = pages_up_to(&store, Position::START, seen[index].position);
                    let earlier: Vec<Page> = up_to.map(|page| page.expect("it is read")).collect().await;
                    assert!(earlier.iter().flatten().eq(&seen[..=index]), "{events} up to {index}");
                }
                let stream = StreamName::of("session", Uuid::nil());
                let in_stream =
                    stream_pages(&store, &stream, StreamVersion::NONE).map(|page| page.expect("it is read"));
                let in_stream: Vec<Page> = in_stream.collect().await;
                assert!(in_stream.iter().flatten().eq(&seen), "{events} in the stream");
            }
        }
    }
}
