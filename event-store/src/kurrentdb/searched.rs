//! Stretches of `$all` that were looked through and hold nothing of ours. A server writes events of its own, and so may others; a
//! filtered read looks through all of them in one call, so what is known of them is not looked through again: it is kept in memory,
//! and of the stretch behind our last event in a file as well, for the next start.
//!
//! Invariant: no event of ours is between the two places of a stretch, and both are places of records. A file of another log, of
//! another generation, or whose record is not in the log any more, is ignored.

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::Fault;
use crate::{
    event::Position,
    port::Identity,
    private_file::{create_private_file, read_private_file},
};

/// Stretches with fewer bytes are looked through in no time.
pub(super) const WORTH: u64 = 1024 * 1024;

/// The known stretches: where each begins, and up to where it goes.
pub(super) struct Searched {
    worth: u64,
    stretches: Mutex<BTreeMap<Position, Position>>,
}

impl Searched {
    pub(super) fn new(worth: u64) -> Self {
        Self { worth, stretches: Mutex::default() }
    }

    /// Where to read on behind the record at a place: at the end of the stretch that begins there, or there.
    pub(super) fn beyond(&self, place: Position) -> Position {
        self.stretches().get(&place).copied().unwrap_or(place)
    }

    /// Nothing of ours is between two places.
    pub(super) fn note(&self, from: Position, to: Position) {
        if to.0.saturating_sub(from.0) < self.worth {
            return;
        }
        let mut stretches = self.stretches();
        let known = stretches.entry(from).or_insert(to);
        *known = to.max(*known);
    }

    /// Forgets the stretch that begins here, if the server does not read from its end.
    pub(super) fn forget_if_refused(&self, from: Position, fault: &Fault) {
        if fault.may_be_position() {
            self.stretches().remove(&from);
        }
    }

    fn stretches(&self) -> MutexGuard<'_, BTreeMap<Position, Position>> {
        self.stretches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stretch behind our last event, as the file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tail {
    log_id: Uuid,
    generation: u64,
    /// Our last event.
    pub(super) last: Position,
    /// The record that was looked at last, and its id.
    pub(super) reached: Position,
    pub(super) record: Uuid,
}

impl Tail {
    pub(super) fn new(identity: Identity, last: Position, reached: Position, record: Uuid) -> Self {
        Self { log_id: identity.log_id, generation: identity.generation, last, reached, record }
    }

    /// `None` if there is no such file, or it belongs to another log. Losing it costs time only.
    pub(super) fn read(path: &Path, identity: Identity) -> Option<Self> {
        let tail: Self = serde_json::from_str(&read_private_file(path).ok()?).ok()?;
        let is_ours = tail.log_id == identity.log_id && tail.generation == identity.generation;
        (is_ours && tail.last < tail.reached).then_some(tail)
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        create_private_file(&new, &serde_json::to_vec(self).map_err(io::Error::other)?)?;
        fs::rename(new, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_stretches_are_known_and_only_grow() {
        let searched = Searched::new(100);
        searched.note(Position(10), Position(60));
        assert_eq!(searched.beyond(Position(10)), Position(10), "a short one is not worth it");
        searched.note(Position(10), Position(500));
        searched.note(Position(10), Position(300));
        assert_eq!(searched.beyond(Position(10)), Position(500));
        assert_eq!(searched.beyond(Position(11)), Position(11), "that is inside of it, and no place of ours");
    }

    #[test]
    fn file_of_another_log_is_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("searched");
        let identity = Identity { log_id: Uuid::from_u128(1), generation: 1 };
        assert_eq!(Tail::read(&path, identity), None);
        let tail = Tail::new(identity, Position(10), Position(500), Uuid::from_u128(2));
        for _ in 0..2 {
            tail.write(&path).expect("it is written");
            assert_eq!(Tail::read(&path, identity), Some(tail));
        }
        assert_eq!(Tail::read(&path, Identity { generation: 2, ..identity }), None);
        assert_eq!(Tail::read(&path, Identity { log_id: Uuid::nil(), ..identity }), None);
        fs::write(&path, "{").expect("it is written");
        assert_eq!(Tail::read(&path, identity), None);
    }
}
