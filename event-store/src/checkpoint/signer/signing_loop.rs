//! The signer's loop.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::timeout};

use super::{
    dependencies::Dependencies,
    resume::{ResumePoint, StartError, find_start},
    status::{Alarm, Status, StatusReporter},
};
use crate::{
    checkpoint::{folder::FolderNote, frontier::Frontier},
    clock::Clock,
    event::{Position, RecordedEvent},
    merkle::TreeSize,
    port::ReadError,
    tail::Tail,
};

/// When a note is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After so many events.
    pub events: u64,
    /// So long after the first event that is in no note.
    pub longest: Duration,
    /// Not sooner after the note before; at ten thousand events a second, a note a second instead of ten.
    pub shortest: Duration,
    /// So long after a note that could not be written.
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

/// Events taken at a time, where so many are there.
const CHUNK: usize = 512;
/// How long a clean stop reads on to the head. What is beyond is in the next life's first note.
const READ_ON: Duration = Duration::from_secs(3);

type Chunk = Vec<Result<Arc<RecordedEvent>, ReadError>>;

/// Follows the log until told to stop, or until it contradicts a note.
pub(super) async fn run(
    deps: Dependencies,
    tail: Arc<Tail>,
    pace: Pace,
    tell: watch::Sender<Status>,
    mut stopping: watch::Receiver<bool>,
) {
    let reporter = StatusReporter(tell);
    let followed = match start(&deps, pace, &reporter, &mut stopping).await {
        Ok(None) => return,
        Ok(Some(start)) => SigningLoop::new(deps, pace, &reporter, start).follow(&tail, &mut stopping).await,
        Err(alarm) => Err(alarm),
    };
    if let Err(alarm) = followed {
        reporter.raise(alarm);
    }
}

/// Where to go on, as soon as log and folder say; nothing when told to stop before they do.
async fn start(
    deps: &Dependencies,
    pace: Pace,
    reporter: &StatusReporter,
    stopping: &mut watch::Receiver<bool>,
) -> Result<Option<ResumePoint>, Alarm> {
    loop {
        match find_start(deps).await {
            Ok(start) => {
                reporter.works_again();
                return Ok(Some(start));
            }
            Err(StartError::Alarm(alarm)) => return Err(alarm),
            Err(passing @ StartError::Passing { .. }) => reporter.trouble(&passing),
        }
        if timeout(pace.retry, until_told(stopping)).await.is_ok() {
            return Ok(None);
        }
    }
}

struct SigningLoop<'a> {
    deps: Dependencies,
    pace: Pace,
    reporter: &'a StatusReporter,
    frontier: Frontier,
    /// Notes that the log has yet to give.
    ahead: VecDeque<FolderNote>,
    signed: TreeSize,
    /// When the first event that is in no note was read.
    news_since: Option<Timestamp>,
    /// After reading again: a note at once, that later starts can believe.
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

    async fn follow(mut self, tail: &Arc<Tail>, stopping: &mut watch::Receiver<bool>) -> Result<(), Alarm> {
        let mut events = tail.follow(self.frontier.position).ready_chunks(CHUNK);
        loop {
            let due = self.due();
            let clock = self.deps.clock.clone();
            tokio::select! {
                Some(chunk) = events.next() => self.take(chunk)?,
                () = until(due, &*clock, self.pace.longest) => {}
                () = until_told(stopping) => return self.finish(events).await,
            }
            self.keep_to_the_clock();
            if self.due().is_some_and(|due| due <= self.now()) {
                self.sign().await;
            }
        }
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), Alarm> {
        for event in chunk {
            self.frontier.append(&*event.map_err(unreadable)?);
            self.meet_notes()?;
        }
        if self.frontier.size() > self.signed && self.news_since.is_none() {
            self.news_since = Some(self.now());
        }
        Ok(())
    }

    /// The log gives the notes that stand at this size, or it is not the log that was signed.
    fn meet_notes(&mut self) -> Result<(), Alarm> {
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

    /// A clock that is set back delays a note by what is left of one wait, not by as much as it was set back.
    fn keep_to_the_clock(&mut self) {
        let now = self.now();
        self.news_since = self.news_since.map(|since| since.min(now));
        self.not_before = self.not_before.min(later(now, self.pace.shortest.max(self.pace.retry)));
    }

    /// When the next note is due; never while the log has yet to give one that is there.
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
        match written.await.expect("writing a note does not panic") {
            Ok(()) => {
                (self.signed, self.news_since, self.is_owed) = (checkpoint.size, None, false);
                self.not_before = later(self.now(), self.pace.shortest);
                self.reporter.works_again();
                self.reporter.0.send_modify(|status| status.newest = Some(checkpoint));
            }
            Err(error) => {
                self.not_before = later(self.now(), self.pace.retry);
                self.reporter.trouble(&error);
            }
        }
    }

    /// Reads on to the head, and signs that.
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

/// As precise as a note tells it.
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

/// At most for one wait: a clock that was set back comes to `due` much later.
async fn until(due: Option<Timestamp>, clock: &dyn Clock, longest: Duration) {
    match due {
        Some(due) => drop(timeout(longest, clock.sleep_until(due)).await),
        None => std::future::pending().await,
    }
}

async fn until_told(stopping: &mut watch::Receiver<bool>) {
    let _told_or_dropped = stopping.wait_for(|stopping| *stopping).await;
}
