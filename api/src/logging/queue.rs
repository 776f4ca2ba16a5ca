//! Between those who log and the disk: lines wait in a bounded queue for a thread that writes them.
//!
//! Invariants: whoever logs never waits for the disk; a line that finds the queue full, or that the disk does not take, is counted.

use std::{
    io,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::day_files::DayFiles;

/// Lines that wait: some seconds at full load, about 4 MB.
const WAITING: usize = 16_384;
/// A quiet program looks this often whether another day has begun.
const LOOK: Duration = Duration::from_secs(1);
/// How long the end of the process waits for what is on its way.
const FLUSH: Duration = Duration::from_secs(2);

enum Item {
    Line(Vec<u8>),
    /// Everything before it has been written when this is answered.
    Flush(SyncSender<()>),
}

/// The end that takes lines.
#[derive(Clone)]
pub(super) struct Queue {
    lines: SyncSender<Item>,
    dropped: &'static AtomicU64,
}

/// Waits for what is on its way when it is dropped.
pub(super) struct Guard(SyncSender<Item>);

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(files: DayFiles, dropped: &'static AtomicU64) -> io::Result<(Self, Guard)> {
        let (lines, waiting) = sync_channel(WAITING);
        thread::Builder::new().name("log-files".to_owned()).spawn(move || write_all(&waiting, files, dropped))?;
        Ok((Self { lines: lines.clone(), dropped }, Guard(lines)))
    }
}

/// One write is one line, as the formatter does it.
impl io::Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(Item::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(waiting: &Receiver<Item>, mut files: DayFiles, dropped: &AtomicU64) {
    loop {
        match waiting.recv_timeout(LOOK) {
            Ok(Item::Line(line)) => {
                if files.write(&line).is_err() {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(Item::Flush(written)) => drop(written.try_send(())),
            // What is wrong with the folder is seen by the next line.
            Err(RecvTimeoutError::Timeout) => drop(files.turn()),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (written, done) = sync_channel(1);
        let (end, mut flush) = (Instant::now() + FLUSH, Item::Flush(written));
        loop {
            match self.0.try_send(flush) {
                Ok(()) => break,
                Err(TrySendError::Full(again)) if Instant::now() < end => {
                    flush = again;
                    thread::sleep(Duration::from_millis(10));
                }
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return,
            }
        }
        let _ = done.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}
