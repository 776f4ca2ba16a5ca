//! Answers in the making: one text for each session, shared by all who follow it.
//!
//! Invariant: what a follower sees is always a beginning of the answer's text, whenever it joined.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

use domain::{RunId, SessionId, text::MessageText};
use tokio::sync::watch;

use super::{Piece, swept_map::SweptMap};

/// The longest answer that is shown in the making, in bytes: what is longer than an answer may be is cut when it is recorded.
pub const LONGEST_REPLY: usize = 4 * MessageText::MAX_REPLY_CHARS;

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

/// Somebody who follows a session's answers.
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

struct Channel {
    replies: watch::Sender<Option<LiveReply>>,
    shown: Arc<AtomicUsize>,
    /// Whether the answer is made on this node.
    is_own: bool,
    /// How many bytes of it other nodes were given.
    relayed: usize,
}

impl Default for Channel {
    fn default() -> Self {
        Self { replies: watch::channel(None).0, shown: Arc::default(), is_own: false, relayed: 0 }
    }
}

impl Channel {
    fn has_followers(&self) -> bool {
        self.replies.receiver_count() > 0
    }

    fn is_used(&self) -> bool {
        self.has_followers() || self.is_made_here()
    }

    fn is_made_here(&self) -> bool {
        self.is_own && self.replies.borrow().is_some()
    }
}

#[derive(Default)]
pub(super) struct Replies {
    channels: Mutex<SweptMap<SessionId, Channel>>,
}

