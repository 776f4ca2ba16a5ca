//! Frames that wait to travel together.
//!
//! Invariants: a session's frames stay in their order, and pieces that follow each other are one; there are never more than
//! [`FULL`] frames.

use std::collections::{BTreeMap, BTreeSet};

use domain::SessionId;
use tokio::time::Instant;

use super::{super::Frame, BATCH};

/// A batch with so many frames takes no more and goes out at once.
const FULL: usize = 1000;

/// What goes out next.
pub(super) struct Batch {
    pub(super) frames: BTreeMap<SessionId, Frames>,
    /// Sessions of which this node has nothing yet of what it wants.
    pub(super) wanted: BTreeSet<SessionId>,
    count: usize,
    due: Instant,
}

/// Of one session.
#[derive(Default)]
pub(super) struct Frames {
    pub(super) activities: Vec<Frame>,
    /// Of its answer.
    pub(super) pieces: Vec<Frame>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { frames: BTreeMap::new(), wanted: BTreeSet::new(), count: 0, due: Instant::now() }
    }
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.wanted.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= FULL
    }

    /// When it goes out, if there is something in it.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(super) fn want(&mut self, sessions: impl IntoIterator<Item = SessionId>) {
        self.begin();
        self.wanted.extend(sessions);
    }

    pub(super) fn add(&mut self, session: SessionId, frame: Frame) {
        self.begin();
        self.count += 1;
        if self.is_full() {
            self.due = Instant::now();
        }
        let frames = self.frames.entry(session).or_default();
        match (frame, frames.pieces.last_mut()) {
            (frame @ Frame::Activity(_), _) => frames.activities.push(frame),
            (Frame::Piece(next), Some(Frame::Piece(last)))
                if (next.run, next.attempt, next.from) == (last.run, last.attempt, last.from + last.text.len()) =>
            {
                last.text.push_str(&next.text);
            }
            (frame @ (Frame::Piece(_) | Frame::Over(_)), _) => frames.pieces.push(frame),
        }
    }

    fn begin(&mut self) {
        if self.is_empty() {
            self.due = Instant::now() + BATCH;
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::RunId;
    use uuid::Uuid;

    use super::*;
    use crate::ephemeral::{Activity, Participant, Piece};

    const TYPING: Frame = Frame::Activity(Activity::Typing { by: Participant::Customer, is_typing: true });

    #[tokio::test]
    async fn pieces_that_follow_each_other_travel_as_one() {
        let (mut batch, session) = (Batch::default(), SessionId(Uuid::from_u128(1)));
        let piece = |attempt, from, text: &str| {
            Frame::Piece(Piece { run: RunId(Uuid::nil()), attempt, from, text: text.to_owned() })
        };
        for frame in
            [piece(1, 0, ""), piece(1, 0, "Hel"), TYPING, piece(1, 3, "lo"), piece(1, 9, "d"), piece(2, 10, "")]
        {
            batch.add(session, frame);
        }
        batch.add(SessionId(Uuid::nil()), Frame::Over(RunId(Uuid::nil())));
        let taken = batch.take();
        assert!(batch.is_empty());
        let frames = &taken.frames[&session];
        assert_eq!((frames.activities.len(), taken.frames.len()), (1, 2));
        assert!(frames.pieces == [piece(1, 0, "Hello"), piece(1, 9, "d"), piece(2, 10, "")]);
    }

    #[tokio::test]
    async fn batch_waits_for_others_until_it_is_full() {
        let mut batch = Batch::default();
        for n in 0..FULL {
            assert!(!batch.is_full() && (n == 0 || batch.due() > Instant::now()));
            batch.add(SessionId(Uuid::from_u128(n as u128)), TYPING);
        }
        assert!(batch.is_full() && batch.due() <= Instant::now());
        assert!(!batch.take().is_empty() && !batch.is_full());
    }
}
