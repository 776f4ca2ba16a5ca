//! The pieces of an answer on their way to whoever watches: ephemeral, in no log. A port, because between nodes they will
//! travel otherwise than in one process.
//!
//! Invariant: what a watcher sees is always a beginning of the answer's text, whenever it joined.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{RunId, SessionId};
use tokio::sync::watch;

/// An answer so far.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveReply {
    /// The run that makes it.
    pub run: RunId,
    /// The attempt that makes it.
    pub attempt: u32,
    /// Its text so far.
    pub text: String,
}

/// Somebody who watches a session's answers.
pub struct LiveSubscription {
    replies: watch::Receiver<Option<LiveReply>>,
    shown: Arc<AtomicUsize>,
}

impl LiveSubscription {
    /// Waits until the answer has grown, another began, or it ended. `false` when no more can come.
    pub async fn changed(&mut self) -> bool {
        self.replies.changed().await.is_ok()
    }

    /// The answer so far.
    pub fn current(&mut self) -> Option<LiveReply> {
        self.replies.borrow_and_update().clone()
    }

    /// Says how many bytes of the current text have been sent to the customer.
    pub fn mark_shown(&self, bytes: usize) {
        self.shown.fetch_max(bytes, Ordering::Relaxed);
    }
}

/// Publish and subscribe, by session.
pub trait LiveReplies: Send + Sync {
    /// An attempt begins with nothing said.
    fn begin(&self, session: SessionId, run: RunId, attempt: u32);

    /// More text of the attempt that began last.
    fn publish(&self, session: SessionId, text: &str);

    /// The attempt is over. Answers how many bytes of its text a customer's stream has sent.
    fn end(&self, session: SessionId) -> usize;

    /// Watches a session's answers.
    fn subscribe(&self, session: SessionId) -> LiveSubscription;
}

/// Within one process.
#[derive(Default)]
pub struct InProcess {
    channels: Mutex<HashMap<SessionId, Channel>>,
}

struct Channel {
    replies: watch::Sender<Option<LiveReply>>,
    shown: Arc<AtomicUsize>,
}

impl Default for Channel {
    fn default() -> Self {
        Self { replies: watch::channel(None).0, shown: Arc::default() }
    }
}

/// Watchers that left without an answer leave their channel; beyond this many the idle ones are swept.
const SWEEP_BEYOND: usize = 1024;

impl InProcess {
    fn channels(&self) -> MutexGuard<'_, HashMap<SessionId, Channel>> {
        self.channels.lock().expect("no code panics while it holds this lock")
    }
}

impl LiveReplies for InProcess {
    fn begin(&self, session: SessionId, run: RunId, attempt: u32) {
        let mut channels = self.channels();
        let channel = channels.entry(session).or_default();
        channel.shown.store(0, Ordering::Relaxed);
        channel.replies.send_replace(Some(LiveReply { run, attempt, text: String::new() }));
    }

    fn publish(&self, session: SessionId, text: &str) {
        let channels = self.channels();
        let Some(channel) = channels.get(&session) else { return };
        channel.replies.send_modify(|reply| {
            if let Some(reply) = reply {
                reply.text.push_str(text);
            }
        });
    }

    fn end(&self, session: SessionId) -> usize {
        let mut channels = self.channels();
        let Some(channel) = channels.get(&session) else { return 0 };
        let shown = channel.shown.load(Ordering::Relaxed);
        channel.replies.send_replace(None);
        if channel.replies.receiver_count() == 0 {
            channels.remove(&session);
        }
        shown
    }

    fn subscribe(&self, session: SessionId) -> LiveSubscription {
        let mut channels = self.channels();
        if channels.len() > SWEEP_BEYOND {
            channels.retain(|_, channel| channel.replies.receiver_count() > 0 || channel.replies.borrow().is_some());
        }
        let channel = channels.entry(session).or_default();
        LiveSubscription { replies: channel.replies.subscribe(), shown: channel.shown.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_joins_late_sees_the_text_so_far_and_then_the_rest() {
        let (live, session) = (InProcess::default(), SessionId(uuid::Uuid::from_u128(1)));
        live.begin(session, RunId(uuid::Uuid::nil()), 1);
        live.publish(session, "Hel");
        let mut late = live.subscribe(session);
        assert_eq!(late.current().map(|reply| reply.text), Some("Hel".to_owned()));
        live.publish(session, "lo");
        assert!(late.changed().await);
        assert_eq!(late.current().map(|reply| reply.text), Some("Hello".to_owned()));
        late.mark_shown(3);
        assert_eq!(live.end(session), 3);
        assert!(late.current().is_none());
    }
}
