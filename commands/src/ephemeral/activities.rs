//! Who follows what is done at sessions, and what waits for them.
//!
//! Invariant: a follower that is behind loses the oldest activities, and nobody waits for it.

use std::{
    future::ready,
    sync::{Mutex, MutexGuard},
};

use domain::SessionId;
use futures::{Stream, StreamExt as _};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use super::{Activity, swept_map::SweptMap};

/// Bytes of activities that are held for each follower of a session.
pub const ACTIVITIES_HELD: usize = OF_A_SESSION * size_of::<Activity>();
/// Bytes of activities that are held for all who follow every session, together.
pub const ALL_ACTIVITIES_HELD: usize = OF_ALL * size_of::<(SessionId, Activity)>();

/// A session has few sides, each with one frame of a kind a second.
const OF_A_SESSION: usize = 8;
const OF_ALL: usize = 1024;
const _: () = assert!(ACTIVITIES_HELD <= 512 && ALL_ACTIVITIES_HELD <= 64 * 1024);

pub(super) struct Followers {
    sessions: Mutex<SweptMap<SessionId, broadcast::Sender<Activity>>>,
    all: broadcast::Sender<(SessionId, Activity)>,
}

impl Default for Followers {
    fn default() -> Self {
        Self { sessions: Mutex::default(), all: broadcast::channel(OF_ALL).0 }
    }
}

impl Followers {
    fn sessions(&self) -> MutexGuard<'_, SweptMap<SessionId, broadcast::Sender<Activity>>> {
        self.sessions.lock().expect("no code panics while it holds this lock")
    }

    /// Where nobody follows nothing is kept.
    pub(super) fn tell(&self, session: SessionId, activity: Activity) {
        let _nobody = self.all.send((session, activity));
        if let Some(channel) = self.sessions().get(session) {
            let _nobody = channel.send(activity);
        }
    }

    /// What is done at one session, from now on.
    pub(super) fn of(&self, session: SessionId) -> impl Stream<Item = Activity> + Send + Unpin + use<> {
        let mut sessions = self.sessions();
        let make = || broadcast::channel(OF_A_SESSION).0;
        let channel = sessions.get_or_insert(session, make, |channel| channel.receiver_count() > 0);
        what_is_not_lost(channel.subscribe())
    }

    /// What is done at all sessions, from now on.
    pub(super) fn of_all(&self) -> impl Stream<Item = (SessionId, Activity)> + Send + Unpin + use<> {
        what_is_not_lost(self.all.subscribe())
    }
}

fn what_is_not_lost<T: Clone + Send + 'static>(
    receiver: broadcast::Receiver<T>,
) -> impl Stream<Item = T> + Send + Unpin {
    BroadcastStream::new(receiver).filter_map(|next| ready(next.ok()))
}

#[cfg(test)]
mod tests {
    use domain::AgentId;
    use uuid::Uuid;

    use super::*;
    use crate::ephemeral::Participant;

    fn viewing(agent: u128) -> Activity {
        Activity::Viewing { agent: AgentId(Uuid::from_u128(agent)), is_viewing: true }
    }

    #[tokio::test]
    async fn a_slow_follower_loses_the_oldest_and_holds_back_nobody() {
        let (followers, session) = (Followers::default(), SessionId(Uuid::from_u128(1)));
        let (mut slow, mut quick) = (followers.of(session), followers.of(session));
        for agent in 0..100 {
            followers.tell(session, viewing(agent));
            assert_eq!(quick.next().await, Some(viewing(agent)));
        }
        let held = OF_A_SESSION as u128;
        assert_eq!(slow.next().await, Some(viewing(100 - held)), "the oldest are lost");
        for agent in 100 - held + 1..100 {
            assert_eq!(slow.next().await, Some(viewing(agent)));
        }
    }

    #[tokio::test]
    async fn who_follows_a_session_hears_of_no_other_and_who_follows_all_hears_of_each() {
        let (followers, one, other) = (Followers::default(), SessionId(Uuid::from_u128(1)), SessionId(Uuid::nil()));
        let (mut of_one, mut of_all) = (followers.of(one), followers.of_all());
        let typing = Activity::Typing { by: Participant::Customer, is_typing: true };
        followers.tell(other, typing);
        followers.tell(one, viewing(2));
        assert_eq!(of_one.next().await, Some(viewing(2)));
        assert_eq!((of_all.next().await, of_all.next().await), (Some((other, typing)), Some((one, viewing(2)))));
    }

    #[tokio::test]
    async fn channels_of_those_who_left_are_swept_and_others_stay() {
        let followers = Followers::default();
        let mut stays = followers.of(SessionId(Uuid::nil()));
        for session in 1..5000 {
            drop(followers.of(SessionId(Uuid::from_u128(session))));
        }
        assert!(followers.sessions().iter().count() <= 2048);
        followers.tell(SessionId(Uuid::nil()), viewing(1));
        assert_eq!(stays.next().await, Some(viewing(1)));
    }
}
