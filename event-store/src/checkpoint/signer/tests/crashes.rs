//! Files as a crash at any moment leaves them: the next start resumes correctly, and every note is valid.

use super::*;
use crate::checkpoint::LATEST;

/// The next start signs the new events on top of the old ones, and every note in the folder is valid.
async fn goes_on(fixture: &Fixture, size: u64) {
    fixture.append_and_sign(5).await;
    assert_eq!(fixture.latest().size, TreeSize(size));
    for name in fixture.files() {
        fixture.is_right(&fixture.note(&name));
    }
}

#[tokio::test]
async fn a_crash_before_the_draft_is_renamed() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    fixture.write("checkpoint.draft", "fiido-desk/half a no");
    goes_on(&fixture, 25).await;
}

#[tokio::test]
async fn a_crash_between_the_daily_and_the_latest_checkpoint() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    let (latest, state) = (fixture.read(LATEST), std::fs::read(fixture.state_file()).expect("it is there"));
    fixture.append_and_sign(7).await;
    fixture.write(LATEST, &latest);
    std::fs::write(fixture.state_file(), state).expect("it can be written");
    goes_on(&fixture, 32).await;
}

#[tokio::test]
async fn a_crash_between_the_checkpoint_and_the_state_file() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    let state = std::fs::read(fixture.state_file()).expect("it is there");
    fixture.append_and_sign(7).await;
    std::fs::write(fixture.state_file(), state).expect("it can be written");
    let reads = fixture.reads();
    goes_on(&fixture, 32).await;
    assert!(fixture.reads() - reads >= 32, "a state that no note confirms is not trusted");
}

#[tokio::test]
async fn a_truncated_or_missing_state_file() {
    for state in ["", "{\"log\":{\"log_id\":\"0b9f", "[]"] {
        let fixture = Fixture::new();
        fixture.append_and_sign(20).await;
        std::fs::write(fixture.state_file(), state).expect("it can be written");
        goes_on(&fixture, 25).await;
    }
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    std::fs::remove_file(fixture.state_file()).expect("it is there");
    goes_on(&fixture, 25).await;
}

/// A power cut may leave the file name without its bytes.
#[tokio::test]
async fn an_empty_daily_checkpoint() {
    let fixture = Fixture::new();
    fixture.append_and_sign(20).await;
    let day = fixture.day();
    fixture.write(&day, "");
    fixture.append_and_sign(5).await;
    fixture.is_right(&fixture.note(&day));
    assert_eq!(fixture.note(&day).size, TreeSize(25));
    assert!(
        fixture.files().iter().any(|name| name.ends_with(".kept")),
        "what was there is set aside: {:?}",
        fixture.files()
    );
}

#[tokio::test]
async fn after_one_full_read_the_next_start_resumes() {
    let fixture = Fixture::new();
    fixture.append_and_sign(200).await;
    std::fs::remove_file(fixture.state_file()).expect("it is there");
    let old = fixture.latest();
    let signer = fixture.start(only_at_a_stop()).await;
    let again = fixture.signed_as(&signer, |newest| newest.signed_at > old.signed_at).await;
    assert_eq!((again.size, again.root), (old.size, old.root));
    signer.stop().await;
    let before = fixture.reads();
    fixture.append_and_sign(1).await;
    let read = fixture.reads() - before;
    assert!(read < 10, "{read} events were read again");
}
