//! The signer's loop.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::timeout};

use super::{
    dependencies::Dependencies,
    resume::{ResumePoint, StartError, find_resume_point},
    status::{Alarm, Status, StatusReporter},
};
use crate::{
    checkpoint::{folder::FolderNote, frontier::Frontier},
    clock::Clock,
    event::{Position, RecordedEvent},
    merkle::TreeSize,
    port::{Follow, ReadError},
};

/// When a note is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After this many unsigned events.
    pub events: u64,
    /// This long after the first unsigned event.
    pub longest: Duration,
    /// The least time between two notes: at ten thousand events a second, one note a second instead of ten.
    pub shortest: Duration,
    /// This long after a note that could not be written.
    pub retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            events: 1000,
            longest: Duration::from_secs(60),
            shortest: Duration::from_secs(1),
            retry: Duration::from_secs(5),
        }
    }
}

/// Most events taken at a time.
const CHUNK: usize = 512;
/// How long a clean stop reads towards the head. Later events go into the first note after the next start.
const READ_ON: Duration = Duration::from_secs(3);

type Chunk = Vec<Result<Arc<RecordedEvent>, ReadError>>;

/// Follows the log until stopped, or until the log contradicts a note.
pub(super) async fn run(
    deps: Dependencies,
    follow: &Follow,
    pace: Pace,
    tell: watch::Sender<Status>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Alarm> {
    let reporter = StatusReporter(tell);
    let followed = match start(&deps, pace, &reporter, &mut stopping).await {
        Ok(None) => Ok(()),
        Ok(Some(start)) => SigningLoop::new(deps, pace, &reporter, start).follow(follow, &mut stopping).await,
        Err(alarm) => Err(alarm),
    };
    followed.inspect_err(|alarm| reporter.raise(alarm.clone()))
}

/// Retries until log and folder tell where to resume; `None` if stopped before.
async fn start(
    deps: &Dependencies,
    pace: Pace,
    reporter: &StatusReporter,
    stopping: &mut watch::Receiver<bool>,
) -> Result<Option<ResumePoint>, Alarm> {
    loop {
        match find_resume_point(deps).await {
            Ok(start) => {
                reporter.recovered();
                return Ok(Some(start));
            }
            Err(StartError::Alarm(alarm)) => return Err(alarm),
            Err(passing @ StartError::Passing { .. }) => reporter.trouble(&passing),
        }
        if timeout(pace.retry, until_stopped(stopping)).await.is_ok() {
            return Ok(None);
        }
    }
}

struct SigningLoop<'a> {
    deps: Dependencies,
    pace: Pace,
    reporter: &'a StatusReporter,
    frontier: Frontier,
    /// Notes beyond the frontier that the log must still match.
    ahead: VecDeque<FolderNote>,
    signed: TreeSize,
    /// When the first unsigned event was read.
    news_since: Option<Timestamp>,
    /// After reading the log again: write a note at once, so that the next start can trust the frontier.
    is_owed: bool,
    not_before: Timestamp,
}

impl<'a> SigningLoop<'a> {
    fn new(deps: Dependencies, pace: Pace, reporter: &'a StatusReporter, start: ResumePoint) -> Self {
        let ResumePoint { frontier, ahead, newest } = start;
        reporter.0.send_modify(|status| status.newest = newest);
        let (signed, not_before) = (frontier.size(), deps.clock.now());
        Self { deps, pace, reporter, frontier, ahead, signed, news_since: None, is_owed: false, not_before }
    }

    async fn follow(mut self, follow: &Follow, stopping: &mut watch::Receiver<bool>) -> Result<(), Alarm> {
        let mut events = follow(self.frontier.position).ready_chunks(CHUNK);
        loop {
            let due = self.due();
            let clock = self.deps.clock.clone();
            tokio::select! {
                Some(chunk) = events.next() => self.take(chunk)?,
                () = until(due, &*clock, self.pace.longest) => {}
                () = until_stopped(stopping) => return self.finish(events).await,
            }
            self.adjust_to_clock();
            if self.due().is_some_and(|due| due <= self.now()) {
                self.sign().await;
            }
        }
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), Alarm> {
        for event in chunk {
            self.frontier.append(&*event.map_err(unreadable)?);
            self.check_notes()?;
        }
        if self.frontier.size() > self.signed && self.news_since.is_none() {
            self.news_since = Some(self.now());
        }
        Ok(())
    }

