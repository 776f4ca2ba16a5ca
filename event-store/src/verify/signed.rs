//! Compares the log with checkpoints during the walk: the right edge of the Merkle tree grows with every event, and its root must
//! equal that of each checkpoint of the same size.
//!
//! Invariant: checkpoints are compared in order of size, so everything covered by the newest matching one is right, and the first
//! bad position is after that and not after the first mismatch.

use crate::{
    checkpoint::Checkpoint,
    event::{Position, RecordedEvent},
    merkle::{CompactRange, Hash, Tree, leaf_hash},
    proof::Part,
};

use super::Flaw;

/// Checkpoints and proofs that were kept elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Checkpoints of this log, in any order.
    pub checkpoints: Vec<Checkpoint>,
    /// Parts of the log proved by proof files: they narrow down where a mismatch begins.
    pub parts: Vec<Part>,
}

/// What the checkpoints prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The newest matching checkpoint; all events it covers are unchanged.
    pub newest: Option<Checkpoint>,
    /// The first position not covered by any of them; if there is no such event yet, the next number.
    pub unproven_from: Position,
    /// Number of verified events from there on.
    pub unproven_events: u64,
}

pub(super) struct Signed {
    range: CompactRange,
    /// Not yet compared; the smallest is last.
    expected: Vec<Checkpoint>,
    newest: Option<Checkpoint>,
    /// Position of the first event after the newest matching checkpoint.
    unproven_from: Option<Position>,
    parts: Vec<Part>,
    /// Kept if there are proved parts to compare.
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

    /// Adds the next event of the log, whose own hash is already verified.
    pub(super) fn step(&mut self, event: &RecordedEvent) -> Option<(Position, Flaw)> {
        let leaf = leaf_hash(&event.hash);
        self.range.append(leaf);
        self.unproven_from.get_or_insert(event.position);
        if !self.parts.is_empty() {
            self.leaves.push(leaf);
        }
        self.compare(event.position)
    }

    /// Compares with the checkpoints of the current size.
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

    /// Whether a checkpoint covers more events than the log has. If a proved part of the remaining log is wrong, that is
    /// reported first. In a log with holes only the position of the last missing event is known.
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

    /// Bounds of the first bad position, narrowed by the proved parts: it is not in a matching part, nor after a mismatched
    /// one. In a log with holes leaves do not determine positions.
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

    /// Whether a matching checkpoint covers this position.
    pub(super) fn covers(&self, position: Position) -> bool {
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

    /// If there is no such event yet, the position that a dense log would assign next.
    fn unproven_from(&self) -> Position {
        self.unproven_from.unwrap_or_else(|| self.proved_up_to().next())
    }

    pub(super) fn proved_up_to(&self) -> Position {
        self.newest.as_ref().map_or(Position::START, |newest| newest.position)
    }
}
