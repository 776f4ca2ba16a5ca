//! How far a follower has read the log: it goes on from there after a restart, and whoever asks is told.

use std::sync::atomic::{AtomicU64, Ordering};

use event_store::Position;

/// The position of the last event that a follower is done with.
#[derive(Debug)]
pub struct Cursor(AtomicU64);

impl Cursor {
    /// A cursor at a position.
    #[must_use]
    pub fn at(position: Position) -> Self {
        Self(AtomicU64::new(position.0))
    }

    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.0.load(Ordering::Acquire))
    }

    /// Moves it.
    pub fn move_to(&self, position: Position) {
        self.0.store(position.0, Ordering::Release);
    }
}
