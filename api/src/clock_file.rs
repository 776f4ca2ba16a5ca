//! A clock whose offset from the machine's stands in a file, so that a test moves days while the whole program runs. For `--dev`
//! only: whoever can write the file decides what time it is.
//!
//! Invariant: a file that is away or malformed changes nothing; the last offset stays.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};

use async_trait::async_trait;
use event_store::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::sleep};

/// Between looks at the file.
const POLL: Duration = Duration::from_millis(100);
/// The longest sleep before the machine's clock is looked at again.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Times beyond a century either way are a mistake.
const LARGEST_OFFSET_SECONDS: f64 = 100.0 * 366.0 * 86_400.0;

/// The machine's clock, moved by what stands in a file.
#[derive(Debug)]
pub struct FileClock {
    offset: watch::Sender<SignedDuration>,
}

/// Why the file gives no offset.
#[derive(Debug, thiserror::Error)]
pub enum ClockFileError {
    /// It cannot be read.
    #[error("the clock file {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("the clock file {path} must have a number of seconds that is added to the time, like 86400 or -1.5")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
}

impl FileClock {
    /// Reads the file now, and again whenever it changes for as long as the clock is used.
    ///
    /// # Errors
    /// It cannot be read now, or has no offset.
    pub fn open(path: PathBuf) -> Result<Arc<Self>, ClockFileError> {
        let text = read(&path)?;
        let clock = Arc::new(Self { offset: watch::Sender::new(parse(&path, &text)?) });
        tokio::spawn(watch_file(Arc::downgrade(&clock), path, text));
        Ok(clock)
    }

    fn set(&self, offset: SignedDuration) {
        tracing::info!(offset_seconds = offset.as_secs_f64(), "the clock is moved");
        self.offset.send_replace(offset);
    }
}

#[async_trait]
impl Clock for FileClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(*self.offset.borrow()).unwrap_or(now)
    }

    async fn sleep_until(&self, due: Timestamp) {
        let mut offset = self.offset.subscribe();
        // A negative difference is no `Duration`: the time has come.
        while let Ok(left) = Duration::try_from(due.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::select! {
                () = sleep(left.min(LONGEST_SLEEP)) => {}
                _moved = offset.changed() => {}
            }
        }
    }
}

/// Ends when nobody has the clock any more. What is wrong with the file is logged once for each content.
async fn watch_file(clock: Weak<FileClock>, path: PathBuf, mut known: String) {
    let mut is_away = false;
    loop {
        sleep(POLL).await;
        let Some(clock) = clock.upgrade() else { return };
        let read = read(&path);
        let was_away = std::mem::replace(&mut is_away, read.is_err());
        let offset = match read {
            Ok(text) if text == known => continue,
            Ok(text) => {
                known = text;
                parse(&path, &known)
            }
            Err(_still) if was_away => continue,
            Err(error) => Err(error),
        };
        match offset {
            Ok(offset) => clock.set(offset),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the clock keeps its last offset");
            }
        }
    }
}

fn read(path: &Path) -> Result<String, ClockFileError> {
    fs::read_to_string(path).map_err(|source| ClockFileError::Unreadable { path: path.to_owned(), source })
}

fn parse(path: &Path, text: &str) -> Result<SignedDuration, ClockFileError> {
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| seconds.abs() <= LARGEST_OFFSET_SECONDS);
    let offset = seconds.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
    offset.ok_or_else(|| ClockFileError::Malformed { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    /// A file that need not be cleaned up by anybody else.
    struct OffsetFile(PathBuf);

    impl OffsetFile {
        fn with(text: &str) -> Self {
            let file = Self(std::env::temp_dir().join(format!("desk-clock-{}", uuid::Uuid::new_v4())));
            file.write(text);
            file
        }

        fn write(&self, text: &str) {
            fs::write(&self.0, text).expect("a temporary file can be written");
        }
    }

    impl Drop for OffsetFile {
        fn drop(&mut self) {
            drop(fs::remove_file(&self.0));
        }
    }

    fn is_moved_by(clock: &FileClock, hours: i64) -> bool {
        let moved = clock.now().duration_since(Timestamp::now()) - SignedDuration::from_hours(hours);
        moved.abs() < SignedDuration::from_mins(5)
    }

    async fn until_moved_by(clock: &FileClock, hours: i64) {
        let moved = async {
            while !is_moved_by(clock, hours) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), moved).await.expect("the file is read again");
    }

    #[tokio::test]
    async fn an_offset_is_taken_up_and_a_malformed_or_missing_file_changes_nothing() {
        let file = OffsetFile::with("0\n");
        let clock = FileClock::open(file.0.clone()).expect("it has an offset");
        assert!(is_moved_by(&clock, 0));
        file.write("86400");
        until_moved_by(&clock, 24).await;
        for malformed in ["", "tomorrow", "1e30", "NaN", "inf"] {
            file.write(malformed);
            sleep(POLL * 3).await;
            assert!(is_moved_by(&clock, 24), "{malformed}");
        }
        fs::remove_file(&file.0).expect("it is there");
        sleep(POLL * 3).await;
        assert!(is_moved_by(&clock, 24));
        file.write("-3600.0");
        until_moved_by(&clock, -1).await;
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_offset_takes_it_to_its_time() {
        let file = OffsetFile::with("0");
        let clock = FileClock::open(file.0.clone()).expect("it has an offset");
        let due = clock.now() + SignedDuration::from_hours(30 * 24);
        let sleeper = clock.clone();
        let mut sleeping = tokio::spawn(async move { sleeper.sleep_until(due).await });
        assert!(timeout(Duration::from_millis(50), &mut sleeping).await.is_err());
        file.write("2678400");
        timeout(Duration::from_secs(10), sleeping).await.expect("it wakes").expect("it does not panic");
    }

    #[tokio::test]
    async fn a_file_without_an_offset_is_refused_at_the_start() {
        let malformed = OffsetFile::with("soon");
        assert!(matches!(FileClock::open(malformed.0.clone()), Err(ClockFileError::Malformed { .. })));
        let missing = malformed.0.with_extension("missing");
        assert!(matches!(FileClock::open(missing), Err(ClockFileError::Unreadable { .. })));
    }
}
