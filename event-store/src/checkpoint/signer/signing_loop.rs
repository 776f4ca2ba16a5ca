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
    checkpoint::{chain_check::ChainCheck, folder::FolderNote, frontier::Frontier},
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

/// How far an event's time may be ahead of this machine's clock.
const AHEAD_OF_CLOCK: SignedDuration = SignedDuration::from_mins(1);

type Chunk = Vec<Result<Arc<RecordedEvent>, ReadError>>;

/// Follows the log until stopped, or until the log contradicts a note.
pub(super) async fn run(
    deps: Dependencies,
    follow: &Follow,
    pace: Pace,
    tell: watch::Sender<Status>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Alarm> {
    let (reporter, kept_in) = (StatusReporter(tell), deps.places.alarm.clone());
    let followed = match start(&deps, pace, &reporter, &mut stopping).await {
        Ok(None) => Ok(()),
        Ok(Some(start)) => SigningLoop::new(deps, pace, &reporter, start).follow(follow, &mut stopping).await,
        Err(alarm) => Err(alarm),
    };
    followed.inspect_err(|alarm| reporter.raise(alarm.clone(), &kept_in))
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
    chain: ChainCheck,
    /// After an alarm: how far the log must prove itself before anything is signed.
    suspect_until: Option<Position>,
}

impl<'a> SigningLoop<'a> {
    fn new(deps: Dependencies, pace: Pace, reporter: &'a StatusReporter, start: ResumePoint) -> Self {
        let ResumePoint { suspicion, frontier, ahead, newest } = start;
        reporter.0.send_modify(|status| status.newest = newest);
        let (signed, not_before, chain) = (frontier.size(), deps.clock.now(), ChainCheck::new(deps.reader.clone()));
        let suspect_until = suspicion.map(|(alarm, head)| {
            reporter.suspect(alarm);
            head
        });
        let (news_since, is_owed) = (None, false);
        Self { deps, pace, reporter, frontier, ahead, signed, news_since, is_owed, not_before, chain, suspect_until }
    }

    async fn follow(mut self, follow: &Follow, stopping: &mut watch::Receiver<bool>) -> Result<(), Alarm> {
        let mut events = follow(self.frontier.position).ready_chunks(CHUNK);
        self.clear_suspicion();
        loop {
            let due = self.due();
            let clock = self.deps.clock.clone();
            tokio::select! {
                Some(chunk) = events.next() => self.take(chunk).await?,
                () = until(due, &*clock, self.pace.longest) => {}
                () = until_stopped(stopping) => return self.finish(events).await,
            }
            self.adjust_to_clock();
            if self.due().is_some_and(|due| due <= self.now()) {
                self.refuse_if_alarmed()?;
                self.sign().await;
            }
        }
    }

    async fn take(&mut self, chunk: Chunk) -> Result<(), Alarm> {
        for event in chunk {
            let event = event.map_err(unreadable)?;
            self.prove(&event).await?;
            self.check_clock(&event);
            self.frontier.append(&event);
            self.check_notes()?;
        }
        self.clear_suspicion();
        if self.frontier.size() > self.signed && self.news_since.is_none() {
            self.news_since = Some(self.now());
        }
        Ok(())
    }

    /// While the log does not answer, the event waits.
    async fn prove(&mut self, event: &RecordedEvent) -> Result<(), Alarm> {
        loop {
            match self.chain.flaw_of(event).await {
                Ok(None) => return Ok(()),
                Ok(Some(flaw)) => return Err(self.deps.alarm_of_event(event.position, &flaw)),
                Err(passing @ ReadError::Unavailable(_)) => {
                    self.reporter.trouble(&passing);
                    tokio::time::sleep(self.pace.retry).await;
                }
                Err(error) => return Err(unreadable(error)),
            }
        }
    }

    /// The sequencer never goes back in time, so one event from the future takes all that follow there.
    fn check_clock(&self, event: &RecordedEvent) {
        let ahead = event.recorded_at.duration_since(self.now());
        let alarm = (ahead > AHEAD_OF_CLOCK).then(|| Alarm {
            position: event.position,
            what: format!(
                "the event at position {} was recorded at {}, {} s ahead of this machine's clock: one of the clocks is wrong, and \
                 further events get times behind that one",
                event.position,
                event.recorded_at_text(),
                ahead.as_secs()
            ),
        });
        self.reporter.clock(alarm);
    }

    /// The log has proved itself up to where it ended when it was suspected.
    fn clear_suspicion(&mut self) {
        let is_proved = |until: Position| self.frontier.position >= until && self.ahead.is_empty();
        if self.suspect_until.is_some_and(is_proved) {
            self.suspect_until = None;
            self.is_owed = self.frontier.size() > TreeSize::EMPTY;
            self.reporter.cleared(&self.deps.places.alarm);
        }
    }

    /// The walk over the whole log may have found something.
    fn refuse_if_alarmed(&self) -> Result<(), Alarm> {
        self.reporter.alarm().map_or(Ok(()), Err)
    }

    /// Compares the log with the notes of the current size; a different root means that the log was changed.
    fn check_notes(&mut self) -> Result<(), Alarm> {
        while let Some(kept) = self.ahead.front().filter(|kept| kept.checkpoint.size <= self.frontier.size()) {
            if !self.frontier.fits(&kept.checkpoint) {
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
        if !self.ahead.is_empty() || self.suspect_until.is_some() {
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
                self.take(chunk).await?;
            }
            Ok(())
        };
        timeout(READ_ON, read_on).await.unwrap_or(Ok(()))?;
        let is_free = self.ahead.is_empty() && self.suspect_until.is_none();
        if is_free && (self.is_owed || self.news_since.is_some()) {
            self.refuse_if_alarmed()?;
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
