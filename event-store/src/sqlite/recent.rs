//! The newest events of a log file, kept by the process that writes it: whoever reacts to what was just said reads it from here and
//! not from the file, which for the driver means two changes of threads.
//!
//! Only the writer fills it, after its commit. Invariants: what it holds is on disk and without a gap; an event that another
//! process wrote leaves none of it; it is bounded by events and by bytes.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
};

use uuid::Uuid;

use crate::event::{Position, RecordedEvent, StreamName, StreamVersion};

/// As many as the tail keeps, which holds the same events.
const EVENTS: usize = 4096;
/// Of data and personal parts.
const BYTES: usize = 8 << 20;

/// The window.
#[derive(Default)]
pub(super) struct Recent(RwLock<Window>);

type Events = Vec<Arc<RecordedEvent>>;

#[derive(Default)]
struct Window {
    events: VecDeque<Arc<RecordedEvent>>,
    streams: HashMap<StreamName, VecDeque<Arc<RecordedEvent>>>,
    bytes: usize,
}

impl Recent {
    /// What was committed, in the log's order.
    pub(super) fn extend(&self, committed: &[Arc<RecordedEvent>]) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend(committed);
    }

    /// Forgets all: the file may hold what this process does not know.
    pub(super) fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Window::default();
    }

    /// Events of the log after a position; `None` where the file must be asked, as at the end, which may have moved.
    pub(super) fn after(&self, after: Position, limit: usize) -> Option<Events> {
        self.read(|window| {
            let begins = window.events.front()?.position.0;
            let place = usize::try_from(after.next().0.checked_sub(begins)?).ok()?;
            (place < window.events.len()).then(|| window.events.range(place..).take(limit).cloned().collect())
        })
    }

    /// Events of a stream after a version; `None` where the file must be asked.
    pub(super) fn of_stream(&self, stream: &StreamName, after: StreamVersion, limit: usize) -> Option<Events> {
        self.of(stream, |event| event.version > after, |first| first.version <= after.next(), limit)
    }

    /// Events of a stream after a position; `None` where the file must be asked.
    pub(super) fn of_stream_after(&self, stream: &StreamName, after: Position, limit: usize) -> Option<Events> {
        self.of(stream, |event| event.position > after, |first| is_first(first) || first.position <= after, limit)
    }

    /// The event of a stream with this id; `None` where the file must be asked.
    pub(super) fn find(&self, stream: &StreamName, event_id: Uuid) -> Option<Option<Arc<RecordedEvent>>> {
        self.read(|window| {
            let events = window.streams.get(stream)?;
            let found = events.iter().rev().find(|recorded| recorded.event.event_id == event_id);
            (found.is_some() || is_first(events.front()?)).then(|| found.cloned())
        })
    }

    fn of(
        &self,
        stream: &StreamName,
        is_wanted: impl Fn(&RecordedEvent) -> bool,
        is_enough: impl Fn(&RecordedEvent) -> bool,
        limit: usize,
    ) -> Option<Events> {
        self.read(|window| {
            let events = window.streams.get(stream)?;
            is_enough(events.front()?)
                .then(|| events.iter().filter(|event| is_wanted(event)).take(limit).cloned().collect())
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Window) -> Option<T>) -> Option<T> {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_first(event: &RecordedEvent) -> bool {
    event.version == StreamVersion(1)
}

impl Window {
    fn extend(&mut self, committed: &[Arc<RecordedEvent>]) {
        for recorded in committed {
            if self.events.back().is_some_and(|last| last.position.next() != recorded.position) {
                *self = Self::default();
            }
            self.bytes += recorded.content_bytes();
            self.streams.entry(recorded.stream.clone()).or_default().push_back(recorded.clone());
            self.events.push_back(recorded.clone());
        }
        while self.events.len() > EVENTS || self.bytes > BYTES {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.events.pop_front() else { return };
        self.bytes -= oldest.content_bytes();
        if let Some(events) = self.streams.get_mut(&oldest.stream) {
            events.pop_front();
            if events.is_empty() {
                self.streams.remove(&oldest.stream);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{event::SealedEvent, samples};

    fn recorded(position: u64, stream: u128, version: u64) -> Arc<RecordedEvent> {
        Arc::new(RecordedEvent {
            position: Position(position),
            stream: StreamName::of("session", Uuid::from_u128(stream)),
            version: StreamVersion(version),
            recorded_at: Timestamp::UNIX_EPOCH,
            event: SealedEvent { event_id: Uuid::from_u128(u128::from(position)), ..samples::event() },
            prev_hash: [0; 32],
            hash: [0; 32],
        })
    }

    fn positions(events: Option<Events>) -> Option<Vec<u64>> {
        Some(events?.iter().map(|event| event.position.0).collect())
    }

    fn filled() -> Recent {
        let recent = Recent::default();
        recent.extend(&[recorded(11, 1, 3), recorded(12, 2, 1)]);
        recent.extend(&[recorded(13, 1, 4), recorded(14, 2, 2)]);
        recent
    }

    #[test]
    fn pages_of_the_log_are_read_within_the_window_only() {
        let recent = filled();
        assert_eq!(positions(recent.after(Position(9), 9)), None, "10 is missing");
        assert_eq!(positions(recent.after(Position(10), 9)), Some(vec![11, 12, 13, 14]));
        assert_eq!(positions(recent.after(Position(12), 1)), Some(vec![13]));
        assert_eq!(positions(recent.after(Position(14), 9)), None, "the file says whether there is more");
        assert_eq!(positions(recent.after(Position(99), 9)), None);
    }

    #[test]
    fn streams_are_read_from_where_the_window_holds_them_whole() {
        let (recent, [one, two, other]) = (filled(), [1, 2, 3].map(|id| recorded(0, id, 1).stream.clone()));
        assert_eq!(positions(recent.of_stream(&one, StreamVersion(1), 9)), None, "version 2 is missing");
        assert_eq!(positions(recent.of_stream(&one, StreamVersion(2), 9)), Some(vec![11, 13]));
        assert_eq!(positions(recent.of_stream(&one, StreamVersion(4), 9)), Some(vec![]));
        assert_eq!(positions(recent.of_stream(&two, StreamVersion::NONE, 1)), Some(vec![12]));
        assert_eq!(positions(recent.of_stream(&other, StreamVersion::NONE, 9)), None);
        assert_eq!(positions(recent.of_stream_after(&one, Position(10), 9)), None);
        assert_eq!(positions(recent.of_stream_after(&one, Position(11), 9)), Some(vec![13]));
        assert_eq!(positions(recent.of_stream_after(&two, Position::START, 9)), Some(vec![12, 14]));
    }

    #[test]
    fn absence_of_an_id_is_known_for_whole_streams_only() {
        let (recent, [one, two]) = (filled(), [1, 2].map(|id| recorded(0, id, 1).stream.clone()));
        let (known, unknown) = (Uuid::from_u128(13), Uuid::from_u128(7));
        assert_eq!(recent.find(&one, known).flatten().map(|event| event.position), Some(Position(13)));
        assert_eq!(recent.find(&one, unknown), None, "it may be one of the first two");
        assert_eq!(recent.find(&two, unknown), Some(None));
    }

    #[test]
    fn event_behind_a_gap_leaves_nothing_of_before() {
        let recent = filled();
        recent.extend(&[recorded(16, 2, 4)]);
        assert_eq!(positions(recent.after(Position(13), 9)), None);
        assert_eq!(positions(recent.after(Position(15), 9)), Some(vec![16]));
        assert_eq!(positions(recent.of_stream(&recorded(0, 2, 1).stream, StreamVersion(1), 9)), None);
    }

    #[test]
    fn window_is_bounded_by_events_and_bytes() {
        let recent = Recent::default();
        let many: Events = (1..=EVENTS as u64 + 10).map(|at| recorded(at, 1, at)).collect();
        recent.extend(&many);
        assert_eq!(positions(recent.after(Position(9), 1)), None);
        assert_eq!(positions(recent.after(Position(10), 1)), Some(vec![11]));
        assert_eq!(positions(recent.of_stream(&many[0].stream, StreamVersion(9), 1)), None);
        let mut large = (*recorded(EVENTS as u64 + 11, 2, 1)).clone();
        large.event.data = "x".repeat(BYTES + 1).into();
        recent.extend(&[Arc::new(large)]);
        assert_eq!(positions(recent.after(Position(EVENTS as u64 + 10), 1)), None, "an event larger than the window");
    }
}
