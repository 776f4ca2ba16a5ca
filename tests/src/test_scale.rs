//! The scale of a run: counts are small unless `DESK_TEST_LONG=1`, and everything random comes from a seed that is
//! printed and can be given back as `DESK_TEST_SEED`.

use rand::{SeedableRng, rngs::StdRng};

/// Whether this is a long run: `make test-long`.
#[must_use]
pub fn is_long() -> bool {
    std::env::var("DESK_TEST_LONG").is_ok_and(|value| value == "1")
}

/// `few` in every run, `many` in a long one.
#[must_use]
pub fn count(few: usize, many: usize) -> usize {
    if is_long() { many } else { few }
}

/// A random number generator for a test, the same for the same seed; `lot` separates its numbers from those of others.
#[must_use]
pub fn rng(seed: u64, lot: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(lot))
}

/// The seed of this run of a test, printed.
///
/// # Panics
/// `DESK_TEST_SEED` is no number.
#[must_use]
#[expect(clippy::print_stdout, reason = "shown beside a test that failed")]
pub fn seed(test: &str) -> u64 {
    let given = std::env::var("DESK_TEST_SEED").ok().map(|seed| seed.parse().expect("DESK_TEST_SEED is a number"));
    let seed = given.unwrap_or_else(rand::random);
    println!("{test}: DESK_TEST_SEED={seed}");
    seed
}
