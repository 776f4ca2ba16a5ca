//! Where a follower of the log stands, for whoever supervises it and for health.

use std::time::Instant;

use event_store::Position;
use tokio::sync::watch;

/// What a follower says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowerStatus {
    /// The last event that it has dealt with.
    pub position: Position,
    /// Whether it had seen everything that was there when it last looked.
    pub is_caught_up: bool,
    /// Whether it waits because another node holds the lease.
    pub is_standby: bool,
    /// Why it does not go on, with the position where that matters.
    pub alarm: Option<String>,
    /// When it begins again by itself after what `alarm` says, and how often it has failed by then.
    pub retry: Option<Retry>,
}

/// It begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Failures without success between them.
    pub attempt: u32,
    /// When.
    pub next: Instant,
}

/// The follower's end: what is said here is seen by all who watch.
#[derive(Debug, Clone, Default)]
pub struct StatusHandle(watch::Sender<FollowerStatus>);

impl StatusHandle {
    /// Watches it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<FollowerStatus> {
        self.0.subscribe()
    }

    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> Position {
        self.0.borrow().position
    }

    /// It works, and stands here.
    pub fn follows(&self, position: Position, is_caught_up: bool) {
        self.set(FollowerStatus { position, is_caught_up, ..FollowerStatus::default() });
    }

    /// Another node does the work.
    pub fn stands_by(&self) {
        self.0.send_modify(|status| {
            *status = FollowerStatus { position: status.position, is_standby: true, ..FollowerStatus::default() };
        });
    }

    /// It does not go on, or not before the retry.
    pub fn alarm(&self, error: &dyn std::error::Error, retry: Option<Retry>) {
        let text = with_sources(error);
        self.0.send_modify(|status| {
            status.is_caught_up = false;
            status.alarm = Some(text);
            status.retry = retry;
        });
    }

    fn set(&self, status: FollowerStatus) {
        self.0.send_if_modified(|current| {
            let is_news = *current != status;
            *current = status;
            is_news
        });
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
