//! The signer over a log in memory: when it signs, where it resumes, and how it reacts to crashes and tampering.

mod crashes;
mod fixture;
mod holes;
mod tampering;

use std::time::Duration;

use fixture::{Fixture, Running, by_count, by_time, only_at_a_stop, wait_for};
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::*;
use crate::{checkpoint::LATEST, clock::ManualClock, merkle::TreeSize};

#[tokio::test]
async fn a_checkpoint_is_written_after_the_configured_number_of_events() {
    let fixture = Fixture::new();
    let signer = fixture.start(by_count(10)).await;
    fixture.append(9).await;
    fixture.append(1).await;
    let newest = fixture.signed(&signer, 10).await;
    assert_eq!(newest, fixture.latest());
    fixture.is_right(&newest);
    let status = signer.status().borrow().clone();
    assert_eq!((status.newest, status.trouble, status.alarm), (Some(newest), None, None));
}

#[tokio::test]
async fn fewer_events_are_signed_after_the_interval_or_at_a_stop() {
    let fixture = Fixture::new();
    let signer = fixture.start(only_at_a_stop()).await;
    fixture.append(9).await;
    signer.stop().await;
    assert_eq!(fixture.latest().size, TreeSize(9), "a clean stop signs what it finds");
    fixture.is_right(&fixture.latest());

    let signer = fixture.start(by_time(Duration::from_millis(50))).await;
    fixture.append(2).await;
    let newest = fixture.signed(&signer, 11).await;
    fixture.is_right(&newest);
}

/// Advances the clock minute by minute until there is a checkpoint of this size.
async fn signed_within(minutes: u32, clock: &ManualClock, signer: &Running, size: u64) {
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
async fn a_checkpoint_is_due_a_minute_after_an_event_even_if_the_clock_is_set_back() {
    let noon: Timestamp = "2026-02-01T12:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(noon));
    let fixture = Fixture::by_clock(clock.clone());
    let signer = fixture.start(Pace::default()).await;
    fixture.append(3).await;
    // Two minutes, because the clock may move before the signer has read the events.
    signed_within(2, &clock, &signer, 3).await;
    assert!(fixture.latest().signed_at >= noon + SignedDuration::from_mins(1));

    fixture.append(1).await;
    clock.set(noon - SignedDuration::from_hours(5));
    fixture.append(1).await;
    signed_within(3, &clock, &signer, 5).await;
    fixture.is_right(&fixture.latest());
}

#[tokio::test]
async fn nothing_is_written_without_new_events() {
    let fixture = Fixture::new();
    fixture.start(only_at_a_stop()).await.stop().await;
    assert_eq!(fixture.files(), [] as [&str; 0]);

    fixture.append_and_sign(3).await;
    let note = fixture.read(LATEST);
    fixture.start(by_time(Duration::from_millis(1))).await.stop().await;
    assert_eq!(fixture.read(LATEST), note, "a start and a stop write nothing");
}

#[tokio::test]
async fn checkpoints_keep_the_shortest_interval_except_at_a_stop() {
    let fixture = Fixture::new();
    let signer = fixture.start(Pace { events: 1, shortest: Duration::from_millis(300), ..only_at_a_stop() }).await;
    fixture.append(1).await;
    let first = fixture.signed(&signer, 1).await;
    fixture.append(1).await;
    let second = fixture.signed(&signer, 2).await;
    let apart = second.signed_at.duration_since(first.signed_at);
    assert!(apart.as_millis() >= 250, "{apart:?}");
    fixture.append(1).await;
    signer.stop().await;
    assert_eq!(fixture.latest().size, TreeSize(3), "a stop does not wait for the interval");
}

#[tokio::test]
async fn each_day_keeps_its_newest_checkpoint() {
    let fixture = Fixture::new();
    fixture.append_and_sign(4).await;
    let day = fixture.day();
    assert_eq!(fixture.files(), [day.clone(), LATEST.to_owned()]);
    assert_eq!(fixture.read(&day), fixture.read(LATEST));

    let yesterday = fixture.sign_as_of(2, "2026-01-31T23:59:59.999999Z");
    fixture.write("2026-01-31.checkpoint", &yesterday);
    fixture.append_and_sign(4).await;
    assert_eq!(fixture.files(), ["2026-01-31.checkpoint".to_owned(), fixture.day(), LATEST.to_owned()]);
    assert_eq!(fixture.read("2026-01-31.checkpoint"), yesterday);
    assert_eq!(fixture.latest().size, TreeSize(8));
}

#[tokio::test]
async fn a_restart_resumes_without_reading_the_log_again() {
    // The previous subscription may have read the new events once more.
    for (fixture, most) in [(Fixture::new(), 61), (Fixture::with_holes(), 62)] {
        fixture.append_and_sign(200).await;
        let before = fixture.reads();
        fixture.append_and_sign(30).await;
        assert_eq!(fixture.latest().size, TreeSize(230));
        let read = fixture.reads() - before;
        assert!(read <= most, "{read} events were read for 30 new ones");
    }
}

#[tokio::test]
async fn a_missing_folder_is_reported_and_writing_resumes_when_it_is_back() {
    let fixture = Fixture::new();
    let signer = fixture.start(by_count(1)).await;
    fixture.append(1).await;
    fixture.signed(&signer, 1).await;

    let away = fixture.folder().with_extension("away");
    std::fs::rename(fixture.folder(), &away).expect("it can be moved");
    fixture.append(1).await;
    let told = fixture.troubled(&signer).await;
    assert!(told.contains(&fixture.folder().display().to_string()), "{told}");
    assert!(!fixture.folder().exists(), "the folder is not created again: its disk is not mounted");

    fixture.append(5).await;
    std::fs::rename(&away, fixture.folder()).expect("it can be moved back");
    fixture.signed(&signer, 7).await;
    assert_eq!(signer.status().borrow().trouble, None);
    fixture.is_right(&fixture.latest());
}

#[tokio::test]
async fn a_start_without_its_folder_waits_for_it() {
    let fixture = Fixture::new();
    fixture.append_and_sign(3).await;
    let away = fixture.folder().with_extension("away");
    std::fs::rename(fixture.folder(), &away).expect("it can be moved");

    let signer = fixture.start(by_count(1)).await;
    fixture.troubled(&signer).await;
    fixture.append(1).await;
    assert!(!fixture.folder().exists(), "the folder is not created again: its disk is not mounted");
    std::fs::rename(&away, fixture.folder()).expect("it can be moved back");
    fixture.signed(&signer, 4).await;
    fixture.is_right(&fixture.latest());
}
