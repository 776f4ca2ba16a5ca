//! The log compared with checkpoints on the way: the Merkle tree's edge grows with every event, and wherever a checkpoint was
//! signed its root must be the checkpoint's.
//!
//! Invariant: checkpoints are compared from the smallest on, so what the newest that fits was signed over is right, and the
//! first bad position lies behind that and not behind the first that does not fit.

use crate::{
    checkpoint::Checkpoint,
    event::{Position, RecordedEvent},
    merkle::{CompactRange, leaf_hash},
};

use super::Flaw;

/// What checkpoints vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The newest checkpoint that the log fits; everything that it was signed over is as it was then.
    pub newest: Option<Checkpoint>,
    /// The first position that none of them vouches for.
    pub unproven_from: Position,
    /// How many events that were walked through stand from there on.
    pub unproven_events: u64,
}

pub(super) struct Signed {
    range: CompactRange,
    /// Still to come, the smallest last.
    expected: Vec<Checkpoint>,
    newest: Option<Checkpoint>,
}

impl Signed {
    pub(super) fn new(mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse((checkpoint.size, checkpoint.signed_at)));
        Self { range: CompactRange::default(), expected: checkpoints, newest: None }
    }

    /// Takes in the next event of the log, which is as its own hash says.
    pub(super) fn step(&mut self, event: &RecordedEvent) -> Option<(Position, Flaw)> {
        self.range.append(leaf_hash(&event.hash));
        self.compare(event.position)
    }

    /// Compares with the checkpoints that were signed when the log ended here.
    pub(super) fn compare(&mut self, here: Position) -> Option<(Position, Flaw)> {
        while let Some(expected) = self.expected.pop_if(|expected| expected.size == self.range.size()) {
            if expected.root != self.range.root() || expected.position != here {
                return Some(self.not_as_signed(here));
            }
            self.newest = Some(expected);
        }
        None
    }

    fn not_as_signed(&self, to: Position) -> (Position, Flaw) {
        let from = self.proved_up_to().next();
        if from > to { (to, Flaw::Contradicted) } else { (from, Flaw::NotAsSigned { from, to }) }
    }

    /// Whether a checkpoint was signed over more than the log has.
    pub(super) fn is_cut_off_after(&self, last: Position) -> Option<(Position, Flaw)> {
        self.expected.first().map(|newest| (last.next(), Flaw::CutOff { signed: newest.size }))
    }

    /// Whether a checkpoint that fits was signed over this position.
    pub(super) fn vouches_for(&self, position: Position) -> bool {
        position <= self.proved_up_to()
    }

    pub(super) fn proved(&self, events: u64) -> Proved {
        let size = self.newest.as_ref().map_or(0, |newest| newest.size.0);
        Proved {
            newest: self.newest.clone(),
            unproven_from: self.proved_up_to().next(),
            unproven_events: events.saturating_sub(size),
        }
    }

    pub(super) fn into_range(self) -> CompactRange {
        self.range
    }

    fn proved_up_to(&self) -> Position {
        self.newest.as_ref().map_or(Position::START, |newest| newest.position)
    }
}
