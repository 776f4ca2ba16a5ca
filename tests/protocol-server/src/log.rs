//! The file that holds the events: appended to, and safe on the disk before anybody hears of it.
//!
//! A position is the place of a record in this file, so positions are far apart and none says how many events lie before it.
//! *Invariant:* what [`Log::append`] returned from is there after kill -9; what it did not return from is there as a whole or
//! not at all, for a torn tail is cut off when the file is opened.

pub(crate) mod record;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::event::Event;
use record::{GONE, HEADER, STATE, Unreadable};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk said no.
    #[error("the log's file cannot be read or written")]
    Io(#[from] io::Error),
    /// Another server has it open.
    #[error("another server works on {}", .0.display())]
    InUse(PathBuf),
    /// It holds something that was not written so.
    #[error("the log is damaged at position {0}")]
    Damaged(u64),
}

/// What an opened file held.
pub(crate) struct Found {
    pub(crate) events: Vec<Event>,
    /// Where records begin, those included that were scavenged.
    pub(crate) beginnings: Vec<u64>,
    /// Where records begin and end that were scavenged, but not to the end.
    left_over: Vec<(u64, u64)>,
    /// Where what was written as a whole ends.
    end: u64,
}

pub(crate) struct Log {
    file: File,
    end: u64,
}

/// Closing alone leaves the lock to a program that is being started at this moment, which has the file open until it has become that
/// program; releasing it is for all who have it open.
impl Drop for Log {
    fn drop(&mut self) {
        // If it fails, closing releases it soon.
        let _ = self.file.unlock();
    }
}

impl Log {
    /// Opens the log of a folder, which is made if it is not there, and cuts off what was not written to its end.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Found), LogError> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("log");
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LogError::InUse(path)),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let found = scan(&Bytes::from(content))?;
        file.set_len(found.end)?;
        file.sync_data()?;
        for (position, end) in &found.left_over {
            Self::wipe(folder, *position, *end)?;
        }
        File::open(folder)?.sync_all()?;
        Ok((Self { file, end: found.end }, found))
    }

    /// Where the next record will begin.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Writes records and returns when they are on the disk.
    pub(crate) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_all(records)?;
        self.file.sync_data()?;
        self.end += records.len() as u64;
        Ok(())
    }

    /// Removes the content of an event, whose place stays: first it is marked, then wiped.
    pub(crate) fn wipe(folder: &Path, position: u64, end: u64) -> io::Result<()> {
        // Not the file that is appended to: where that one writes is not for it to say.
        let file = OpenOptions::new().write(true).open(folder.join("log"))?;
        file.write_all_at(&[GONE], position + STATE as u64)?;
        file.sync_data()?;
        let body = end - position - HEADER as u64;
        let zeros = vec![0; usize::try_from(body).map_err(io::Error::other)?];
        file.write_all_at(&zeros, position + HEADER as u64)?;
        file.sync_data()
    }
}

/// What the file holds.
fn scan(content: &Bytes) -> Result<Found, LogError> {
    let mut found = Found { events: Vec::new(), beginnings: Vec::new(), left_over: Vec::new(), end: 0 };
    // Of a write whose end has not been seen.
    let (mut events, mut beginnings) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < content.len() as u64 {
        let record = match record::read(content, at) {
            Ok(record) => record,
            Err(Unreadable::Short) => break,
            Err(Unreadable::Damaged) => return Err(LogError::Damaged(at)),
        };
        beginnings.push(at);
        if record.is_left_over {
            found.left_over.push((at, record.end));
        }
        events.extend(record.event);
        at = record.end;
        if record.ends_write {
            found.events.append(&mut events);
            found.beginnings.append(&mut beginnings);
            found.end = at;
        }
    }
    Ok(found)
}
