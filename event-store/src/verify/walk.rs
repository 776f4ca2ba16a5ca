//! The walk over the log: each event against its own bytes, the one before it in its stream, and the one before it in the log.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::{FirstFlaw, Flaw, Report, signed::Signed};
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    hash::is_intact,
    port::{RecordedEnd, Truncation},
    restore::Restored,
    sequencer::StreamHead,
};

pub(super) type Walked = (Report, Signed);

pub(super) struct Walk {
    pub(super) dense: bool,
    /// Up to this position times increase within each stream only.
    pub(super) rises_after: Position,
    /// Whether nobody signed that.
    pub(super) is_unsigned: bool,
    pub(super) position: Position,
    recorded_at: Timestamp,
    streams: HashMap<StreamName, Known>,
    pub(super) truncations: HashMap<StreamName, Truncation>,
    events: u64,
    end: Option<RecordedEnd>,
    pub(super) signed: Signed,
    restores: Vec<Restored>,
}

/// The end of a stream up to the current position.
#[derive(Clone, Copy)]
struct Known {
    head: StreamHead,
    recorded_at: Timestamp,
}

impl Walk {
    pub(super) fn new(dense: bool, end: Option<RecordedEnd>, signed: Signed) -> Self {
        Self {
            dense,
            rises_after: Position(u64::MAX),
            is_unsigned: false,
            position: Position::START,
            recorded_at: Timestamp::UNIX_EPOCH,
            streams: HashMap::new(),
            truncations: HashMap::new(),
            events: 0,
            end,
            signed,
            restores: Vec::new(),
        }
    }

    pub(super) fn step(&mut self, event: &Arc<RecordedEvent>) -> Option<FirstFlaw> {
        if let Some(flaw) = self.flaw_of(event) {
            return Some(self.placed(event.position, flaw));
        }
        self.restores.extend(Restored::of(event));
        self.signed.step(event);
        self.go_past(event);
        let is_end = |end: &RecordedEnd| end.position == event.position && !describes(end, event);
        let is_another = self.end.as_ref().is_some_and(is_end);
        is_another.then(|| self.placed(event.position, Flaw::NotTheHead))
    }

    /// What an event shows in itself is at its position; what it shows beside others may be anywhere before it that nothing proves.
    pub(super) fn placed(&self, position: Position, flaw: Flaw) -> FirstFlaw {
        match flaw {
            Flaw::Misplaced | Flaw::OutOfTime | Flaw::BeyondHead | Flaw::NotTheHead => {
                self.signed.narrowed(self.signed.unproven_from(), position, flaw)
            }
            of_the_event => FirstFlaw::at(position, of_the_event),
        }
    }

    /// The log ends before its head record, so one event is missing; which one, only checkpoints could tell.
    pub(super) fn missing_at_end(&self, head: Position) -> FirstFlaw {
        let missing = if self.dense { self.position.next() } else { head };
        self.signed.narrowed(self.signed.unproven_from(), missing, Flaw::Missing)
    }

    fn flaw_of(&self, event: &Arc<RecordedEvent>) -> Option<Flaw> {
        let none = Known { head: StreamHead::NONE, recorded_at: Timestamp::UNIX_EPOCH };
        let before = self.streams.get(&event.stream).copied().unwrap_or(none);
        if !is_intact(event) {
            return Some(Flaw::Changed);
        }
        if event.position > self.rises_after && event.recorded_at <= self.recorded_at {
            return Some(Flaw::OutOfTime);
        }
        if let Some(flaw) = self.truncated(event, before.head) {
            return Some(flaw);
        }
        if !before.head.precedes(event) {
            return Some(Flaw::Misplaced);
        }
        (event.recorded_at <= before.recorded_at).then_some(Flaw::OutOfTime)
    }

    /// Only a database that assigns positions itself can remove an event without leaving a hole.
    fn truncated(&self, event: &RecordedEvent, before: StreamHead) -> Option<Flaw> {
        let stream = &event.stream;
        let from = before.version.next();
        if !self.dense && event.version > from {
            return Some(Flaw::Gone { stream: stream.clone(), from, to: StreamVersion(event.version.0 - 1) });
        }
        let truncation = self.truncations.get(stream)?;
        let takes_it = truncation.up_to.is_none_or(|up_to| event.version <= up_to);
        takes_it.then(|| Flaw::Withheld { stream: stream.clone(), what: truncation.what.clone() })
    }

    /// A stream that the database was configured to truncate and that has no events left.
    pub(super) fn truncated_entirely(&self) -> Option<FirstFlaw> {
        let nothing_left = |truncation: &&Truncation| !self.streams.contains_key(&truncation.stream);
        let first = self.truncations.values().filter(nothing_left).min_by_key(|truncation| truncation.position)?;
        let flaw = Flaw::Withheld { stream: first.stream.clone(), what: first.what.clone() };
        Some(FirstFlaw::at(first.position, flaw))
    }

    fn go_past(&mut self, event: &Arc<RecordedEvent>) {
        let known = Known { head: StreamHead::of(event), recorded_at: event.recorded_at };
        self.streams.insert(event.stream.clone(), known);
        (self.position, self.recorded_at) = (event.position, event.recorded_at);
        self.events += 1;
    }

    /// The report, with the flaw of the walk and those of the checkpoints: the one that is shown at the lowest position counts.
    pub(super) fn report(mut self, head: Position, flaws: impl IntoIterator<Item = FirstFlaw>) -> Walked {
        let of_checkpoints = self.signed.flaw().into_iter().chain(self.signed.untold_restore());
        let first = flaws.into_iter().chain(of_checkpoints).min_by_key(|flaw| flaw.to);
        let first_flaw = first.or_else(|| self.signed.other_identity());
        let events = self.proved_events(first_flaw.as_ref());
        let last = match &first_flaw {
            _ if self.dense => Position(events),
            Some(FirstFlaw { flaw: Flaw::NotAsSigned | Flaw::Contradicted, .. }) => self.signed.proved_up_to(),
            Some(_) | None => self.position,
        };
        let report = Report {
            events,
            streams: self.streams.len() as u64,
            head,
            last,
            first_flaw,
            proved: Some(self.signed.proved(events)),
            restores: std::mem::take(&mut self.restores),
            times_unchecked_up_to: self.is_unsigned.then_some(self.rises_after),
        };
        (report, self.signed)
    }

    /// The events before the first that may be bad.
    fn proved_events(&self, first_flaw: Option<&FirstFlaw>) -> u64 {
        match first_flaw {
            None => self.events,
            Some(FirstFlaw { flaw: Flaw::Contradicted, .. }) => self.events,
            Some(flaw) if flaw.from == Position::START => self.events,
            Some(flaw) if self.dense => self.events.min(flaw.from.0 - 1),
            Some(FirstFlaw { flaw: Flaw::NotAsSigned, .. }) => self.signed.proved_size(),
            Some(_in_a_log_with_holes) => self.events,
        }
    }
}

fn describes(end: &RecordedEnd, event: &RecordedEvent) -> bool {
    end.hash == event.hash && end.recorded_at == event.recorded_at_text()
}
