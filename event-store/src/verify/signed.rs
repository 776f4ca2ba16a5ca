//! Compares the log with checkpoints during the walk: the right edge of the Merkle tree grows with every event, and its root must
//! equal that of each checkpoint of the same size, whatever the checkpoint's generation.
//!
//! Invariant: everything covered by the newest matching checkpoint is right, and the first bad position is after that and not
//! after the first mismatch. A raised generation excuses a mismatch only behind a restore that the key has signed.

use crate::{
    checkpoint::{Checkpoint, PublicKey},
    event::{Position, RecordedEvent},
    merkle::{CompactRange, Hash, Tree, TreeSize, leaf_hash},
    port::Identity,
    proof::Part,
    restore::Restored,
};

use super::{FirstFlaw, Flaw};

/// Checkpoints and proofs that were kept elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Checkpoints of this log, in any order.
    pub checkpoints: Vec<Checkpoint>,
    /// Parts of the log proved by proof files: they narrow down where a mismatch begins.
    pub parts: Vec<Part>,
    /// The key that signed them, which must also have signed what the log says about itself.
    pub key: Option<PublicKey>,
    /// The positions of the restores that the auditor knows of.
    pub restored_at: Vec<Position>,
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
    /// Checkpoints that reach beyond a restore that the auditor knows of: nothing of them can be compared.
    pub replaced: Vec<Checkpoint>,
}

/// A checkpoint that does not match.
struct Mismatch {
    size: TreeSize,
    /// Position of the last event it covers.
    at: Position,
}

pub(super) struct Signed {
    here: Identity,
    dense: bool,
    /// Whether the tree is needed; hashing it takes as long as verifying the events.
    is_summed: bool,
    range: CompactRange,
    /// Not yet compared; the smallest is last.
    expected: Vec<Checkpoint>,
    newest: Option<Checkpoint>,
    mismatch: Option<Mismatch>,
    /// Position of the first event after the newest matching checkpoint.
    unproven_from: Option<Position>,
    parts: Vec<Part>,
    /// Kept if there are proved parts to compare.
    leaves: Vec<Hash>,
    key: Option<PublicKey>,
    restored_at: Vec<Position>,
    /// Those that the key has signed.
    restores: Vec<Restored>,
    /// Checkpoints beyond a restore, and where that was.
    replaced: Vec<(Checkpoint, Position)>,
    beside_the_events: Option<Flaw>,
    /// Whether the log says that it is a copy, which may have raised its generation.
    pub(super) is_copy: bool,
    /// The oldest generation that was signed.
    oldest: Option<u64>,
}

