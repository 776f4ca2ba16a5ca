//! Random numbers from a seed: the same seed gives the same shop.

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::Xoshiro256PlusPlus};
use uuid::Uuid;

/// The only source of randomness of a shop.
#[derive(Debug, Clone)]
pub(super) struct Rng(Xoshiro256PlusPlus);

impl Rng {
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// `true` with this probability.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.0.random_bool(share.clamp(0.0, 1.0))
    }

    /// A number from 0 to `count` - 1.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One of these, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, f64)]) -> T {
        let mut left = self.0.random_range(0.0..from.iter().map(|(_, weight)| weight).sum());
        for (one, weight) in from {
            left -= weight;
            if left < 0.0 {
                return *one;
            }
        }
        from[from.len() - 1].0
    }

    /// Evenly from one number to another.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0.random_range(low..high)
    }

    /// How long people take: around a median, seldom more than three times as long or as short.
    pub(super) fn around(&mut self, median: f64) -> f64 {
        let bell: f64 = (0..4).map(|_| self.0.random_range(-1.0..1.0)).sum();
        median * (0.45 * bell).exp()
    }

    /// The time to the next of many independent arrivals, where the mean is 1.
    pub(super) fn gap(&mut self) -> f64 {
        -(1.0 - self.0.random_range(0.0_f64..1.0)).ln()
    }

    /// A random id of version 4.
    pub(super) fn id(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}
