//! Position maps of the copies that a log has gone through: what was noted about it before finds its place in it.
//!
//! Invariant: a note about another log or generation is carried through maps that lead to this one, or says nothing.

use std::{path::PathBuf, str::FromStr};

use event_store::{
    Identity, Position,
    checkpoint::{Checkpoint, WrongLog},
    position_map::PositionMap,
};

use crate::failure::Failure;

/// A place in a log, as event streams give it: `<generation>-<position>`, or a position alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Of which generation, where it is said.
    pub generation: Option<u64>,
    /// Behind which event.
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

/// The maps that were named.
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

    /// A checkpoint in this log's terms: it was signed over it, or over a log that this is a copy of.
    ///
    /// # Errors
    /// It says nothing about this log.
    pub fn checkpoint(&self, signed: &Checkpoint) -> Result<Checkpoint, WrongLog> {
        let mut carried = signed.clone();
        loop {
            let Err(wrong) = carried.is_of(self.here) else { return Ok(carried) };
            let next = self.maps.iter().find_map(|map| map.checkpoint(&carried));
            // Each copy raises the generation, so this ends.
            carried = next.filter(|next| next.log.generation > carried.log.generation).ok_or(wrong)?;
        }
    }

    /// A cursor in this log's terms. One without a generation is this log's own, or the first map's old log's where there is
    /// a map.
    ///
    /// # Errors
    /// No map leads from that generation to this log.
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
