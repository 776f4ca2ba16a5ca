//! Maps the positions of a log to those of its copy. `desk copy-log` writes such a text file whenever the copy assigns other
//! positions, so that checkpoints and cursors of the old log remain usable.
//!
//! ```text
//! fiido-desk position map
//! log 0b9f2a4e-…
//! from generation 1
//! to generation 2
//! 1 4711                  the old position, the new one; in the order of both
//! 2 5012
//! events 2                the last line: a file without it is incomplete
//! ```
//!
//! Invariant: a map that can be read is complete, and both columns increase.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{checkpoint::Checkpoint, event::Position, port::Identity};

const TITLE: &str = "fiido-desk position map";

/// Why a map cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The file cannot be read or written.
    #[error("position map {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        #[source]
        source: io::Error,
    },
    /// It is not a map, or is truncated.
    #[error("position map {path}: line {line} is malformed")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The file is a different map.
    #[error("{path} is a map of another log or copy: name another file, or move it away")]
    Another {
        /// The file.
        path: PathBuf,
    },
}

/// The two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Title {
    from: Identity,
    to: Identity,
}

/// Writes a map, under a temporary name until it is complete.
#[derive(Debug)]
pub struct MapWriter {
    path: PathBuf,
    file: BufWriter<File>,
    events: u64,
}

impl MapWriter {
    /// Begins a map between two identities of one log. An existing map of the same two is replaced on [`Self::finish`].
    ///
    /// # Errors
    /// The file cannot be written, or is a different map.
    pub fn create(path: &Path, from: Identity, to: Identity) -> Result<Self, MapError> {
        let title = Title { from, to };
        if path.exists() && Lines::open(path)?.title()? != title {
            return Err(MapError::Another { path: path.to_owned() });
        }
        let file = File::create(part_of(path)).map(BufWriter::new).map_err(|source| failed(path, source))?;
        let mut map = Self { path: path.to_owned(), file, events: 0 };
        let (log, old, new) = (from.log_id, from.generation, to.generation);
        map.write(format_args!("{TITLE}\nlog {log}\nfrom generation {old}\nto generation {new}\n"))?;
        Ok(map)
    }

    /// Adds the next event's two positions.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, old: Position, new: Position) -> Result<(), MapError> {
        self.events += 1;
        self.write(format_args!("{old} {new}\n"))
    }

    /// Completes the file, syncs it to disk and renames it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<PathBuf, MapError> {
        let events = self.events;
        self.write(format_args!("events {events}\n"))?;
        let named = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        let named = named.and_then(|()| fs::rename(part_of(&self.path), &self.path));
        named.map_err(|source| failed(&self.path, source))?;
        Ok(self.path)
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), MapError> {
        self.file.write_fmt(text).map_err(|source| failed(&self.path, source))
    }
}

/// A complete map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionMap {
    title: (Identity, Identity),
    places: Vec<(Position, Position)>,
}

impl PositionMap {
    /// Reads a map.
    ///
    /// # Errors
    /// The file cannot be read, or is not a complete map.
    pub fn read(path: &Path) -> Result<Self, MapError> {
        let mut lines = Lines::open(path)?;
        let Title { from, to } = lines.title()?;
        let mut places: Vec<(Position, Position)> = Vec::new();
        loop {
            let line = lines.next()?;
            if let Some(events) = line.strip_prefix("events ") {
                let is_complete = events.parse() == Ok(places.len()) && lines.is_over()?;
                return if is_complete { Ok(Self { title: (from, to), places }) } else { Err(lines.malformed()) };
            }
            let place = pair(&line).ok_or_else(|| lines.malformed())?;
            if places.last().is_some_and(|last| last.0 >= place.0 || last.1 >= place.1) {
                return Err(lines.malformed());
            }
            places.push(place);
        }
    }

    /// The source log.
    #[must_use]
    pub fn from(&self) -> Identity {
        self.title.0
    }

    /// The copy.
    #[must_use]
    pub fn to(&self) -> Identity {
        self.title.1
    }

    /// New position of the event at an old position.
    #[must_use]
    pub fn position(&self, old: Position) -> Option<Position> {
        let found = self.places.binary_search_by_key(&old, |place| place.0).ok()?;
        Some(self.places[found].1)
    }

    /// The new cursor after the same events as an old one: no event is repeated or skipped.
    #[must_use]
    pub fn cursor(&self, old: Position) -> Position {
        let behind = self.places.partition_point(|place| place.0 <= old);
        behind.checked_sub(1).map_or(Position::START, |last| self.places[last].1)
    }

    /// Translates a checkpoint of the source log to the copy: the same events in the same order, so the same size and root.
    /// `None` if it is of another log or covers events that were not copied.
    #[must_use]
    pub fn checkpoint(&self, old: &Checkpoint) -> Option<Checkpoint> {
        let position =
            if old.position == Position::START { Some(Position::START) } else { self.position(old.position) };
        (old.log == self.from()).then_some(Checkpoint { log: self.to(), position: position?, ..old.clone() })
    }
}

struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    line: usize,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, MapError> {
        let file = File::open(path).map(BufReader::new).map_err(|source| failed(path, source))?;
        Ok(Self { path: path.to_owned(), file, line: 0 })
    }

    fn next(&mut self) -> Result<String, MapError> {
        self.line += 1;
        let mut text = String::new();
        self.file.read_line(&mut text).map_err(|source| failed(&self.path, source))?;
        text.strip_suffix('\n').map(str::to_owned).ok_or_else(|| self.malformed())
    }

    fn is_over(&mut self) -> Result<bool, MapError> {
        self.file.fill_buf().map(<[u8]>::is_empty).map_err(|source| failed(&self.path, source))
    }

    fn title(&mut self) -> Result<Title, MapError> {
        if self.next()? != TITLE {
            return Err(self.malformed());
        }
        let log_id: Uuid = self.field("log ")?;
        let from = Identity { log_id, generation: self.field("from generation ")? };
        Ok(Title { from, to: Identity { log_id, generation: self.field("to generation ")? } })
    }

    fn field<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, MapError> {
        let line = self.next()?;
        line.strip_prefix(name).and_then(|value| value.parse().ok()).ok_or_else(|| self.malformed())
    }

    fn malformed(&self) -> MapError {
        MapError::Malformed { path: self.path.clone(), line: self.line }
    }
}

fn pair(line: &str) -> Option<(Position, Position)> {
    let (old, new) = line.split_once(' ')?;
    Some((Position(old.parse().ok()?), Position(new.parse().ok()?)))
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    name.into()
}

fn failed(path: &Path, source: io::Error) -> MapError {
    MapError::File { path: path.to_owned(), source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::merkle::TreeSize;

    fn identity(generation: u64) -> Identity {
        Identity { log_id: Uuid::from_u128(7), generation }
    }

    fn written(path: &Path, places: &[(u64, u64)]) -> PathBuf {
        let mut map = MapWriter::create(path, identity(1), identity(2)).unwrap();
        for (old, new) in places {
            map.add(Position(*old), Position(*new)).unwrap();
        }
        map.finish().unwrap()
    }

    #[test]
    fn old_positions_and_cursors_map_to_the_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(&folder.path().join("map"), &[(1, 100), (2, 205), (5, 300)]);
        let map = PositionMap::read(&path).unwrap();
        assert_eq!((map.from(), map.to()), (identity(1), identity(2)));
        assert_eq!([1, 2, 5].map(|old| map.position(Position(old)).unwrap().0), [100, 205, 300]);
        assert_eq!([0, 3, 6].map(|old| map.position(Position(old))), [None; 3]);
        assert_eq!([0, 1, 2, 3, 5, 9].map(|old| map.cursor(Position(old)).0), [0, 100, 205, 205, 300, 300]);
    }

    #[test]
    fn a_translated_checkpoint_keeps_size_and_root_and_gets_the_new_position() {
        let folder = tempfile::tempdir().unwrap();
        let map = PositionMap::read(&written(&folder.path().join("map"), &[(1, 100), (2, 205)])).unwrap();
        let (size, root, signed_at) = (TreeSize(2), [9; 32], Timestamp::UNIX_EPOCH);
        let old = Checkpoint { log: identity(1), size, root, position: Position(2), signed_at };
        let carried = Checkpoint { log: identity(2), position: Position(205), ..old.clone() };
        assert_eq!(map.checkpoint(&old), Some(carried));
        assert_eq!(map.checkpoint(&Checkpoint { position: Position(3), ..old.clone() }), None);
        assert_eq!(map.checkpoint(&Checkpoint { log: identity(2), ..old }), None);
    }

    #[test]
    fn an_unfinished_map_has_no_file_and_a_truncated_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map");
        let mut map = MapWriter::create(&path, identity(1), identity(2)).unwrap();
        map.add(Position(1), Position(10)).unwrap();
        assert!(!path.exists(), "it has its name already");
        map.finish().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for length in 0..text.len() {
            fs::write(&path, &text[..length]).unwrap();
            assert!(PositionMap::read(&path).is_err(), "{:?}", &text[..length]);
        }
        let with = |line: &str| text.replace("events 1", &format!("{line}\nevents 2"));
        for bad in [text.replace("events 1", "events 2"), with("1 11"), with("2 10"), text.clone() + "x\n"] {
            fs::write(&path, &bad).unwrap();
            assert!(PositionMap::read(&path).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_a_map_of_the_same_two_logs_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map");
        written(&path, &[(1, 10)]);
        written(&path, &[(1, 10), (2, 20)]);
        assert_eq!(PositionMap::read(&path).unwrap().position(Position(2)), Some(Position(20)));
        let other = MapWriter::create(&path, identity(2), identity(3));
        assert!(matches!(other, Err(MapError::Another { .. })), "{other:?}");
        fs::write(&path, "a letter\n").unwrap();
        assert!(MapWriter::create(&path, identity(1), identity(2)).is_err());
    }
}
