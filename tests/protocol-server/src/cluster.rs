//! The nodes of a server: which of them leads, which can be reached, and how much of the log each has.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::sync::watch;
use tonic::{Status, metadata::MetadataMap};
use uuid::Uuid;

use crate::{counts::Counts, faults::Faults, options::Options, statuses, store::Store};

/// What all nodes of a server share.
pub(crate) struct Cluster {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) faults: Arc<Faults>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) members: Vec<Member>,
    state: Mutex<State>,
    /// Counts changes of what nodes may show.
    changed: watch::Sender<u64>,
}

pub(crate) struct Member {
    pub(crate) id: Uuid,
    pub(crate) address: SocketAddr,
}

struct State {
    leader: Option<usize>,
    is_up: Vec<bool>,
    /// Up to where a node has the log, if nothing reaches it any more.
    held: Vec<Option<u64>>,
}

/// What a node is in the eyes of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Leader,
    Follower,
    /// It looks for a leader.
    Unknown,
    Down,
}

impl Cluster {
    pub(crate) fn new(
        options: Options,
        store: Store,
        faults: Arc<Faults>,
        counts: Arc<Counts>,
        addresses: &[SocketAddr],
    ) -> Self {
        let members = addresses.iter().map(|address| Member { id: Uuid::new_v4(), address: *address }).collect();
        let state = State { leader: Some(0), is_up: vec![true; addresses.len()], held: vec![None; addresses.len()] };
        store.lead();
        Self { options, store, faults, counts, members, state: Mutex::new(state), changed: watch::Sender::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn leader(&self) -> Option<usize> {
        let state = self.state();
        state.leader.filter(|leader| state.is_up[*leader])
    }

    /// Makes a node the leader, or none.
    pub(crate) fn set_leader(&self, leader: Option<usize>) {
        let before = std::mem::replace(&mut self.state().leader, leader);
        if leader.is_some() && leader != before {
            self.store.lead();
        }
    }

    pub(crate) fn set_up(&self, node: usize, is_up: bool) {
        self.state().is_up[node] = is_up;
    }

    /// From now on nothing new reaches the node, or everything does again.
    pub(crate) fn hold(&self, node: usize, is_held: bool) {
        let until = is_held.then(|| *self.store.durable().borrow());
        self.state().held[node] = until;
        self.changed.send_modify(|times| *times += 1);
    }

    pub(crate) fn role(&self, node: usize) -> Role {
        let leader = self.leader();
        match leader {
            _ if !self.state().is_up[node] => Role::Down,
            Some(leader) if leader == node => Role::Leader,
            Some(_) => Role::Follower,
            None => Role::Unknown,
        }
    }

    /// Up to where a node shows the log.
    pub(crate) fn until(&self, node: usize) -> u64 {
        let durable = *self.store.durable().borrow();
        self.state().held[node].map_or(durable, |held| held.min(durable))
    }

    /// Counts events that a filter was held against, and takes the time that it costs.
    pub(crate) async fn look(&self, events: u64) {
        self.counts.look(events, self.options.search_cost).await;
    }

    /// Wakes up whoever waits for more of the log.
    pub(crate) fn news(&self) -> (watch::Receiver<u64>, watch::Receiver<u64>) {
        (self.store.durable(), self.changed.subscribe())
    }

    /// Whether a node may answer a call itself.
    ///
    /// # Errors
    /// `UNAVAILABLE` without a leader; `NOT_FOUND` with the leader's address when the caller wants the leader.
    pub(crate) fn may_answer(&self, node: usize, requires_leader: bool) -> Result<(), Status> {
        let Some(leader) = self.leader() else { return Err(statuses::not_ready()) };
        if requires_leader && leader != node {
            let address = self.members[leader].address;
            return Err(statuses::not_leader(&address.ip().to_string(), address.port()));
        }
        Ok(())
    }
}

/// Whether the caller wants to be answered by the leader only.
pub(crate) fn requires_leader(metadata: &MetadataMap) -> bool {
    let said = metadata.get("requires-leader").and_then(|value| value.to_str().ok());
    said.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
