//! In which order sessions are listed, and the place where a page ended.
//!
//! Invariant: an order is one or several segments, one after the other, each in the order of an index; a place in it is the
//! segment, the key and the position of the session's newest event.

use std::{fmt, str::FromStr};

use domain::session::priority::PriorityClass;
use event_store::Position;

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionOrder {
    /// What was updated last comes first.
    #[default]
    Newest,
    /// What was updated last comes last.
    Oldest,
    /// By class, the most urgent first, and in each what was updated last.
    Vip,
    /// What has waited longest for a person comes first, then what does not wait, newest first.
    WaitTime,
}

impl SessionOrder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Oldest, Self::Vip, Self::WaitTime];

    /// As on the wire, in the original's words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Vip => "vip",
            Self::WaitTime => "waitTime",
        }
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == text)
    }

    /// The segments, in order.
    pub(super) fn segments(self) -> Vec<Segment> {
        let segment = |number, condition: &str, key, is_ascending| {
            let condition = (!condition.is_empty()).then(|| condition.to_owned());
            Segment { order: self, number, condition, key, is_ascending }
        };
        match self {
            Self::Newest => vec![segment(0, "", "updated_at", false)],
            Self::Oldest => vec![segment(0, "", "updated_at", true)],
            Self::Vip => (0..)
                .zip(PriorityClass::ALL)
                .map(|(number, class)| segment(number, of_class(class), "updated_at", false))
                .collect(),
            Self::WaitTime => vec![
                segment(0, "s.status = 'pending_manual'", "waiting_since", true),
                segment(1, "s.status <> 'pending_manual'", "updated_at", false),
            ],
        }
    }
}

/// The condition of a class. The index has all but one of them, so the statement says which it is.
pub(super) fn of_class(class: PriorityClass) -> &'static str {
    match class {
        PriorityClass::Danger => "s.class = 'danger' and s.class <> 'normal'",
        PriorityClass::Vip => "s.class = 'vip' and s.class <> 'normal'",
        PriorityClass::Urgent => "s.class = 'urgent' and s.class <> 'normal'",
        PriorityClass::Normal => "s.class = 'normal'",
    }
}

/// A part of an order.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) order: SessionOrder,
    pub(super) number: u8,
    /// Which sessions are in it; all where `None`.
    pub(super) condition: Option<String>,
    /// The column by which they are ordered.
    pub(super) key: &'static str,
    pub(super) is_ascending: bool,
}

impl Segment {
    pub(super) fn direction(&self) -> &'static str {
        if self.is_ascending { "asc" } else { "desc" }
    }
}

/// The place where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCursor {
    pub(super) order: SessionOrder,
    pub(super) segment: u8,
    pub(super) key: i64,
    pub(super) position: Position,
}

impl PageCursor {
    /// The order that it is a place in.
    #[must_use]
    pub fn order(&self) -> SessionOrder {
        self.order
    }
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.order.as_str(), self.segment, self.key, self.position.0)
    }
}

/// It is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be next_cursor of a page")]
pub struct NoCursor;

impl FromStr for PageCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let parts: Vec<&str> = text.split('-').collect();
        let [order, segment, key, position] = *parts else { return Err(NoCursor) };
        let order = SessionOrder::parse(order).ok_or(NoCursor)?;
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0).ok_or(NoCursor);
        let segment = segment.parse().map_err(|_| NoCursor)?;
        let position = Position(number(position)?.unsigned_abs());
        Ok(Self { order, segment, key: number(key)?, position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_round_trips_and_nothing_else_is_one() {
        let cursor = PageCursor {
            order: SessionOrder::WaitTime,
            segment: 1,
            key: 1_763_899_200_000_000,
            position: Position(42),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in [
            "",
            "newest",
            "newest-0-1",
            "newest-0-1-2-3",
            "newest-0--1-2",
            "latest-0-1-2",
            "newest-256-1-2",
            "newest-0-1-x",
        ] {
            assert_eq!(bad.parse::<PageCursor>(), Err(NoCursor), "{bad}");
        }
    }
}