impl Replies {
    fn channels(&self) -> MutexGuard<'_, SweptMap<SessionId, Channel>> {
        self.channels.lock().expect("no code panics while it holds this lock")
    }

    pub(super) fn begin(&self, session: SessionId, run: RunId, attempt: u32) {
        let mut channels = self.channels();
        let channel = channels.get_or_insert(session, Channel::default, Channel::is_used);
        channel.shown.store(0, Ordering::Relaxed);
        (channel.is_own, channel.relayed) = (true, 0);
        channel.replies.send_replace(Some(LiveReply { run, attempt, text: String::new() }));
    }

    /// The piece that the answer has grown by, where it has and other nodes are given it.
    pub(super) fn publish(&self, session: SessionId, text: &str, is_relayed: bool) -> Option<Piece> {
        let mut channels = self.channels();
        let channel = channels.get_mut(session).filter(|channel| channel.is_own)?;
        let mut piece = None;
        channel.replies.send_if_modified(|reply| {
            let Some(reply) = reply.as_mut().filter(|reply| reply.text.len() + text.len() <= LONGEST_REPLY) else {
                return false;
            };
            let from = reply.text.len();
            reply.text.push_str(text);
            if is_relayed {
                piece = Some(Piece { run: reply.run, attempt: reply.attempt, from, text: text.to_owned() });
                channel.relayed = reply.text.len();
            }
            true
        });
        piece
    }

    /// How many bytes were shown, and the run that was being made.
    pub(super) fn end(&self, session: SessionId) -> (usize, Option<RunId>) {
        let mut channels = self.channels();
        let Some(channel) = channels.get(session) else { return (0, None) };
        let shown = channel.shown.load(Ordering::Relaxed).max(channel.relayed);
        let ended = channel.replies.send_replace(None);
        if !channel.has_followers() {
            channels.remove(session);
        }
        (shown, ended.map(|reply| reply.run))
    }

    /// The subscription, and whether it is the session's first on this node.
    pub(super) fn subscribe(&self, session: SessionId) -> (LiveSubscription, bool) {
        let mut channels = self.channels();
        let channel = channels.get_or_insert(session, Channel::default, Channel::is_used);
        let is_first = !channel.has_followers();
        (LiveSubscription { replies: channel.replies.subscribe(), shown: channel.shown.clone() }, is_first)
    }

    /// What is made here of a session's answer so far, for a node that joins late.
    pub(super) fn so_far(&self, session: SessionId) -> Option<Piece> {
        let mut channels = self.channels();
        let channel = channels.get_mut(session).filter(|channel| channel.is_own)?;
        let reply = channel.replies.borrow().clone()?;
        channel.relayed = reply.text.len();
        Some(Piece { run: reply.run, attempt: reply.attempt, from: 0, text: reply.text })
    }

    /// The sessions whose answers somebody follows here.
    pub(super) fn followed(&self) -> Vec<SessionId> {
        let channels = self.channels();
        channels.iter().filter(|(_, channel)| channel.has_followers()).map(|(session, _)| session).collect()
    }

    /// Takes a piece of another node's answer where somebody follows it. `false` where something before it is missing.
    pub(super) fn accept(&self, session: SessionId, piece: &Piece) -> bool {
        let mut channels = self.channels();
        let followed = channels.get_mut(session).filter(|channel| channel.has_followers() && !channel.is_made_here());
        let Some(channel) = followed else { return true };
        channel.is_own = false;
        let mut fits = Fit::Missing;
        channel.replies.send_if_modified(|reply| {
            fits = join(reply, piece);
            fits == Fit::Grown
        });
        fits != Fit::Missing
    }

    /// The other node's answer grows no more.
    pub(super) fn over(&self, session: SessionId, run: RunId) {
        if let Some(channel) = self.channels().get(session).filter(|channel| !channel.is_own) {
            channel.replies.send_if_modified(|reply| {
                let is_over = reply.as_ref().is_some_and(|reply| reply.run == run);
                if is_over {
                    *reply = None;
                }
                is_over
            });
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Grown,
    /// There is nothing new in it.
    Known,
    Missing,
}

fn join(reply: &mut Option<LiveReply>, piece: &Piece) -> Fit {
    match reply {
        Some(known) if known.run == piece.run && known.attempt > piece.attempt => Fit::Known,
        Some(known) if known.run == piece.run && known.attempt == piece.attempt => {
            let Some(overlap) = known.text.len().checked_sub(piece.from) else { return Fit::Missing };
            let new = piece.text.get(overlap..).unwrap_or_default();
            known.text.push_str(new);
            if new.is_empty() { Fit::Known } else { Fit::Grown }
        }
        Some(_) | None if piece.from == 0 => {
            *reply = Some(LiveReply { run: piece.run, attempt: piece.attempt, text: piece.text.clone() });
            Fit::Grown
        }
        Some(_) | None => Fit::Missing,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SESSION: SessionId = SessionId(Uuid::from_u128(1));
    const RUN: RunId = RunId(Uuid::from_u128(2));

    fn piece(attempt: u32, from: usize, text: &str) -> Piece {
        Piece { run: RUN, attempt, from, text: text.to_owned() }
    }

    fn text(follower: &mut LiveSubscription) -> Option<String> {
        follower.current().map(|reply| reply.text)
    }

    #[tokio::test]
    async fn whoever_joins_late_sees_the_text_so_far_and_then_the_rest() {
        let replies = Replies::default();
        replies.begin(SESSION, RUN, 1);
        replies.publish(SESSION, "Hel", false);
        let (mut late, is_first) = replies.subscribe(SESSION);
        assert!(is_first && !replies.subscribe(SESSION).1);
        assert_eq!(text(&mut late), Some("Hel".to_owned()));
        assert!(replies.publish(SESSION, "lo", true) == Some(piece(1, 3, "lo")));
        assert!(late.changed().await);
        assert_eq!(text(&mut late), Some("Hello".to_owned()));
        assert_eq!(replies.end(SESSION), (5, Some(RUN)), "what other nodes were given counts as shown");
        assert!(late.current().is_none());
    }

    #[test]
    fn pieces_of_another_node_join_to_a_beginning_of_the_text_whatever_is_lost_or_repeated() {
        let replies = Replies::default();
        assert!(replies.accept(SESSION, &piece(1, 0, "Hel")), "nobody follows it");
        let (mut follower, _) = replies.subscribe(SESSION);
        assert_eq!(text(&mut follower), None);
        assert!(!replies.accept(SESSION, &piece(1, 3, "lo")), "its beginning is missing");
        assert!(replies.accept(SESSION, &piece(1, 0, "Hel")));
        assert!(!replies.accept(SESSION, &piece(1, 5, " wor")), "there is a gap");
        assert_eq!(text(&mut follower), Some("Hel".to_owned()));
        assert!(replies.accept(SESSION, &piece(1, 0, "Hello wor")));
        assert!(replies.accept(SESSION, &piece(1, 5, " wor")), "known already");
        assert!(replies.accept(SESSION, &piece(1, 8, "rld")));
        assert_eq!(text(&mut follower), Some("Hello world".to_owned()));
        assert!(replies.accept(SESSION, &piece(2, 0, "Hi")));
        assert!(replies.accept(SESSION, &piece(1, 0, "Hello world!")), "of the attempt before");
        assert_eq!(text(&mut follower), Some("Hi".to_owned()));
        replies.over(SESSION, RUN);
        assert_eq!(text(&mut follower), None);
    }

    #[test]
    fn an_answer_that_is_made_here_is_not_replaced_by_another_nodes() {
        let replies = Replies::default();
        let (mut follower, _) = replies.subscribe(SESSION);
        replies.begin(SESSION, RUN, 2);
        replies.publish(SESSION, "mine", false);
        assert!(replies.accept(SESSION, &piece(3, 0, "another")));
        replies.over(SESSION, RUN);
        assert_eq!(text(&mut follower), Some("mine".to_owned()));
        assert!(replies.so_far(SESSION) == Some(piece(2, 0, "mine")));
    }

    #[test]
    fn what_was_sent_here_or_given_to_other_nodes_counts_as_shown() {
        let replies = Replies::default();
        replies.begin(SESSION, RUN, 1);
        replies.publish(SESSION, "Hello", false);
        let (follower, _) = replies.subscribe(SESSION);
        follower.mark_shown(3);
        assert_eq!(replies.end(SESSION), (3, Some(RUN)));
        replies.begin(SESSION, RUN, 2);
        replies.publish(SESSION, "Hello", false);
        assert!(replies.so_far(SESSION) == Some(piece(2, 0, "Hello")));
        replies.publish(SESSION, " world", false);
        drop(follower);
        assert_eq!(replies.end(SESSION), (5, Some(RUN)));
        assert_eq!(replies.followed(), []);
    }

    #[test]
    fn an_answer_without_end_is_not_kept() {
        let replies = Replies::default();
        replies.begin(SESSION, RUN, 1);
        let long = "x".repeat(1000);
        let taken = (0..1000).filter(|_| replies.publish(SESSION, &long, true).is_some()).count();
        assert_eq!(taken, LONGEST_REPLY / 1000);
    }
}
