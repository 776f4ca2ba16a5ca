//! What an end at any moment leaves behind, each prepared: the next start goes on right, and every note is true.

use super::*;
use crate::checkpoint::LATEST;

/// The next life signs what came meanwhile, on top of what was signed, and everything in the folder is true.
async fn goes_on(world: &World, size: u64) {
    world.append_and_sign(5).await;
    assert_eq!(world.latest().size, TreeSize(size));
    for name in world.files() {
        world.is_right(&world.note(&name));
    }
}

#[tokio::test]
async fn between_draft_and_name() {
    let world = World::new();
    world.append_and_sign(20).await;
    world.write("checkpoint.draft", "fiido-desk/half a no");
    goes_on(&world, 25).await;
}

#[tokio::test]
async fn between_the_day_s_note_and_the_latest() {
    let world = World::new();
    world.append_and_sign(20).await;
    let (latest, state) = (world.read(LATEST), std::fs::read(world.state_file()).expect("it is there"));
    world.append_and_sign(7).await;
    world.write(LATEST, &latest);
    std::fs::write(world.state_file(), state).expect("it can be written");
    goes_on(&world, 32).await;
}

#[tokio::test]
async fn between_the_note_and_the_state() {
    let world = World::new();
    world.append_and_sign(20).await;
    let state = std::fs::read(world.state_file()).expect("it is there");
    world.append_and_sign(7).await;
    std::fs::write(world.state_file(), state).expect("it can be written");
    let reads = world.reads();
    goes_on(&world, 32).await;
    assert!(world.reads() - reads >= 32, "a state that no note vouches for is not believed");
}

#[tokio::test]
async fn half_a_state_file_or_none() {
    for state in ["", "{\"log\":{\"log_id\":\"0b9f", "[]"] {
        let world = World::new();
        world.append_and_sign(20).await;
        std::fs::write(world.state_file(), state).expect("it can be written");
        goes_on(&world, 25).await;
    }
    let world = World::new();
    world.append_and_sign(20).await;
    std::fs::remove_file(world.state_file()).expect("it is there");
    goes_on(&world, 25).await;
}

/// A disk that lost power may have kept the name and not the bytes.
#[tokio::test]
async fn an_empty_note_of_the_day() {
    let world = World::new();
    world.append_and_sign(20).await;
    let day = world.day();
    world.write(&day, "");
    world.append_and_sign(5).await;
    world.is_right(&world.note(&day));
    assert_eq!(world.note(&day).size, TreeSize(25));
    assert!(
        world.files().iter().any(|name| name.ends_with(".kept")),
        "what was there is set aside: {:?}",
        world.files()
    );
}

#[tokio::test]
async fn after_reading_again_a_start_need_not() {
    let world = World::new();
    world.append_and_sign(200).await;
    std::fs::remove_file(world.state_file()).expect("it is there");
    let old = world.latest();
    let signer = world.start(seldom()).await;
    let again = world.signed_as(&signer, |newest| newest.signed_at > old.signed_at).await;
    assert_eq!((again.size, again.root), (old.size, old.root));
    signer.stop().await;
    let before = world.reads();
    world.append_and_sign(1).await;
    let read = world.reads() - before;
    assert!(read < 10, "{read} events were read again");
}
