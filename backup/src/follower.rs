//! Follows the log, and ships what it has: at the latest after a pace, or when enough has come together.
//!
//! Invariant: it ends only when it is told to, or at something that no repeat helps with; an outage of log, vault or target is
//! waited out.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use event_store::{Clock, Position, RecordedEvent};
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::{error::BackupError, shipper::Shipper, state::FollowerState};

/// Pauses between two tries of a segment: doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest that a stop waits for the target.
const AT_THE_END: Duration = Duration::from_secs(15);

/// When a segment is shipped.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At the latest after this time.
    pub every: Duration,
    /// At the latest with so many bytes.
    pub bytes: usize,
}

/// Gets what the follower says of itself, at each pace and after each failure.
pub type Report = Box<dyn FnMut(&FollowerState) + Send>;

/// Ships until `stop` ends, and then what has come together.
///
/// # Errors
/// The log has a gap or a damaged event, or the target holds something else.
pub async fn follow(
    shipper: Shipper,
    pace: Pace,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
    report: Report,
) -> Result<(), BackupError> {
    let state = FollowerState {
        target: shipper.target(),
        last_success_at: None,
        position: shipper.shipped().0,
        head: 0,
        segments: shipper.segments(),
        error: None,
    };
    let mut follower = Follower { shipper, clock, gathered: Vec::new(), bytes: 0, goal: None, state, report };
    let mut stop = pin!(stop);
    loop {
        match follower.run(pace, stop.as_mut()).await {
            // Somebody else ships to the same target: what is there counts.
            Err(BackupError::Overtaken(name)) => {
                tracing::warn!(name, "another follower ships to this target as well: going on behind it");
                follower.begin_again().await?;
            }
            ended => return ended,
        }
    }
}

struct Follower {
    shipper: Shipper,
    clock: Arc<dyn Clock>,
    gathered: Vec<Arc<RecordedEvent>>,
    bytes: usize,
    /// Where the log ended at some moment: when that is shipped, all of that moment is in the target.
    goal: Option<(Position, Timestamp)>,
    state: FollowerState,
    report: Report,
}

impl Follower {
    async fn run(&mut self, pace: Pace, mut stop: impl Future<Output = ()> + Unpin) -> Result<(), BackupError> {
        let (mut events, mut due) = (self.shipper.subscribe(), Instant::now());
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = sleep_until(due) => {}
                event = events.next(), if self.bytes < pace.bytes => {
                    self.gather(event.expect("a subscription ends with an error").map_err(BackupError::Log)?);
                    if self.bytes < pace.bytes {
                        continue;
                    }
                }
            }
            due = Instant::now() + pace.every;
            tokio::select! {
                biased;
                () = &mut stop => break,
                shipped = self.ship_patiently() => shipped?,
            }
        }
        self.ship_the_rest().await
    }

    /// What has come together, unless the target is away: the next start ships it.
    async fn ship_the_rest(&mut self) -> Result<(), BackupError> {
        match timeout(AT_THE_END, self.ship()).await {
            Ok(Err(error)) if !error.is_passing() => Err(error),
            Ok(Ok(())) => {
                (self.report)(&self.state);
                Ok(())
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    events = self.gathered.len(),
                    "stopped before these were shipped; the next start ships them"
                );
                Ok(())
            }
        }
    }

    fn gather(&mut self, event: Arc<RecordedEvent>) {
        let personal = event.event.personal.as_ref().map_or(0, |bytes| bytes.len());
        self.bytes += event.event.data.len() + personal + 300;
        self.gathered.push(event);
    }

    /// Repeats until it is done. Dropped at any moment, what was not shipped is still there.
    async fn ship_patiently(&mut self) -> Result<(), BackupError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.ship_and_look().await {
                Err(error) if error.is_passing() => self.failed(&error),
                done => return done,
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn ship_and_look(&mut self) -> Result<(), BackupError> {
        if self.goal.is_none() {
            let now = self.clock.now();
            self.goal = Some((self.shipper.head().await?, now));
        }
        self.ship().await?;
        if let Some((head, since)) = self.goal {
            self.state.head = head.0.max(self.shipper.shipped().0);
            if self.shipper.shipped() >= head {
                (self.state.last_success_at, self.goal) = (Some(since), None);
            }
        }
        if self.state.error.take().is_some() {
            tracing::info!(position = self.shipper.shipped().0, "the backup goes on");
        }
        (self.report)(&self.state);
        Ok(())
    }

    async fn ship(&mut self) -> Result<(), BackupError> {
        // Also where there are none: keys have a retention that goes on.
        self.shipper.ship(&self.gathered).await?;
        (self.gathered, self.bytes) = (Vec::new(), 0);
        (self.state.position, self.state.segments) = (self.shipper.shipped().0, self.shipper.segments());
        Ok(())
    }

    fn failed(&mut self, error: &BackupError) {
        let first = self.state.error.is_none();
        self.state.error = Some(chain(error));
        if first {
            tracing::error!(
                error = error as &dyn std::error::Error,
                position = self.shipper.shipped().0,
                "nothing can be shipped at present; it is tried again"
            );
        }
        (self.report)(&self.state);
    }

    async fn begin_again(&mut self) -> Result<(), BackupError> {
        (self.gathered, self.bytes, self.goal) = (Vec::new(), 0, None);
        self.shipper.reload().await
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text = format!("{text}: {next}");
        source = next.source();
    }
    text
}
