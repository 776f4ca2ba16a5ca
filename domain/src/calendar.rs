//! Working hours: when somebody of the shop works.

use jiff::Timestamp;

use crate::text::Skill;

/// Whether somebody works at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Somebody works.
    Open {
        /// Until when; `None`: always.
        closes_at: Option<Timestamp>,
    },
    /// Nobody works.
    Closed {
        /// When somebody works again; `None`: never.
        opens_at: Option<Timestamp>,
    },
}

/// The calendars of a shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendars {}

impl Calendars {
    /// Always open.
    #[must_use]
    pub fn always_open() -> Self {
        Self {}
    }

    /// Whether a group works.
    #[must_use]
    pub fn hours(&self, _group: Option<&Skill>, _at: Timestamp) -> Hours {
        Hours::Open { closes_at: None }
    }
}
