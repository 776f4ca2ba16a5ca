//! Frames that wait to travel together.
//!
//! Invariant: a session's frames stay in their order, and pieces that follow each other are one.

use std::collections::BTreeSet;

use domain::SessionId;
use tokio::time::Instant;

use super::{super::Frame, BATCH};

/// What goes out next.
pub(super) struct Batch {
    /// By session: activities, and what is of its answer.
    pub(super) frames: Vec<(SessionId, Vec<Frame>, Vec<Frame>)>,
    /// Sessions of which this node has nothing yet of what it wants.
    pub(super) wanted: BTreeSet<SessionId>,
    due: Instant,
}

impl Default for Batch {
    fn default() -> Self {
        Self { frames: Vec::new(), wanted: BTreeSet::new(), due: Instant::now() }
    }
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.wanted.is_empty()
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
        let index = self.frames.iter().position(|(of, ..)| *of == session).unwrap_or_else(|| {
            self.frames.push((session, Vec::new(), Vec::new()));
            self.frames.len() - 1
        });
        let (_, activities, pieces) = &mut self.frames[index];
        match (frame, pieces.last_mut()) {
            (frame @ Frame::Activity(_), _) => activities.push(frame),
            (Frame::Piece(next), Some(Frame::Piece(last)))
                if (next.run, next.attempt, next.from) == (last.run, last.attempt, last.from + last.text.len()) =>
            {
                last.text.push_str(&next.text);
            }
            (frame @ (Frame::Piece(_) | Frame::Over(_)), _) => pieces.push(frame),
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

    #[test]
    fn pieces_that_follow_each_other_travel_as_one() {
        let (mut batch, session) = (Batch::default(), SessionId(Uuid::from_u128(1)));
        let piece = |attempt, from, text: &str| {
            Frame::Piece(Piece { run: RunId(Uuid::nil()), attempt, from, text: text.to_owned() })
        };
        let typing = Frame::Activity(Activity::Typing { by: Participant::Customer, is_typing: true });
        for frame in [piece(1, 0, ""), piece(1, 0, "Hel"), typing, piece(1, 3, "lo"), piece(1, 9, "d"), piece(2, 10, "")] {
            batch.add(session, frame);
        }
        batch.add(SessionId(Uuid::nil()), Frame::Over(RunId(Uuid::nil())));
        let taken = batch.take();
        assert!(batch.is_empty());
        let [(_, activities, pieces), (_, _, others)] = taken.frames.as_slice() else { panic!("two sessions") };
        assert_eq!((activities.len(), others.len()), (1, 1));
        assert!(*pieces == [piece(1, 0, "Hello"), piece(1, 9, "d"), piece(2, 10, "")]);
    }
}
