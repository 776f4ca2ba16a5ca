//! The same on a log that numbers with holes, where a size is no position.

use super::*;
use crate::event::Position;

#[tokio::test]
async fn notes_say_where_their_last_event_stands() {
    let world = World::with_holes();
    let signer = world.start(by_count(10)).await;
    world.append(10).await;
    let newest = world.signed(&signer, 10).await;
    assert_eq!(newest.position, world.position_of(10));
    assert!(newest.position.0 > 10 * newest.size.0, "there are holes");
    world.is_right(&newest);
    world.append(7).await;
    signer.stop().await;
    world.is_right(&world.latest());
}

#[tokio::test]
async fn a_start_goes_on_where_it_was_without_reading_again() {
    let world = World::with_holes();
    world.append_and_sign(200).await;
    let before = world.reads();
    world.append_and_sign(30).await;
    assert_eq!(world.latest().size, TreeSize(230));
    let read = world.reads() - before;
    assert!(read <= 62, "{read} events were read for 30 new ones");
}

#[tokio::test]
async fn a_start_without_its_state_reads_again_and_meets_its_notes() {
    let world = World::with_holes();
    world.append_and_sign(40).await;
    for (name, size) in [("2026-01-01.checkpoint", 10), ("2026-01-02.checkpoint", 25)] {
        let note = world.sign_as_of(size, "2026-01-01T00:00:00.000000Z");
        world.write(name, &note);
    }
    std::fs::remove_file(world.state_file()).expect("it is there");
    world.append_and_sign(5).await;
    assert_eq!(world.latest().size, TreeSize(45));
}

#[tokio::test]
async fn a_log_that_was_changed_or_cut_gets_no_newer_note() {
    let world = World::with_holes();
    world.append_and_sign(20).await;
    world.append(4).await;
    world.change_event(20);
    let signer = world.start(by_count(1)).await;
    assert_eq!(world.alarmed(&signer).await.position, world.position_of(20));

    let world = World::with_holes();
    world.append_and_sign(20).await;
    world.cut_to(19);
    let signer = world.start(by_count(1)).await;
    let alarm = world.alarmed(&signer).await;
    let ends = format!("it ends at position {}", world.position_of(19));
    assert!(alarm.what.contains("20 events were signed") && alarm.what.contains(&ends), "{}", alarm.what);
    assert_eq!(world.latest().position, world.position_of(20));
    assert_ne!(world.position_of(20), Position(20));
}
