//! The signer's loop.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use super::{Alarm, Means, Pace, Status};
use crate::{
    checkpoint::{
        edge::Edge,
        resume::{Hindrance, Kept, Start, find_start},
    },
    event::{Position, RecordedEvent},
    merkle::TreeSize,
    port::{Follow, ReadError},
};

/// Events taken at a time, where so many are there.
const CHUNK: usize = 512;
/// How long a clean stop reads on to the head. What is beyond is in the next life's first note.
const READ_ON: Duration = Duration::from_secs(3);

type Chunk = Vec<Result<Arc<RecordedEvent>, ReadError>>;

/// Follows the log until told to stop, or until it contradicts a note.
pub(super) async fn run(
    means: Means,
    follow: &Follow,
    pace: Pace,
    tell: watch::Sender<Status>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Alarm> {
    let teller = Teller(tell);
    let followed = match start(&means, pace, &teller, &mut stopping).await {
        Ok(None) => Ok(()),
        Ok(Some(start)) => Following::new(means, pace, &teller, start).follow(follow, &mut stopping).await,
        Err(alarm) => Err(alarm),
    };
    followed.inspect_err(|alarm| teller.raise(alarm.clone()))
}

/// Where to go on, as soon as log and folder say; nothing when told to stop before they do.
async fn start(
    means: &Means,
    pace: Pace,
    teller: &Teller,
    stopping: &mut watch::Receiver<bool>,
) -> Result<Option<Start>, Alarm> {
    loop {
        match find_start(means).await {
            Ok(start) => {
                teller.works_again();
                return Ok(Some(start));
            }
            Err(Hindrance::Alarm(alarm)) => return Err(alarm),
            Err(passing @ Hindrance::Passing { .. }) => teller.trouble(&passing),
        }
        if timeout(pace.retry, until_told(stopping)).await.is_ok() {
            return Ok(None);
        }
    }
}

struct Following<'a> {
    means: Means,
    pace: Pace,
    teller: &'a Teller,
    edge: Edge,
    /// Notes that the log has yet to give.
    ahead: VecDeque<Kept>,
    signed: TreeSize,
    /// When the first event that is in no note was read.
    news_since: Option<Instant>,
    /// After reading again: a note at once, that later starts can believe.
    is_owed: bool,
    not_before: Instant,
}

impl<'a> Following<'a> {
    fn new(means: Means, pace: Pace, teller: &'a Teller, start: Start) -> Self {
        let Start { edge, ahead, newest } = start;
        teller.0.send_modify(|status| status.newest = newest);
        let signed = edge.size();
        Self { means, pace, teller, edge, ahead, signed, news_since: None, is_owed: false, not_before: Instant::now() }
    }

    async fn follow(mut self, follow: &Follow, stopping: &mut watch::Receiver<bool>) -> Result<(), Alarm> {
        let mut events = follow(self.edge.position).ready_chunks(CHUNK);
        loop {
            let due = self.due();
            tokio::select! {
                Some(chunk) = events.next() => self.take(chunk)?,
                () = until(due) => {}
                () = until_told(stopping) => return self.finish(events).await,
            }
            if self.due().is_some_and(|due| due <= Instant::now()) {
                self.sign().await;
            }
        }
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), Alarm> {
        for event in chunk {
            self.edge.append(&*event.map_err(unreadable)?);
            self.meet_notes()?;
        }
        if self.edge.size() > self.signed && self.news_since.is_none() {
            self.news_since = Some(Instant::now());
        }
        Ok(())
    }

    /// The log gives the notes that stand at this size, or it is not the log that was signed.
    fn meet_notes(&mut self) -> Result<(), Alarm> {
        while let Some(kept) = self.ahead.front().filter(|kept| kept.checkpoint.size <= self.edge.size()) {
            if !self.edge.is_at(&kept.checkpoint) {
                return Err(self.means.alarm_of_change(kept));
            }
            self.ahead.pop_front();
            self.is_owed = self.ahead.is_empty();
        }
        Ok(())
    }

    /// When the next note is due; never while the log has yet to give one that is there.
    fn due(&self) -> Option<Instant> {
        if !self.ahead.is_empty() {
            return None;
        }
        let many = self.edge.size().0 - self.signed.0 >= self.pace.events;
        let by_news = self.news_since.map(|since| if many { since } else { since + self.pace.longest });
        let wanted = if self.is_owed { Some(self.not_before) } else { by_news };
        wanted.map(|wanted| wanted.max(self.not_before))
    }

    async fn sign(&mut self) {
        let checkpoint = self.edge.checkpoint(now());
        let (means, edge, signed) = (self.means.clone(), self.edge.clone(), checkpoint.clone());
        let written = tokio::task::spawn_blocking(move || {
            let note = signed.sign(&means.key);
            let kept = means.folder.keep(&signed, &note, means.key.public());
            kept.map_err(|error| Hindrance::of_file("the folder", means.folder.path(), error))?;
            edge.store(&means.places.state).map_err(|error| Hindrance::of_file("the file", &means.places.state, error))
        });
        match written.await.expect("writing a note does not panic") {
            Ok(()) => {
                (self.signed, self.news_since, self.is_owed) = (checkpoint.size, None, false);
                self.not_before = Instant::now() + self.pace.shortest;
                self.teller.works_again();
                self.teller.0.send_modify(|status| status.newest = Some(checkpoint));
            }
            Err(hindrance) => {
                self.not_before = Instant::now() + self.pace.retry;
                self.teller.trouble(&hindrance);
            }
        }
    }

    /// Reads on to the head, and signs that.
    async fn finish(mut self, mut events: impl Stream<Item = Chunk> + Unpin) -> Result<(), Alarm> {
        let head = self.means.reader.head().await.unwrap_or(Position::START);
        let read_on = async {
            while self.edge.position < head {
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

/// To the microsecond, as a note tells it.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

fn unreadable(error: ReadError) -> Alarm {
    let position = match &error {
        ReadError::Gap { expected, .. } => *expected,
        ReadError::Damaged { position, .. } => *position,
        ReadError::Unavailable(_) => Position::START,
    };
    Alarm { position, what: format!("{error}. Nothing is signed until this is looked into: `desk-replay verify`") }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn until_told(stopping: &mut watch::Receiver<bool>) {
    let _told_or_dropped = stopping.wait_for(|stopping| *stopping).await;
}

/// Says how it goes, each thing once.
struct Teller(watch::Sender<Status>);

impl Teller {
    fn trouble(&self, hindrance: &Hindrance) {
        let what = chain(hindrance);
        if self.change_trouble(Some(what.clone())).is_none() {
            tracing::error!(what, "checkpoints cannot be written; it is tried again, and everything else goes on");
        }
    }

    fn works_again(&self) {
        if self.change_trouble(None).is_some() {
            tracing::info!("checkpoints can be written again");
        }
    }

    /// Gives what it was before.
    fn change_trouble(&self, trouble: Option<String>) -> Option<String> {
        let mut before = None;
        self.0.send_modify(|status| before = std::mem::replace(&mut status.trouble, trouble));
        before
    }

    fn raise(&self, alarm: Alarm) {
        tracing::error!(position = alarm.position.0, what = alarm.what, "checkpoints stopped");
        self.0.send_modify(|status| status.alarm = Some(alarm));
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
