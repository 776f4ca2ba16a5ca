//! The log page by page, from its first event to its end, for whoever walks over all of it: while one page is looked at, the
//! next are being read.
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
    async_stream::try_stream! {
        let mut after = Position::START;
        if reader.positions() == Positions::Dense {
            let ahead = stream::iter(starts()).map(|start| reader.read_all(start, PAGE)).buffered(AHEAD);
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

/// Where the pages of a dense log begin.
fn starts() -> impl Iterator<Item = Position> {
    (0..).step_by(PAGE).map(Position)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::{
        event::{Actor, SealedEvent, StreamName},
        memory::MemoryStore,
        plan::{MAX_EVENTS, Request},
        port::Expected,
    };

    fn event() -> SealedEvent {
        SealedEvent {
            event_id: Uuid::new_v4(),
            event_type: "session.noted".into(),
            schema: 1,
            actor: Actor::new("agent", "ana"),
            subject: None,
            key_id: None,
            correlation_id: Uuid::nil(),
            causation_id: None,
            data: "{}".into(),
            personal: None,
        }
    }

    fn log_of(events: usize) -> MemoryStore {
        let (store, stream) = (MemoryStore::default(), StreamName::of("session", Uuid::nil()));
        for start in (0..events).step_by(MAX_EVENTS) {
            let events = (start..events.min(start + MAX_EVENTS)).map(|_| event()).collect();
            let request = Request { stream: stream.clone(), expected: Expected::Any, events };
            store.append_at(&request, Timestamp::now()).expect("it is stored");
        }
        store
    }

    /// Also where the log ends with a page.
    #[tokio::test]
    async fn every_event_comes_once_and_in_order() {
        for events in [0, 1, PAGE - 1, PAGE, PAGE + 1, 4 * PAGE, 4 * PAGE + 7] {
            let store = log_of(events);
            let pages: Vec<Page> = pages(&store).map(|page| page.expect("it is read")).collect().await;
            let seen: Vec<u64> = pages.iter().flatten().map(|event| event.position.0).collect();
            assert_eq!(seen, (1..=events as u64).collect::<Vec<_>>(), "{events}");
            assert!(pages.iter().all(|page| !page.is_empty()), "{events}");
        }
    }
}
