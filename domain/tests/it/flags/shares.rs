//! How sessions are dealt out: evenly, always the same, and nobody is moved who need not move.

use std::collections::BTreeMap;

use domain::{SessionId, flags::bucket};
use proptest::prelude::*;
use uuid::{Uuid, uuid};

use super::{order, session, variant};

const SESSIONS: u32 = 4_000;

/// Five standard deviations of the number of successes in so many tries.
fn bounds(tries: u32, percent: u32) -> (f64, f64) {
    let (tries, chance) = (f64::from(tries), f64::from(percent) / 100.0);
    let (mean, five) = (tries * chance, 5.0 * (tries * chance * (1.0 - chance)).sqrt());
    (mean - five, mean + five)
}

fn seed() -> impl Strategy<Value = String> {
    "[a-z0-9 ._-]{0,20}[a-z0-9]".prop_filter("no spaces around it", |seed| seed.trim() == seed)
}

/// As `docs/flags.md` has them, and as another program computed them.
#[test]
fn buckets_are_frozen() {
    let one = SessionId(uuid!("11111111-2222-4333-8444-555555555566"));
    let other = SessionId(uuid!("00000000-0000-0000-0000-000000000000"));
    assert_eq!((bucket("spring", one), bucket("spring", other)), (25, 75));
    assert_eq!((bucket("", one), bucket("春", one)), (99, 59));
}

#[test]
fn a_bucket_is_below_100() {
    assert!((0..SESSIONS).all(|n| bucket("any", session(n)) < 100));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_share_is_as_large_as_it_says(percent in 0u32..=100, seed in seed()) {
        let flags = order(percent, &format!("{seed}-share"), &format!("{seed}-variant"));
        let count = (0..SESSIONS).filter(|n| flags.variant(session(*n)).is_some()).count();
        let (least, most) = bounds(SESSIONS, percent);
        let count = f64::from(u32::try_from(count).unwrap());
        prop_assert!((least..=most).contains(&count), "{count} of {SESSIONS} at {percent} percent");
    }

    #[test]
    fn variants_are_as_large_as_their_shares_among_those_who_take_part(percent in 20u32..=100, seed in seed()) {
        let flags = order(percent, &format!("{seed}-share"), &format!("{seed}-variant"));
        let inside: Vec<&str> = (0..SESSIONS).filter_map(|n| variant(&flags, session(n))).collect();
        let tries = u32::try_from(inside.len()).unwrap();
        let first = f64::from(u32::try_from(inside.iter().filter(|name| **name == "a").count()).unwrap());
        let (least, most) = bounds(tries, 30);
        prop_assert!((least..=most).contains(&first), "{first} of {tries}");
    }

    #[test]
    fn the_same_session_always_has_the_same_variant(id in any::<u128>(), percent in 0u32..=100, seed in seed()) {
        let session = SessionId(Uuid::from_u128(id));
        let (one, other) = (order(percent, &seed, "v!"), order(percent, &seed, "v!"));
        prop_assert_eq!(variant(&one, session), variant(&other, session));
    }

    #[test]
    fn a_share_that_grows_keeps_everybody_who_was_in(small in 0u32..=100, more in 0u32..=100, seed in seed()) {
        let (small, large) = (small.min(more), small.max(more));
        let (before, after) = (order(small, &seed, "v!"), order(large, &seed, "v!"));
        for n in 0..500 {
            let was = variant(&before, session(n));
            prop_assert!(was.is_none() || variant(&after, session(n)) == was);
        }
    }

    #[test]
    fn a_new_share_seed_leaves_the_variant_of_those_who_stay(one in seed(), other in seed(), percent in 10u32..=100) {
        let (before, after) = (order(percent, &one, "v!"), order(percent, &other, "v!"));
        for n in 0..500 {
            if let (Some(was), Some(is)) = (variant(&before, session(n)), variant(&after, session(n))) {
                prop_assert_eq!(was, is);
            }
        }
    }
}

/// Where one seed drew both, a small share would be in the first variant as a whole.
#[test]
fn whether_a_session_takes_part_says_nothing_of_its_variant() {
    let flags = order(20, "share", "variant");
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    (0..SESSIONS).filter_map(|n| variant(&flags, session(n))).for_each(|name| *counts.entry(name).or_default() += 1);
    let all = counts.values().sum();
    let (least, most) = bounds(all, 30);
    assert!((least..=most).contains(&f64::from(counts["a"])), "{counts:?}");
}
