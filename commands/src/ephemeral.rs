//! Ephemeral frames: what is told about a session to whoever follows it now, and is in no log: who types, who looks at it, and an
//! answer's pieces on their way.
//!
//! One mechanism for all of them. Within a process publishers and subscribers meet here; between nodes [`Relay`] carries the same
//! frames. Invariants: what a follower sees of an answer is always a beginning of its text, whenever it joined and whatever was
//! lost on the way; nobody waits for a slow follower, which loses ephemeral frames and nothing else. What is held for a follower
//! is bounded in bytes: of an answer nothing (all share its text, of at most [`LONGEST_REPLY`] bytes), of activities
//! [`ACTIVITIES_HELD`] bytes for a session's follower and [`ALL_ACTIVITIES_HELD`] for all followers of everything together.

mod activities;
mod interests;
mod pace;
mod relay;
mod replies;
mod swept_map;

use std::sync::Arc;

use domain::{AgentId, RunId, SessionId};
use futures::Stream;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::broadcast,
    time::{Instant, sleep_until},
};

pub use activities::{ACTIVITIES_HELD, ALL_ACTIVITIES_HELD};
pub use pace::PACE;
pub use relay::{FrameKeys, Relay, RelayError};
pub use replies::{LONGEST_REPLY, LiveReply, LiveSubscription};

use activities::Followers;
use interests::Interests;
use pace::{Pace, Turn};
use replies::Replies;

/// Somebody in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Participant {
    /// Its customer.
    Customer,
    /// A member of staff.
    Agent(AgentId),
}

/// What somebody does at a session at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Writes something, or has stopped.
    Typing {
        /// Who.
        by: Participant,
        /// Whether it goes on.
        is_typing: bool,
    },
    /// Looks at it, or has turned away.
    Viewing {
        /// Who.
        agent: AgentId,
        /// Whether it goes on.
        is_viewing: bool,
    },
}

/// More of an answer in the making.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The run that makes it.
    pub run: RunId,
    /// The attempt that makes it.
    pub attempt: u32,
    /// How many bytes of the answer come before it.
    pub from: usize,
    /// Its text.
    pub text: String,
}

/// What travels.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// What somebody does.
    Activity(Activity),
    /// More of an answer.
    Piece(Piece),
    /// The answer of this run grows no more.
    Over(RunId),
}

/// What the other nodes are to hear of, for [`Relay`].
#[derive(Clone)]
enum Outgoing {
    Frame(SessionId, Frame),
    /// Somebody here has begun to follow this session's answers.
    Wanted(SessionId),
}

/// Frames that wait for the relay; beyond this many the oldest are dropped and counted.
const OUTGOING: usize = 1000;

/// Publishes frames and hands them to subscribers, by session.
pub struct Ephemeral {
    replies: Replies,
    followers: Followers,
    pace: Pace,
    interests: Interests,
    outgoing: broadcast::Sender<Outgoing>,
}

impl Default for Ephemeral {
    fn default() -> Self {
        Self {
            replies: Replies::default(),
            followers: Followers::default(),
            pace: Pace::default(),
            interests: Interests::default(),
            outgoing: broadcast::channel(OUTGOING).0,
        }
    }
}

impl Ephemeral {
    /// Tells of what somebody does: at once, or, where the last frame of the kind from the same side is less than [`PACE`] old, as
    /// soon as that is over. Of several that wait the newest is told alone.
    pub fn show(self: &Arc<Self>, session: SessionId, activity: Activity) {
        match self.pace.turn(session, activity, Instant::now()) {
            Turn::Now => self.spread(session, activity),
            Turn::Later(at) => {
                let frames = self.clone();
                tokio::spawn(async move {
                    sleep_until(at).await;
                    if let Some(held) = frames.pace.release(session, activity, Instant::now()) {
                        frames.spread(session, held);
                    }
                });
            }
            Turn::Replaced => {}
        }
    }

    fn spread(&self, session: SessionId, activity: Activity) {
        self.followers.tell(session, activity);
        self.send(Outgoing::Frame(session, Frame::Activity(activity)));
    }

    /// An attempt at an answer begins on this node, with nothing said.
    pub fn begin(&self, session: SessionId, run: RunId, attempt: u32) {
        self.replies.begin(session, run, attempt);
        self.publish(session, "");
    }

