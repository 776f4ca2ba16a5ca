//! The log compared with checkpoints on the way: the Merkle tree's edge grows with every event, and wherever a checkpoint was
//! signed its root must be the checkpoint's.
//!
//! Invariant: checkpoints are compared from the smallest on, so what the newest that fits was signed over is right, and the
//! first bad position lies behind that and not behind the first that does not fit.

use crate::{
    checkpoint::Checkpoint,
    event::{Position, RecordedEvent},
    merkle::{CompactRange, Hash, Tree, leaf_hash},
    proof::Part,
};

use super::Flaw;

/// What was signed of the log and kept elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Checkpoints of this log, in any order.
    pub checkpoints: Vec<Checkpoint>,
    /// Parts of it that proof files prove: where a checkpoint does not fit, they tell more of where that begins.
    pub parts: Vec<Part>,
}

/// What checkpoints vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The newest checkpoint that the log fits; everything that it was signed over is as it was then.
    pub newest: Option<Checkpoint>,
    /// The first position that none of them vouches for; where there is no event yet, the number behind the last that one does.
    pub unproven_from: Position,
    /// How many events that were walked through stand from there on.
    pub unproven_events: u64,
}

pub(super) struct Signed {
    range: CompactRange,
    /// Still to come, the smallest last.
    expected: Vec<Checkpoint>,
    newest: Option<Checkpoint>,
    /// The event behind the newest that fits.
    unproven_from: Option<Position>,
    parts: Vec<Part>,
    /// Kept where there are parts to compare.
    leaves: Vec<Hash>,
}

impl Signed {
    pub(super) fn new(evidence: Evidence) -> Self {
        let Evidence { mut checkpoints, parts } = evidence;
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse((checkpoint.size, checkpoint.signed_at)));
        Self {
            range: CompactRange::default(),
            expected: checkpoints,
            newest: None,
            unproven_from: None,
            parts,
            leaves: Vec::new(),
        }
    }

    /// Takes in the next event of the log, which is as its own hash says.
    pub(super) fn step(&mut self, event: &RecordedEvent) -> Option<(Position, Flaw)> {
        let leaf = leaf_hash(&event.hash);
        self.range.append(leaf);
        self.unproven_from.get_or_insert(event.position);
        if !self.parts.is_empty() {
            self.leaves.push(leaf);
        }
        self.compare(event.position)
    }

    /// Compares with the checkpoints that were signed when the log ended here.
    pub(super) fn compare(&mut self, here: Position) -> Option<(Position, Flaw)> {
        let mut fails = false;
        while let Some(expected) = self.expected.pop_if(|expected| expected.size == self.range.size()) {
            if expected.root == self.range.root() && expected.position == here {
                (self.newest, self.unproven_from) = (Some(expected), None);
            } else {
                fails = true;
            }
        }
        fails.then(|| self.not_as_signed(here))
    }

    fn not_as_signed(&self, to: Position) -> (Position, Flaw) {
        let from = self.unproven_from();
        if from > to {
            return (to, Flaw::Contradicted);
        }
        let (from, to) = self.narrowed(from, to, to).unwrap_or((from, to));
        (from, Flaw::NotAsSigned { from, to })
    }

    /// Whether a checkpoint was signed over more than the log has. Where a proved part of what is left is wrong, that comes
    /// first. In a log that numbers with holes, what is known of the missing events is where the last of them stood.
    pub(super) fn is_cut_off_after(&self, last: Position, dense: bool) -> Option<(Position, Flaw)> {
        let newest = self.expected.first()?;
        let missing = if dense { last.next() } else { newest.position };
        let cut_off = (missing, Flaw::CutOff { signed: newest.size });
        let narrowed = self.narrowed(self.unproven_from(), last.next(), last);
        Some(match narrowed {
            Some((from, to)) if to <= last => (from, Flaw::NotAsSigned { from, to }),
            Some(_) | None => cut_off,
        })
    }

    /// Bounds of the first bad position, narrowed by the parts that are proved: it does not lie in one that is right, nor
    /// behind one that is wrong. In a log that numbers with holes leaves say nothing about positions.
    fn narrowed(&self, from: Position, to: Position, here: Position) -> Option<(Position, Position)> {
        if self.parts.is_empty() || self.range.size().0 != here.0 {
            return None;
        }
        let tree = Tree::from_iter(self.leaves.iter().copied());
        let (mut first, mut last, mut right) = (from.0 - 1, to.0 - 1, Vec::new());
        for part in self.parts.iter().filter(|part| part.leaves.end <= tree.size().0) {
            if tree.part(part.leaves.clone()) == Some(part.root) {
                right.push(part.leaves.clone());
            } else {
                last = last.min(part.leaves.end - 1);
            }
        }
        right.sort_by_key(|leaves| leaves.start);
        for leaves in right.into_iter().filter(|leaves| leaves.end <= last) {
            if leaves.contains(&first) {
                first = leaves.end;
            }
        }
        Some((Position(first + 1), Position(last + 1)))
    }

    /// Whether a checkpoint that fits was signed over this position.
    pub(super) fn vouches_for(&self, position: Position) -> bool {
        position <= self.proved_up_to()
    }

    pub(super) fn proved(&self, events: u64) -> Proved {
        let size = self.newest.as_ref().map_or(0, |newest| newest.size.0);
        Proved {
            newest: self.newest.clone(),
            unproven_from: self.unproven_from(),
            unproven_events: events.saturating_sub(size),
        }
    }

    pub(super) fn into_range(self) -> CompactRange {
        self.range
    }

    /// Where there is no such event yet, the number that a dense log would give it.
    fn unproven_from(&self) -> Position {
        self.unproven_from.unwrap_or_else(|| self.proved_up_to().next())
    }

    pub(super) fn proved_up_to(&self) -> Position {
        self.newest.as_ref().map_or(Position::START, |newest| newest.position)
    }
}
