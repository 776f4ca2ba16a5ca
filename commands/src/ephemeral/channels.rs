//! One channel for each session that has subscribers or something to tell them.
//!
//! Invariant: there are never more than twice as many as are in use, and a fixed number.

use std::collections::HashMap;

use domain::SessionId;

/// Below so many nothing is swept.
const FEW: usize = 1024;

pub(super) struct Channels<T> {
    by_session: HashMap<SessionId, T>,
    sweep_at: usize,
}

impl<T> Default for Channels<T> {
    fn default() -> Self {
        Self { by_session: HashMap::new(), sweep_at: FEW }
    }
}

impl<T> Channels<T> {
    pub(super) fn get(&self, session: SessionId) -> Option<&T> {
        self.by_session.get(&session)
    }

    pub(super) fn get_mut(&mut self, session: SessionId) -> Option<&mut T> {
        self.by_session.get_mut(&session)
    }

    pub(super) fn remove(&mut self, session: SessionId) {
        self.by_session.remove(&session);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SessionId, &T)> {
        self.by_session.iter().map(|(session, channel)| (*session, channel))
    }

    /// A session's channel, which is made where there is none; then those that are not in use may be swept.
    pub(super) fn open(
        &mut self,
        session: SessionId,
        make: impl FnOnce() -> T,
        is_used: impl Fn(&T) -> bool,
    ) -> &mut T {
        if self.by_session.len() >= self.sweep_at {
            self.by_session.retain(|_, channel| is_used(channel));
            self.sweep_at = FEW.max(2 * self.by_session.len());
        }
        self.by_session.entry(session).or_insert_with(make)
    }
}