    /// More text of the attempt that began last on this node; to other nodes only where somebody follows it.
    pub fn publish(&self, session: SessionId, text: &str) {
        if let Some(piece) = self.replies.publish(session, text, self.interests.has(session)) {
            self.send(Outgoing::Frame(session, Frame::Piece(piece)));
        }
    }

    /// The attempt is over. Answers how many bytes of its text were sent to a customer: by this node's streams, or at most by those
    /// of other nodes, which is what they were given.
    pub fn end(&self, session: SessionId) -> usize {
        let (shown, run) = self.replies.end(session);
        if let Some(run) = run
            && self.interests.has(session)
        {
            self.send(Outgoing::Frame(session, Frame::Over(run)));
        }
        shown
    }

    /// Follows a session's answers, on whatever node they are made.
    pub fn follow_reply(&self, session: SessionId) -> LiveSubscription {
        let (subscription, is_first) = self.replies.subscribe(session);
        if is_first {
            self.send(Outgoing::Wanted(session));
        }
        subscription
    }

    /// Follows what is done at a session; a follower that is behind loses the oldest.
    pub fn follow_session(&self, session: SessionId) -> impl Stream<Item = Activity> + Send + Unpin + use<> {
        self.followers.of(session)
    }

    /// Follows what is done at every session; a follower that is behind loses the oldest.
    pub fn follow_all(&self) -> impl Stream<Item = (SessionId, Activity)> + Send + Unpin + use<> {
        self.followers.of_all()
    }

    /// Where no relay listens it goes nowhere.
    fn send(&self, outgoing: Outgoing) {
        let _no_relay = self.outgoing.send(outgoing);
    }

    /// Takes a frame of another node. `false` where a part of the answer before it is missing here.
    fn accept(&self, session: SessionId, frame: Frame) -> bool {
        match frame {
            Frame::Activity(activity) => self.followers.tell(session, activity),
            Frame::Piece(piece) => return self.replies.accept(session, &piece),
            Frame::Over(run) => self.replies.over(session, run),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use domain::Incarnation;
    use tokio::sync::broadcast::error::TryRecvError;
    use uuid::Uuid;

    use super::*;

    const SESSION: SessionId = SessionId(Uuid::from_u128(1));
    const RUN: RunId = RunId(Uuid::from_u128(2));
    const TYPING: Activity = Activity::Typing { by: Participant::Customer, is_typing: true };

    /// What one node has to tell another is taken there.
    fn carry(outgoing: &mut broadcast::Receiver<Outgoing>, to: &Ephemeral) {
        while let Ok(next) = outgoing.try_recv() {
            match next {
                Outgoing::Frame(session, frame) => assert!(to.accept(session, frame)),
                Outgoing::Wanted(_) => panic!("nobody follows anything there"),
            }
        }
    }

    #[tokio::test]
    async fn pieces_go_to_other_nodes_only_where_somebody_follows_the_answer() {
        let (here, there) = (Ephemeral::default(), Ephemeral::default());
        let mut outgoing = here.outgoing.subscribe();
        let mut follower = there.follow_reply(SESSION);
        here.begin(SESSION, RUN, 1);
        here.publish(SESSION, "Hel");
        assert!(matches!(outgoing.try_recv(), Err(TryRecvError::Empty)), "no other node has asked");
        assert_eq!(here.end(SESSION), 0);

        here.interests.note(SESSION, Incarnation(Uuid::from_u128(3)), Instant::now());
        here.begin(SESSION, RUN, 2);
        here.publish(SESSION, "Hel");
        here.publish(SESSION, "lo");
        carry(&mut outgoing, &there);
        assert_eq!(follower.current().map(|reply| (reply.attempt, reply.text)), Some((2, "Hello".to_owned())));
        assert_eq!(here.end(SESSION), 5, "what another node was given counts as shown");
        carry(&mut outgoing, &there);
        assert!(follower.current().is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_relay_that_stands_still() {
        let frames = Arc::<Ephemeral>::default();
        let mut outgoing = frames.outgoing.subscribe();
        for session in 0..3000 {
            frames.show(SessionId(Uuid::from_u128(session)), TYPING);
        }
        assert!(
            matches!(outgoing.try_recv(), Err(TryRecvError::Lagged(lost)) if lost >= 1000),
            "the oldest are dropped"
        );
        let kept = std::iter::from_fn(|| outgoing.try_recv().ok()).count();
        assert!((1000..2048).contains(&kept), "{kept}");
    }
}
