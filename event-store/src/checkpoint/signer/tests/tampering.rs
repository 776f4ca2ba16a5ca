//! What a hand does to log, notes or state while nobody signs: a log that contradicts its notes gets no newer one.

use super::*;
use crate::checkpoint::{Checkpoint, LATEST};

/// The alarm is raised and says what to do; no note is written, whatever comes.
async fn signs_nothing(world: &World, size: u64) -> Alarm {
    let notes: Vec<String> = world.files().iter().map(|name| world.read(name)).collect();
    let signer = world.start(by_count(1)).await;
    let alarm = world.alarmed(&signer).await;
    assert!(alarm.what.contains(&format!("{size} events")), "{}", alarm.what);
    assert!(alarm.what.contains("desk-replay verify --checkpoint"), "{}", alarm.what);
    world.append(3).await;
    signer.stop().await;
    assert_eq!(world.files().iter().map(|name| world.read(name)).collect::<Vec<_>>(), notes);
    alarm
}

#[tokio::test]
async fn a_changed_event_where_the_newest_note_ends() {
    let world = World::new();
    world.append_and_sign(20).await;
    world.append(4).await;
    world.change_event(20);
    assert_eq!(signs_nothing(&world, 20).await.position, Position(20));
}

#[tokio::test]
async fn a_changed_event_anywhere_once_the_log_is_read_again() {
    let world = World::new();
    // So many that they are not read at once: on the way to the note nothing is signed either.
    world.append_and_sign(1500).await;
    world.change_event(1400);
    std::fs::remove_file(world.state_file()).expect("it is there");
    assert_eq!(signs_nothing(&world, 1500).await.position, Position(1500));
}

#[tokio::test]
async fn the_oldest_note_that_the_log_contradicts_is_named() {
    let world = World::new();
    world.append_and_sign(40).await;
    for (name, size) in [("2026-01-01.checkpoint", 10), ("2026-01-02.checkpoint", 25)] {
        world.write(name, &world.sign_as_of(size, "2026-01-02T03:04:05.000006Z"));
    }
    world.change_event(12);
    world.remove(LATEST);
    let alarm = signs_nothing(&world, 25).await;
    assert!(alarm.what.contains("2026-01-02.checkpoint"), "{}", alarm.what);
}

#[tokio::test]
async fn a_tail_that_was_cut() {
    let world = World::new();
    world.append_and_sign(20).await;
    world.cut_to(19);
    let alarm = signs_nothing(&world, 20).await;
    assert!(alarm.what.contains("ends at position 19"), "{}", alarm.what);
}

#[tokio::test]
async fn an_event_that_cannot_be_read() {
    let world = World::new();
    world.append_and_sign(20).await;
    world.append(10).await;
    world.damage_event(23);
    let signer = world.start(by_count(1)).await;
    assert_eq!(world.alarmed(&signer).await.position, Position(23));
    signer.stop().await;
    assert!(world.latest().size < TreeSize(23));
}

#[tokio::test]
async fn a_log_from_before_a_restore() {
    let world = World::new();
    world.set_generation(2);
    world.append_and_sign(20).await;
    world.set_generation(1);
    let alarm = signs_nothing(&world, 20).await;
    assert!(alarm.what.contains("it is generation 1"), "{}", alarm.what);
}

#[tokio::test]
async fn a_restored_log_starts_over_and_keeps_the_old_notes() {
    let mut world = World::new();
    world.append_and_sign(20).await;
    let (day, old) = (world.day(), world.read(LATEST));
    world.restore(2, 8).await;
    world.start(seldom()).await.stop().await;
    assert_eq!((world.latest().size, world.latest().log.generation), (TreeSize(8), 2));
    world.is_right(&world.latest());
    assert_eq!(world.read(&day), old, "the day's note of the first generation stays");
    let new_day = day.replace(".checkpoint", ".generation-2.checkpoint");
    assert_eq!(world.read(&new_day), world.read(LATEST));
    world.append_and_sign(3).await;
    assert_eq!((world.latest().size, world.read(&day)), (TreeSize(11), old));
}

#[tokio::test]
async fn a_state_that_was_forged_is_not_believed() {
    let world = World::new();
    world.append_and_sign(21).await;
    let state = std::fs::read_to_string(world.state_file()).expect("it is there");
    let mut forged: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    forged["peaks"][0] = "11".repeat(32).into();
    std::fs::write(world.state_file(), forged.to_string()).expect("it can be written");
    world.append_and_sign(2).await;
    assert_eq!(world.latest().size, TreeSize(23));
}

#[tokio::test]
async fn a_latest_note_that_is_gone_or_damaged_is_written_anew() {
    let harm: [fn(&World); 3] = [
        |world| world.remove(LATEST),
        |world| world.write(LATEST, &world.read(LATEST).replace("position 20", "position 10")),
        |world| world.write(LATEST, "not a note"),
    ];
    for harm in harm {
        let world = World::new();
        world.append_and_sign(20).await;
        harm(&world);
        let reads = world.reads();
        world.start(seldom()).await.stop().await;
        assert!(world.reads() - reads >= 20, "the state alone is not believed");
        assert_eq!(world.latest().size, TreeSize(20));
        world.is_right(&world.latest());
    }
}

#[tokio::test]
async fn notes_by_a_lost_key_are_kept() {
    let world = World::new();
    world.append_and_sign(20).await;
    let (lost, note) = (world.key(), world.read(LATEST));
    std::fs::remove_file(world.key_file()).expect("it is there");
    world.append_and_sign(5).await;
    assert_eq!(world.latest().size, TreeSize(25));
    let kept: Vec<String> = world.files().into_iter().filter(|name| name.ends_with(".kept")).collect();
    assert_eq!(kept.len(), 2, "the latest and the day's: {kept:?}");
    for name in kept {
        assert_eq!(world.read(&name), note);
        assert!(Checkpoint::open(&world.read(&name), lost.public()).is_ok());
    }
}
