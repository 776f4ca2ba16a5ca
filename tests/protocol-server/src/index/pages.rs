//! Reading a page: of `$all` from a position, or of a stream from a number, in either direction.
//!
//! A stream's metadata hides events from readers of that stream, not from readers of `$all`; those see them until a scavenge
//! has removed them. Forwards a position counts as the place of a record's beginning, itself included; backwards as the place
//! of its end, so that whoever reads backwards from an event does not meet it again.

use std::sync::Arc;

use super::{Index, filter::Filter};
use crate::event::{Event, ticks};

/// A page of `$all`.
pub(crate) struct AllPage {
    pub(crate) events: Vec<Arc<Event>>,
    /// Where to go on.
    pub(crate) next: u64,
    pub(crate) is_end: bool,
    /// How many were looked at, those included that the filter held back.
    pub(crate) considered: u64,
    /// The last that was looked at.
    pub(crate) last_considered: Option<u64>,
}

/// How much is read at once at the most.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) events: usize,
    /// So many are looked at, whether the filter lets them pass or not.
    pub(crate) considered: u64,
}

/// What reading a stream gives.
pub(crate) enum StreamPage {
    Events {
        events: Vec<Arc<Event>>,
        next: u64,
        /// The number of the stream's newest event.
        last: u64,
        is_end: bool,
    },
    NoStream,
    Tombstoned,
}

impl Index {
    pub(crate) fn all_forwards(&self, from: u64, bounds: Bounds, filter: &Filter, until: u64) -> AllPage {
        let from = from.min(until);
        let events = self.log.range(from..until).map(|(_, event)| event);
        AllPage::of(events, from, |event| event.end, bounds, filter)
    }

    pub(crate) fn all_backwards(&self, from: u64, bounds: Bounds, filter: &Filter, until: u64) -> AllPage {
        let from = from.min(until);
        let events = self.log.range(..from).rev().map(|(_, event)| event);
        AllPage::of(events, from, |event| event.position, bounds, filter)
    }

    pub(crate) fn stream_forwards(&self, stream: &str, from: u64, max: u64, until: u64) -> StreamPage {
        self.stream_page(stream, until, |first, last| {
            let end = from.saturating_add(max - 1);
            if end < first {
                return Numbers { first: 1, last: 0, next: first, is_end: false };
            }
            if from.max(first) > last {
                return Numbers { first: 1, last: 0, next: last + 1, is_end: true };
            }
            Numbers { first: from.max(first), last: end.min(last), next: end.min(last) + 1, is_end: end >= last }
        })
    }

    /// `from` is the number of the first event to be read; none: the newest.
    pub(crate) fn stream_backwards(&self, stream: &str, from: Option<u64>, max: u64, until: u64) -> StreamPage {
        let mut page = self.stream_page(stream, until, |first, last| {
            let from = from.unwrap_or(last).min(last);
            let begin = (from + 1).saturating_sub(max);
            let is_end = begin <= first;
            Numbers { first: begin.max(first), last: from, next: begin.saturating_sub(1), is_end }
        });
        if let StreamPage::Events { events, .. } = &mut page {
            events.reverse();
        }
        page
    }

    /// What a live subscription to a stream is sent: whatever was written, tombstones included.
    pub(crate) fn stream_as_written(&self, stream: &str, from: u64, max: usize, until: u64) -> Vec<Arc<Event>> {
        let Some(events) = self.streams.get(stream) else { return Vec::new() };
        let written = events.range(from..).map(|(_, event)| event).filter(|event| event.position < until);
        written.take(max).cloned().collect()
    }

    fn stream_page(&self, stream: &str, until: u64, numbers: impl Fn(u64, u64) -> Numbers) -> StreamPage {
        let metadata = self.metadata(stream, until);
        let Some(last) = self.last_revision(stream, until) else { return StreamPage::NoStream };
        if self.is_tombstoned(stream, until) {
            return StreamPage::Tombstoned;
        }
        if metadata.is_deleted() {
            return StreamPage::NoStream;
        }
        let numbers = numbers(metadata.first_readable(last), last);
        let now = ticks();
        let mut events = Vec::new();
        if numbers.first <= numbers.last {
            let all = self.streams[stream].range(numbers.first..=numbers.last).map(|(_, event)| event);
            events.extend(all.filter(|event| !metadata.is_too_old(event.created, now)).cloned());
        }
        StreamPage::Events { events, next: numbers.next, last, is_end: numbers.is_end }
    }
}

/// Which numbers a page covers (none if `first` is behind `last`), and where the next begins.
struct Numbers {
    first: u64,
    last: u64,
    next: u64,
    is_end: bool,
}

impl AllPage {
    /// Of events in the order of reading; `next` says where to go on behind one of them.
    fn of<'a>(
        events: impl Iterator<Item = &'a Arc<Event>>,
        from: u64,
        next: impl Fn(&Event) -> u64,
        bounds: Bounds,
        filter: &Filter,
    ) -> Self {
        let mut page = Self { events: Vec::new(), next: from, is_end: true, considered: 0, last_considered: None };
        for event in events {
            if page.events.len() == bounds.events || page.considered == bounds.considered {
                page.is_end = false;
                break;
            }
            page.consider(event, filter);
            page.next = next(event);
        }
        page
    }

    fn consider(&mut self, event: &Arc<Event>, filter: &Filter) {
        self.considered += 1;
        self.last_considered = Some(event.position);
        if filter.lets_pass(event) {
            self.events.push(event.clone());
        }
    }
}
