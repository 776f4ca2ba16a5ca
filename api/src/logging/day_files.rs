//! A file of lines for each day of the shop: `desk-2026-11-30.jsonl`. The date in the name decides how long a file is kept.
//!
//! Invariants: the file of today is never removed; a file whose name is not of this form is not ours and stays; a line begins at the
//! beginning of a line, also after one that was written in part.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use jiff::{ToSpan as _, civil::Date};

use super::LogFolder;

/// The files of a folder.
pub(super) struct DayFiles {
    folder: LogFolder,
    current: Option<(Date, File)>,
    /// The last line was written in part.
    is_torn: bool,
}

impl DayFiles {
    /// Makes the folder if need be, removes what is too old, and opens the file of today.
    pub(super) fn open(folder: LogFolder) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o750).create(&folder.path)?;
        let mut files = Self { folder, current: None, is_torn: false };
        files.turn()?;
        Ok(files)
    }

    /// Begins the file of today, if that is another one than is open, and removes those that are too old.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        let today = self.folder.zone.to_datetime(self.folder.clock.now()).date();
        if self.current.as_ref().is_some_and(|(day, _)| *day == today) {
            return Ok(());
        }
        self.current = None;
        let path = self.folder.path.join(name_of(today));
        let file = OpenOptions::new().append(true).create(true).mode(0o640).open(path)?;
        (self.current, self.is_torn) = (Some((today, file)), false);
        self.prune(today);
        Ok(())
    }

    /// Writes a whole line.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.turn()?;
        let Some((_, file)) = &mut self.current else { return Err(io::ErrorKind::NotFound.into()) };
        if self.is_torn {
            file.write_all(b"\n")?;
            self.is_torn = false;
        }
        file.write_all(line).inspect_err(|_| self.is_torn = true)
    }

    /// A file that cannot be removed is tried again the next day.
    fn prune(&self, today: Date) {
        let oldest = today.saturating_sub(i64::from(self.folder.days).days());
        for (date, path) in dated(&self.folder.path) {
            if date < oldest && date != today {
                drop(fs::remove_file(path));
            }
        }
    }
}

fn name_of(date: Date) -> String {
    format!("desk-{date}.jsonl")
}

/// The files of the folder whose names have a date.
fn dated(folder: &Path) -> Vec<(Date, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let date = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let date: Date = name.strip_prefix("desk-")?.strip_suffix(".jsonl")?.parse().ok()?;
        (name_of(date) == name).then_some(date)
    };
    entries.filter_map(|entry| Some((date(&entry.path())?, entry.path()))).collect()
}
