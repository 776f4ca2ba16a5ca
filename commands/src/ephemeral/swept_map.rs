//! A map that forgets what is not in use any more.
//!
//! Invariant: there are never more entries than twice as many as are in use, and a fixed number.

use std::{collections::HashMap, hash::Hash};

/// Below so many nothing is swept.
const FEW: usize = 1024;

pub(super) struct SweptMap<K, V> {
    entries: HashMap<K, V>,
    sweep_at: usize,
}

impl<K, V> Default for SweptMap<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), sweep_at: FEW }
    }
}

impl<K: Copy + Eq + Hash, V> SweptMap<K, V> {
    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.entries.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.entries.get_mut(&key)
    }

    pub(super) fn remove(&mut self, key: K) {
        self.entries.remove(&key);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// The entry of a key, which is made where there is none; before that those that are not in use may be swept.
    pub(super) fn get_or_insert(&mut self, key: K, make: impl FnOnce() -> V, is_used: impl Fn(&V) -> bool) -> &mut V {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, value| is_used(value));
            self.sweep_at = FEW.max(2 * self.entries.len());
        }
        self.entries.entry(key).or_insert_with(make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_are_not_in_use_are_swept_and_the_others_stay() {
        let mut map = SweptMap::default();
        for key in 0..5 * FEW {
            map.get_or_insert(key, || key < 10, |is_used| *is_used);
        }
        assert!(map.iter().count() <= 2 * FEW);
        assert!((0..10).all(|key| map.get(key).is_some()));
    }
}
