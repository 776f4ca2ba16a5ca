//! Followers of event streams. They reconnect with the last id after every break, and keep every frame.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tests::desk::{Customer, EventFrame, Frames, LOOK, Staff};
use tokio::{task::JoinHandle, time::sleep};

use super::{proof::Recorded, until};

/// Delay before a reconnect.
const BACKOFF: Duration = Duration::from_millis(50);
/// How long a follower may take to catch up with the log.
const CAUGHT_UP: Duration = Duration::from_secs(30);

/// Who follows.
enum Eyes {
    /// Staff, who see everything.
    Staff(Staff),
    /// A customer, who sees one session.
    Customer { customer: Arc<Customer>, session: String },
}

/// A follower; it stops when dropped.
pub(crate) struct Follower {
    eyes: Arc<Eyes>,
    seen: Arc<Mutex<Vec<EventFrame>>>,
    task: JoinHandle<()>,
}

/// Staff, following everything from the first event.
pub(crate) fn follow_log(staff: Staff) -> Follower {
    follow(Eyes::Staff(staff))
}

/// A customer, following a session from its first event, retrying until the session exists.
pub(crate) fn follow_session(customer: &Arc<Customer>, session: &str) -> Follower {
    follow(Eyes::Customer { customer: customer.clone(), session: session.to_owned() })
}

fn follow(eyes: Eyes) -> Follower {
    let (eyes, seen) = (Arc::new(eyes), Arc::default());
    let task = tokio::spawn(keep(Arc::clone(&eyes), Arc::clone(&seen)));
    Follower { eyes, seen, task }
}

async fn keep(eyes: Arc<Eyes>, seen: Arc<Mutex<Vec<EventFrame>>>) {
    loop {
        let last = seen.lock().unwrap().last().and_then(|frame| frame.id.clone());
        if let Ok(mut frames) = eyes.open(last.as_deref()).await {
            while let Some(frame) = frames.next().await {
                if frame.event.as_deref() != Some(LOOK) {
                    seen.lock().unwrap().push(frame);
                }
            }
        }
        sleep(BACKOFF).await;
    }
}

impl Eyes {
    async fn open(&self, after: Option<&str>) -> Result<Frames, reqwest::Error> {
        match self {
            Self::Staff(staff) => staff.follow(after).await,
            Self::Customer { customer, session } => customer.follow(session, after).await,
        }
    }

    fn expected(&self, recorded: &Recorded) -> Vec<Value> {
        match self {
            Self::Staff(_) => recorded.events().to_vec(),
            Self::Customer { session, .. } => {
                let session = recorded.session_named(session);
                session.map(|session| recorded.shown_to_the_customer(session)).unwrap_or_default()
            }
        }
    }
}

impl Follower {
    /// What it has seen so far.
    pub(crate) fn seen(&self) -> Vec<EventFrame> {
        self.seen.lock().unwrap().clone()
    }

    /// It catches up and has then seen exactly its events of the log, without gap, duplicate or reordering.
    pub(crate) async fn saw_exactly(&self, recorded: &Recorded) {
        let expected = self.eyes.expected(recorded);
        until("a follower catches up", CAUGHT_UP, async || self.seen.lock().unwrap().len() >= expected.len()).await;
        let seen = self.seen();
        for (frame, event) in seen.iter().zip(&expected) {
            assert_eq!(frame.id.as_deref(), Some(format!("1-{}", event["position"]).as_str()), "{frame:?}");
            assert_eq!(frame.event.as_deref(), event["type"].as_str(), "{frame:?}");
            assert_eq!(frame.data["event_id"], event["event_id"], "{frame:?}");
            assert_eq!(frame.data["personal"], event["personal"], "{frame:?}");
        }
        assert_eq!(seen.len(), expected.len(), "a follower saw more than there is");
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}