    /// Compares the log with the notes of the current size; a different root means that the log was changed.
    fn check_notes(&mut self) -> Result<(), Alarm> {
        while let Some(kept) = self.ahead.front().filter(|kept| kept.checkpoint.size <= self.frontier.size()) {
            if !self.frontier.is_at(&kept.checkpoint) {
                return Err(self.deps.alarm_of_change(kept));
            }
            self.ahead.pop_front();
            self.is_owed = self.ahead.is_empty();
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }

    /// Limits the delay when the clock is set back: to one interval, not to the amount it was set back.
    fn adjust_to_clock(&mut self) {
        let now = self.now();
        self.news_since = self.news_since.map(|since| since.min(now));
        self.not_before = self.not_before.min(later(now, self.pace.shortest.max(self.pace.retry)));
    }

    /// When the next note is due; `None` while existing notes have yet to be matched.
    fn due(&self) -> Option<Timestamp> {
        if !self.ahead.is_empty() {
            return None;
        }
        let many = self.frontier.size().0 - self.signed.0 >= self.pace.events;
        let by_news = self.news_since.map(|since| if many { since } else { later(since, self.pace.longest) });
        let wanted = if self.is_owed { Some(self.not_before) } else { by_news };
        wanted.map(|wanted| wanted.max(self.not_before))
    }

    async fn sign(&mut self) {
        let checkpoint = self.frontier.checkpoint(to_the_microsecond(self.now()));
        let (deps, frontier, signed) = (self.deps.clone(), self.frontier.clone(), checkpoint.clone());
        let written = tokio::task::spawn_blocking(move || {
            let note = signed.sign(&deps.key);
            let kept = deps.folder.keep(&signed, &note, deps.key.public());
            kept.map_err(|error| StartError::of_file("the folder", deps.folder.path(), error))?;
            frontier
                .store(&deps.places.state)
                .map_err(|error| StartError::of_file("the file", &deps.places.state, error))
        });
        let written = match written.await {
            Ok(written) => written,
            // The process ends: what was not written is written at its next start.
            Err(error) if error.is_cancelled() => return,
            Err(error) => panic!("writing a note panicked: {error}"),
        };
        match written {
            Ok(()) => {
                (self.signed, self.news_since, self.is_owed) = (checkpoint.size, None, false);
                self.not_before = later(self.now(), self.pace.shortest);
                self.reporter.recovered();
                self.reporter.0.send_modify(|status| status.newest = Some(checkpoint));
            }
            Err(error) => {
                self.not_before = later(self.now(), self.pace.retry);
                self.reporter.trouble(&error);
            }
        }
    }

    /// Reads to the head and signs it.
    async fn finish(mut self, mut events: impl Stream<Item = Chunk> + Unpin) -> Result<(), Alarm> {
        let head = self.deps.reader.head().await.unwrap_or(Position::START);
        let read_on = async {
            while self.frontier.position < head {
                let Some(chunk) = events.next().await else { break };
                self.take(chunk)?;
            }
            Ok(())
        };
        timeout(READ_ON, read_on).await.unwrap_or(Ok(()))?;
        if self.ahead.is_empty() && (self.is_owed || self.news_since.is_some()) {
            self.sign().await;
        }
        Ok(())
    }
}

/// The precision of a note.
fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// Saturates.
fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

fn unreadable(error: ReadError) -> Alarm {
    let position = match &error {
        ReadError::Gap { expected, .. } => *expected,
        ReadError::Damaged { position, .. } => *position,
        ReadError::Unavailable(_) => Position::START,
    };
    Alarm { position, what: format!("{error}. Nothing is signed until this is looked into: `desk-replay verify`") }
}

/// Waits for at most `longest`, because a clock that was set back reaches `due` much later.
async fn until(due: Option<Timestamp>, clock: &dyn Clock, longest: Duration) {
    match due {
        Some(due) => drop(timeout(longest, clock.sleep_until(due)).await),
        None => std::future::pending().await,
    }
}

async fn until_stopped(stopping: &mut watch::Receiver<bool>) {
    let _stopped_or_dropped = stopping.wait_for(|stopping| *stopping).await;
}
