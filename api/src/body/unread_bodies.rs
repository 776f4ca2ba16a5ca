//! How much of bodies that are still being read is kept in memory: what a stranger sends slowly is held until it is there.
//!
//! Invariant: the first bytes of each, which are all of nearly every body, always have a place.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a body that are not counted: a usual message is far shorter.
const SMALL: usize = 16 << 10;

/// For all bodies of strangers.
pub(super) static STRANGERS: Budget = Budget { most: 32 << 20, held: AtomicUsize::new(0) };

/// A number of bytes, and how many of them are taken.
pub(super) struct Budget {
    most: usize,
    held: AtomicUsize,
}

/// What a body has of it, until it is dropped.
pub(super) struct Held<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Budget {
    /// A body of which nothing has come.
    pub(super) fn nothing(&self) -> Held<'_> {
        Held { budget: self, bytes: 0 }
    }
}

impl Held<'_> {
    /// Whether there is a place for so many bytes of the body in all.
    pub(super) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(SMALL).saturating_sub(self.bytes);
        let before = self.budget.held.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        more == 0 || before + more <= self.budget.most
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_a_budget_and_small_ones_always_have_a_place() {
        let budget = Budget { most: 100, held: AtomicUsize::new(0) };
        let (mut one, mut other) = (budget.nothing(), budget.nothing());
        assert!(one.grow_to(SMALL) && one.grow_to(SMALL + 60) && one.grow_to(SMALL + 60));
        assert!(other.grow_to(SMALL + 40) && !other.grow_to(SMALL + 41));
        let mut small = budget.nothing();
        assert!(small.grow_to(SMALL) && !small.grow_to(SMALL + 1));
        drop((other, small));
        assert!(one.grow_to(SMALL + 100) && !one.grow_to(SMALL + 101));
        drop(one);
        assert_eq!(budget.held.into_inner(), 0);
    }
}
