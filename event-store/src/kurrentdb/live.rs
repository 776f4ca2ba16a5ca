//! The newest events of the log, as the one subscription of this process brings them (`watch.rs`): whoever follows the log, and
//! whoever reads back what it has just appended, finds them here and asks the server only for what is not.
//!
//! Invariant: the window holds every event of ours behind its beginning, in the log's order and as the log has it. Only the task
//! that reads the subscription puts anything in. Behind an event that cannot be decoded the window begins anew, so that its readers
//! are told by the log itself.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::reader::KurrentReader;
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    pages::PAGE,
    port::{EventReader as _, EventStream, ReadError},
    sequencer,
    subscription::POLL,
};

/// Events in the window, and their bytes: some seconds at full load.
const EVENTS: usize = 4096;
const BYTES: usize = 16 * 1024 * 1024;
/// How long an append waits for its events to be brought; after that the stream is read.
const SOON: Duration = Duration::from_millis(250);
/// Pause between attempts to read what is not in the window, while the server is unavailable.
const RETRY: Duration = Duration::from_millis(200);

type Events = Vec<Arc<RecordedEvent>>;

pub(super) struct Live {
    window: Mutex<Window>,
    end: watch::Sender<Position>,
    /// The subscription has been confirmed and has not ended.
    is_connected: AtomicBool,
}

#[derive(Default)]
struct Window {
    after: Position,
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
}

impl Live {
    /// A window that begins behind the last event of the log.
    pub(super) fn new(last: Position) -> Self {
        let window = Mutex::new(Window { after: last, ..Window::default() });
        Self { window, end: watch::Sender::new(last), is_connected: AtomicBool::new(false) }
    }

    /// Position of the last event that was brought.
    pub(super) fn end(&self) -> Position {
        *self.end.borrow()
    }

    pub(super) fn set_connected(&self, is_connected: bool) {
        self.is_connected.store(is_connected, Ordering::Relaxed);
    }

    /// Takes in the next event; one that was brought before is left.
    pub(super) fn push(&self, event: Arc<RecordedEvent>) {
        let position = event.position;
        if position > self.end() {
            self.window().push(event);
            self.end.send_replace(position);
        }
    }

    /// Begins anew behind an event that cannot be decoded.
    pub(super) fn begin_after(&self, position: Position) {
        if position > self.end() {
            *self.window() = Window { after: position, ..Window::default() };
            self.end.send_replace(position);
        }
    }

    /// Up to a page of events behind a position; `None` if the window begins later.
    fn after(&self, position: Position) -> Option<Events> {
        let window = self.window();
        if position < window.after {
            return None;
        }
        let first = window.events.partition_point(|event| event.position <= position);
        Some(window.events.range(first..).take(PAGE).cloned().collect())
    }

    /// The events of a stream behind a version, up to one that was just appended at a position; `None` if they are not brought soon.
    pub(super) async fn read_back(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        last: StreamVersion,
        position: Position,
    ) -> Option<Events> {
        if !self.is_connected.load(Ordering::Relaxed) {
            return None;
        }
        let mut end = self.end.subscribe();
        timeout(SOON, end.wait_for(|end| *end >= position)).await.ok()?.ok()?;
        let events = self.of_stream(stream, after);
        let is_whole = (after.0 + 1..).zip(&events).all(|(version, event)| event.version.0 == version);
        (is_whole && events.last().is_some_and(|event| event.version >= last)).then_some(events)
    }

