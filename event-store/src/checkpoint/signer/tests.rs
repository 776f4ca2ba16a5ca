//! The signer over a log in memory: when it signs, where it goes on, and what each kind of stop or hand leaves behind.

mod crashes;
mod holes;
mod tampering;
mod world;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use world::{World, by_count, by_time, seldom};

use super::*;
use crate::{checkpoint::LATEST, clock::ManualClock, merkle::TreeSize};

#[tokio::test]
async fn a_note_comes_after_so_many_events_and_is_right() {
    let world = World::new();
    let signer = world.start(by_count(10)).await;
    world.append(9).await;
    world.append(1).await;
    let newest = world.signed(&signer, 10).await;
    assert_eq!(newest, world.latest());
    world.is_right(&newest);
    let status = signer.status().borrow().clone();
    assert_eq!((status.newest, status.trouble, status.alarm), (Some(newest), None, None));
}

#[tokio::test]
async fn less_than_so_many_wait_for_the_time_or_the_end() {
    let world = World::new();
    let signer = world.start(seldom()).await;
    world.append(9).await;
    signer.stop().await;
    assert_eq!(world.latest().size, TreeSize(9), "what a clean stop finds is signed");
    world.is_right(&world.latest());

    let signer = world.start(by_time(Duration::from_millis(50))).await;
    world.append(2).await;
    let newest = world.signed(&signer, 11).await;
    world.is_right(&newest);
}

/// Moves the clock on by minutes, at most so many, until a note of this size is there.
async fn signed_within(minutes: u32, clock: &ManualClock, signer: &Signer, size: u64) {
    for _ in 0..minutes {
        clock.advance(SignedDuration::from_mins(1));
        let mut status = signer.status();
        let is_there = |status: &Status| status.newest.as_ref().is_some_and(|newest| newest.size.0 == size);
        if timeout(Duration::from_millis(500), status.wait_for(is_there)).await.is_ok() {
            return;
        }
    }
    panic!("no checkpoint of {size} events within {minutes} minutes");
}

#[tokio::test]
async fn a_note_is_due_a_minute_after_news_by_the_clock_also_when_it_is_set_back() {
    let noon: Timestamp = "2026-02-01T12:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(noon));
    let world = World::by_clock(clock.clone());
    let signer = world.start(Pace::default()).await;
    world.append(3).await;
    // Twice, for the first may come before the signer has read the events.
    signed_within(2, &clock, &signer, 3).await;
    assert!(world.latest().signed_at >= noon + SignedDuration::from_mins(1));

    world.append(1).await;
    clock.set(noon - SignedDuration::from_hours(5));
    world.append(1).await;
    signed_within(3, &clock, &signer, 5).await;
    world.is_right(&world.latest());
}

#[tokio::test]
async fn without_news_nothing_is_written() {
    let world = World::new();
    world.start(seldom()).await.stop().await;
    assert_eq!(world.files(), [] as [&str; 0]);

    world.append_and_sign(3).await;
    let note = world.read(LATEST);
    world.start(by_time(Duration::from_millis(1))).await.stop().await;
    assert_eq!(world.read(LATEST), note, "a start and a stop are no news");
}

#[tokio::test]
async fn notes_keep_apart_in_time_but_for_the_last() {
    let world = World::new();
    let signer = world.start(Pace { events: 1, shortest: Duration::from_millis(300), ..seldom() }).await;
    world.append(1).await;
    let first = world.signed(&signer, 1).await;
    world.append(1).await;
    let second = world.signed(&signer, 2).await;
    let apart = second.signed_at.duration_since(first.signed_at);
    assert!(apart.as_millis() >= 250, "{apart:?}");
    world.append(1).await;
    signer.stop().await;
    assert_eq!(world.latest().size, TreeSize(3), "the end waits for no moment");
}

#[tokio::test]
async fn each_day_keeps_its_newest_note() {
    let world = World::new();
    world.append_and_sign(4).await;
    let day = world.day();
    assert_eq!(world.files(), [day.clone(), LATEST.to_owned()]);
    assert_eq!(world.read(&day), world.read(LATEST));

    let yesterday = world.sign_as_of(2, "2026-01-31T23:59:59.999999Z");
    world.write("2026-01-31.checkpoint", &yesterday);
    world.append_and_sign(4).await;
    assert_eq!(world.files(), ["2026-01-31.checkpoint".to_owned(), world.day(), LATEST.to_owned()]);
    assert_eq!(world.read("2026-01-31.checkpoint"), yesterday);
    assert_eq!(world.latest().size, TreeSize(8));
}

#[tokio::test]
async fn a_start_goes_on_where_it_was_without_reading_again() {
    let world = World::new();
    world.append_and_sign(200).await;
    let before = world.reads();
    world.append_and_sign(30).await;
    assert_eq!(world.latest().size, TreeSize(230));
    let read = world.reads() - before;
    // The tail of the life before may have read the new ones once more.
    assert!(read <= 61, "{read} events were read for 30 new ones");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_trouble_told_once_and_over_when_it_is_back() {
    let world = World::new();
    let signer = world.start(by_count(1)).await;
    world.append(1).await;
    world.signed(&signer, 1).await;

    let away = world.folder().with_extension("away");
    std::fs::rename(world.folder(), &away).expect("it can be moved");
    world.append(1).await;
    let told = world.troubled(&signer).await;
    assert!(told.contains(&world.folder().display().to_string()), "{told}");
    assert!(!world.folder().exists(), "a disk that is not mounted is not written under");

    world.append(5).await;
    std::fs::rename(&away, world.folder()).expect("it can be moved back");
    world.signed(&signer, 7).await;
    assert_eq!(signer.status().borrow().trouble, None);
    world.is_right(&world.latest());
}

#[tokio::test]
async fn a_start_without_its_folder_waits_for_it() {
    let world = World::new();
    world.append_and_sign(3).await;
    let away = world.folder().with_extension("away");
    std::fs::rename(world.folder(), &away).expect("it can be moved");

    let signer = world.start(by_count(1)).await;
    world.troubled(&signer).await;
    world.append(1).await;
    assert!(!world.folder().exists(), "a disk that is not mounted is not written under");
    std::fs::rename(&away, world.folder()).expect("it can be moved back");
    world.signed(&signer, 4).await;
    world.is_right(&world.latest());
}
