//! A follower that is killed with SIGKILL at any moment goes on where the target ends: no gap, and nothing twice.

use std::time::Duration;

use rand::RngExt as _;
use tests::test_scale::{count, rng, seed};

use super::follower::{Following, LONG, Shelf, on_files};
use crate::{
    copy_log::{Place, shop},
    crash::until,
};

/// Several segments of 1 MB.
const EVENTS: u64 = 12_000;

fn follow(source: &Place, shelf: &Shelf) -> Following {
    Following::start(on_files(&source.path(), &["backup", "--follow"]), &source.path(), shelf)
}

#[tokio::test(flavor = "multi_thread")]
async fn follower_killed_at_any_moment_leaves_no_gap_and_no_second_segment() {
    let seed = seed("killed follower");
    let source = shop(EVENTS, seed).await;
    let expected = source.events().await;
    for round in 0..count(2, 20) {
        let (shelf, mut random, mut before) = (Shelf::new(), rng(seed, round as u64), 0);
        let mut half_way = 0;
        for _kill in 0..8 {
            let (following, files) = (follow(&source, &shelf), shelf.files().len());
            // While it writes one of the next files.
            let more = files + random.random_range(1..=2);
            until("it has begun to ship", LONG, async || {
                shelf.files().len() >= more || shelf.events().await.len() == expected.len()
            })
            .await;
            tokio::time::sleep(Duration::from_millis(random.random_range(0..15))).await;
            following.kill();
            let there = shelf.events().await;
            assert_eq!(there, expected[..there.len()], "round {round}: not a beginning of the log");
            assert!(there.len() >= before, "round {round}: something is gone");
            half_way += usize::from(there.len() > before && there.len() < expected.len());
            before = there.len();
        }
        assert!(half_way > 0, "round {round}: it was never killed half-way");
        let mut following = follow(&source, &shelf);
        following.has_shipped(expected.last().unwrap().position.0).await;
        assert_eq!(following.terminate(), Some(0));
        assert_eq!(shelf.events().await, expected, "round {round}");
        println!("round {round}: killed {half_way} times half-way, {} files", shelf.files().len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_followers_of_one_log_make_one_chain() {
    let source = shop(EVENTS, seed("two followers")).await;
    let (shelf, expected) = (Shelf::new(), source.events().await);
    let (mut one, mut other) = (follow(&source, &shelf), follow(&source, &shelf));
    one.has_shipped(expected.last().unwrap().position.0).await;
    other.has_shipped(expected.last().unwrap().position.0).await;
    assert_eq!(shelf.events().await, expected);
}