impl Signed {
    pub(super) fn new(evidence: Evidence, here: Identity, dense: bool, is_summed: bool) -> Self {
        let Evidence { mut checkpoints, parts, key, restored_at } = evidence;
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse((checkpoint.size, checkpoint.signed_at)));
        Self {
            here,
            dense,
            is_summed: is_summed || !checkpoints.is_empty(),
            range: CompactRange::default(),
            beside_the_events: checkpoints.iter().find_map(|checkpoint| other_identity(checkpoint, here)),
            is_copy: false,
            oldest: checkpoints.iter().map(|checkpoint| checkpoint.log.generation).min(),
            expected: checkpoints,
            newest: None,
            mismatch: None,
            unproven_from: None,
            parts,
            leaves: Vec::new(),
            key,
            restored_at,
            restores: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Adds the next event of the log, whose own hash is already verified.
    pub(super) fn step(&mut self, event: &RecordedEvent) {
        if !self.is_summed {
            return;
        }
        self.note_restore(event);
        let leaf = leaf_hash(&event.hash);
        self.range.append(leaf);
        self.unproven_from.get_or_insert(event.position);
        if !self.parts.is_empty() {
            self.leaves.push(leaf);
        }
        self.compare(event.position);
    }

    /// A restore counts if the key has signed it over the very events before it.
    fn note_restore(&mut self, event: &RecordedEvent) {
        let Some(restored) = Restored::of(event) else { return };
        let is_signed = self.key.as_ref().is_some_and(|key| restored.is_signed_by(key));
        if is_signed && restored.root == hex::encode(self.range.root()) {
            self.restores.push(restored);
        }
    }

    /// Compares with the checkpoints of the current size.
    pub(super) fn compare(&mut self, here: Position) {
        while let Some(expected) = self.expected.pop_if(|expected| expected.size == self.range.size()) {
            if let Some(restored_at) = self.replaced_at(&expected) {
                self.replaced.push((expected, restored_at));
            } else if self.fits(&expected, here) {
                (self.newest, self.unproven_from) = (Some(expected), None);
            } else {
                self.mismatch.get_or_insert(Mismatch { size: expected.size, at: here });
            }
        }
    }

    /// Positions differ between a log with holes and its copy.
    fn fits(&self, expected: &Checkpoint, here: Position) -> bool {
        let counts_events = expected.position.0 == expected.size.0;
        let has_our_positions = expected.log.generation == self.here.generation || (self.dense && counts_events);
        expected.root == self.range.root() && (!has_our_positions || expected.position == here)
    }

    /// Where a restore took away what an older checkpoint covers.
    fn replaced_at(&self, checkpoint: &Checkpoint) -> Option<Position> {
        let later = self.restores.iter().filter(|restored| restored.generation > checkpoint.log.generation);
        later.map(|restored| restored.from).min().filter(|from| *from < checkpoint.position)
    }

    /// The flaw that the checkpoints compared so far show.
    pub(super) fn flaw(&self) -> Option<FirstFlaw> {
        let Mismatch { size, at } = self.mismatch.as_ref()?;
        if self.newest.as_ref().is_some_and(|newest| newest.size >= *size) {
            return Some(FirstFlaw::at(*at, Flaw::Contradicted));
        }
        Some(self.narrowed(self.unproven_from(), *at, Flaw::NotAsSigned))
    }

    /// The flaw that the checkpoints show that cover more events than the log has. In a log with holes only the position of the
    /// last missing event is known.
    pub(super) fn flaw_at_end(&mut self, last: Position) -> Option<FirstFlaw> {
        while let Some(longer) = self.expected.pop() {
            match self.replaced_at(&longer) {
                Some(restored_at) => self.replaced.push((longer, restored_at)),
                None => return Some(self.cut_off(&longer, last)),
            }
        }
        None
    }

    fn cut_off(&self, longer: &Checkpoint, last: Position) -> FirstFlaw {
        let missing = if self.dense { last.next() } else { longer.position };
        let flaw = self.narrowed(self.unproven_from(), missing, Flaw::CutOff { signed: longer.size });
        if flaw.to < missing { FirstFlaw { flaw: Flaw::NotAsSigned, ..flaw } } else { flaw }
    }

    /// A restore that the auditor was not told of.
    pub(super) fn untold_restore(&self) -> Option<FirstFlaw> {
        let untold = self.replaced.iter().filter(|(_, restored_at)| !self.restored_at.contains(restored_at));
        let (checkpoint, restored_at) = untold.min_by_key(|(_, restored_at)| *restored_at)?;
        let flaw = Flaw::Replaced { restored_at: *restored_at, signed: checkpoint.size };
        Some(FirstFlaw::at(restored_at.next(), flaw))
    }

    /// A checkpoint of another log or of a newer generation. What its events show counts more.
    pub(super) fn other_identity(&self) -> Option<FirstFlaw> {
        let flaw = self.beside_the_events.clone().or_else(|| self.raised_generation());
        flaw.map(|flaw| FirstFlaw::at(Position::START, flaw))
    }

    /// Only a restore on record, or a copy, raises the generation.
    fn raised_generation(&self) -> Option<Flaw> {
        let signed = self.oldest.filter(|oldest| *oldest < self.here.generation)?;
        let is_restored = self.restores.iter().any(|restored| restored.generation >= self.here.generation);
        let is_explained = is_restored || self.is_copy || !self.dense;
        (!is_explained).then_some(Flaw::RaisedGeneration { signed })
    }

    /// A flaw between two positions, narrowed by the proved parts: it is not in a matching part, nor after a mismatched one. In a
    /// log with holes leaves do not determine positions.
    pub(super) fn narrowed(&self, from: Position, to: Position, flaw: Flaw) -> FirstFlaw {
        if self.parts.is_empty() || !self.dense || from > to || from == Position::START {
            return FirstFlaw::between(from, to, flaw);
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
        FirstFlaw::between(Position(first + 1), Position(last + 1), flaw)
    }

    pub(super) fn proved(&self, events: u64) -> Proved {
        let size = self.newest.as_ref().map_or(0, |newest| newest.size.0);
        Proved {
            newest: self.newest.clone(),
            unproven_from: self.unproven_from(),
            unproven_events: events.saturating_sub(size),
            replaced: self.replaced.iter().map(|(checkpoint, _)| checkpoint.clone()).collect(),
        }
    }

    pub(super) fn into_range(self) -> CompactRange {
        self.range
    }

    /// Number of events covered by the newest matching checkpoint.
    pub(super) fn proved_size(&self) -> u64 {
        self.newest.as_ref().map_or(0, |newest| newest.size.0)
    }

    /// If there is no such event yet, the position that a dense log would assign next.
    pub(super) fn unproven_from(&self) -> Position {
        self.unproven_from.unwrap_or_else(|| self.proved_up_to().next())
    }

    pub(super) fn proved_up_to(&self) -> Position {
        self.newest.as_ref().map_or(Position::START, |newest| newest.position)
    }
}

fn other_identity(checkpoint: &Checkpoint, here: Identity) -> Option<Flaw> {
    if checkpoint.log.log_id != here.log_id {
        return Some(Flaw::AnotherLog { signed: checkpoint.log.log_id });
    }
    let is_newer = checkpoint.log.generation > here.generation;
    is_newer.then_some(Flaw::OlderGeneration { signed: checkpoint.log.generation })
}
