//! The position maps of a copied log, which translate checkpoints and cursors of earlier generations.
//!
//! Invariant: a cursor of another generation is translated by maps that lead to this log, or refused; a checkpoint of another
//! generation is compared by its root.

use std::{path::PathBuf, str::FromStr};

use event_store::{Identity, Position, checkpoint::Checkpoint, position_map::PositionMap};

use crate::failure::Failure;

/// A cursor in the form of event streams, `<generation>-<position>`, or only a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The generation, if given.
    pub generation: Option<u64>,
    /// The last event before the cursor.
    pub position: Position,
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number =
            |text: &str| text.parse::<u64>().map_err(|_| "must be a position, or an event stream's id like 1-42");
        let (generation, position) = match text.split_once('-') {
            Some((generation, position)) => (Some(number(generation)?), position),
            None => (None, text),
        };
        Ok(Self { generation, position: Position(number(position)?) })
    }
}

/// The given maps.
#[derive(Debug)]
pub struct Maps {
    here: Identity,
    maps: Vec<PositionMap>,
}

impl Maps {
    pub(super) fn read(files: &[PathBuf], here: Identity) -> Result<Self, Failure> {
        let maps = files.iter().map(|file| PositionMap::read(file)).collect::<Result<_, _>>()?;
        Ok(Self { here, maps })
    }

    /// This log.
    #[must_use]
    pub fn here(&self) -> Identity {
        self.here
    }

    /// A checkpoint with the positions of this log, as far as maps lead to it. Its root is that of the same events in every copy,
    /// and in every generation up to a restore.
    #[must_use]
    pub fn checkpoint(&self, signed: &Checkpoint) -> Checkpoint {
        let mut translated = signed.clone();
        while translated.is_of(self.here).is_err() {
            let next = self.maps.iter().find_map(|map| map.checkpoint(&translated));
            // Each copy raises the generation, so this ends.
            match next.filter(|next| next.log.generation > translated.log.generation) {
                Some(next) => translated = next,
                None => break,
            }
        }
        translated
    }

    /// Translates a cursor. Without a generation it is of this log, or of the first map's source if there is a map.
    ///
    /// # Errors
    /// There is no map from that generation to this log.
    pub fn cursor(&self, Cursor { generation, mut position }: Cursor) -> Result<Position, Failure> {
        let otherwise = self.maps.first().map_or(self.here, PositionMap::from).generation;
        let mut at = generation.unwrap_or(otherwise);
        while at != self.here.generation {
            let map = self.maps.iter().find(|map| map.from().generation == at && map.from().log_id == self.here.log_id);
            let map = map.filter(|map| map.to().generation > at);
            let map = map.ok_or(Failure::NoMap { from: at, here: self.here.generation })?;
            (at, position) = (map.to().generation, map.cursor(position));
        }
        Ok(position)
    }
}