    fn of_stream(&self, stream: &StreamName, after: StreamVersion) -> Events {
        let window = self.window();
        // The newest are at the end.
        let newest_first = window.events.iter().rev().filter(|event| event.stream == *stream);
        let mut events: Events = newest_first.take_while(|event| event.version > after).cloned().collect();
        events.reverse();
        events
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn push(&mut self, event: Arc<RecordedEvent>) {
        self.bytes += sequencer::size(&event.event);
        self.events.push_back(event);
        while (self.events.len() > EVENTS || self.bytes > BYTES)
            && let Some(oldest) = self.events.pop_front()
        {
            self.bytes -= sequencer::size(&oldest.event);
            self.after = oldest.position;
        }
    }
}

/// Follows the log from a position: from the log up to where the window begins, then as events are brought.
pub(super) fn follow(reader: KurrentReader, after: Position) -> EventStream {
    Box::pin(async_stream::stream! {
        let mut end = reader.live.end.subscribe();
        let mut cursor = after;
        loop {
            let page = match reader.live.after(cursor) {
                Some(page) if page.is_empty() => {
                    if end.wait_for(|end| *end > cursor).await.is_err() {
                        return;
                    }
                    continue;
                }
                Some(page) => Ok(page),
                None => reader.read_all(cursor, PAGE).await,
            };
            match page {
                // The window begins behind an event that the log does not have any more.
                Ok(page) if page.is_empty() => sleep(POLL).await,
                Ok(page) => for event in page {
                    cursor = event.position;
                    yield Ok(event);
                },
                Err(ReadError::Unavailable(_)) => sleep(RETRY).await,
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::{hash::NO_HASH, samples};

    fn stream(number: u128) -> StreamName {
        StreamName::of("session", Uuid::from_u128(number))
    }

    fn event(position: u64, stream: &StreamName, version: u64) -> Arc<RecordedEvent> {
        Arc::new(RecordedEvent {
            position: Position(position),
            stream: stream.clone(),
            version: StreamVersion(version),
            recorded_at: Timestamp::UNIX_EPOCH,
            event: samples::event(),
            prev_hash: NO_HASH,
            hash: NO_HASH,
        })
    }

    fn positions(events: Option<Events>) -> Option<Vec<u64>> {
        events.map(|events| events.iter().map(|event| event.position.0).collect())
    }

    #[test]
    fn window_gives_what_is_behind_a_position_or_nothing() {
        let live = Live::new(Position(10));
        assert_eq!(positions(live.after(Position(9))), None);
        assert_eq!(positions(live.after(Position(10))), Some(vec![]));
        for position in [20, 30, 20, 30, 40] {
            live.push(event(position, &stream(1), position / 10 - 1));
        }
        assert_eq!(positions(live.after(Position(10))), Some(vec![20, 30, 40]));
        assert_eq!(positions(live.after(Position(25))), Some(vec![30, 40]));
        assert_eq!(positions(live.after(Position(99))), Some(vec![]), "that is beyond the head");
        live.begin_after(Position(50));
        assert_eq!(positions(live.after(Position(40))), None, "behind it there is one that cannot be decoded");
        assert_eq!(live.end(), Position(50));
    }

    #[test]
    fn oldest_events_leave_a_full_window() {
        let live = Live::new(Position(0));
        for number in 1..=EVENTS as u64 + 10 {
            live.push(event(number, &stream(1), number));
        }
        assert_eq!(positions(live.after(Position(9))), None);
        assert_eq!(positions(live.after(Position(10))).map(|events| events[0]), Some(11));
    }

    #[tokio::test]
    async fn append_is_read_back_whole_or_not_at_all() {
        let live = Live::new(Position(10));
        let read = async |after, last, position| {
            positions(live.read_back(&stream(1), StreamVersion(after), StreamVersion(last), Position(position)).await)
        };
        for (position, number, version) in [(20, 1, 3), (30, 2, 1), (40, 1, 4)] {
            live.push(event(position, &stream(number), version));
        }
        assert_eq!(read(2, 4, 40).await, None, "nobody brings anything");
        live.set_connected(true);
        assert_eq!(read(2, 4, 40).await, Some(vec![20, 40]));
        assert_eq!(read(3, 4, 40).await, Some(vec![40]));
        assert_eq!(read(1, 4, 40).await, None, "version 2 is older than the window");
        assert_eq!(read(4, 5, 40).await, None, "version 5 is missing");
        assert_eq!(read(4, 5, 50).await, None, "nothing is brought any more");
    }
}
