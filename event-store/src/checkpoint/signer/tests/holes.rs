//! The same on a log with holes, where size and position differ.

use super::*;
use crate::event::Position;

#[tokio::test]
async fn a_checkpoint_names_the_position_of_its_last_event() {
    let fixture = Fixture::with_holes();
    let signer = fixture.start(by_count(10)).await;
    fixture.append(10).await;
    let newest = fixture.signed(&signer, 10).await;
    assert_eq!(newest.position, fixture.position_of(10));
    assert!(newest.position.0 > 10 * newest.size.0, "there are holes");
    fixture.is_right(&newest);
    fixture.append(7).await;
    signer.stop().await;
    fixture.is_right(&fixture.latest());
}

#[tokio::test]
async fn a_start_without_its_state_file_reads_again_and_matches_its_checkpoints() {
    let fixture = Fixture::with_holes();
    fixture.append_and_sign(40).await;
    for (name, size) in [("2026-01-01.checkpoint", 10), ("2026-01-02.checkpoint", 25)] {
        let note = fixture.sign_as_of(size, "2026-01-01T00:00:00.000000Z");
        fixture.write(name, &note);
    }
    std::fs::remove_file(fixture.state_file()).expect("it is there");
    fixture.append_and_sign(5).await;
    assert_eq!(fixture.latest().size, TreeSize(45));
}

#[tokio::test]
async fn a_changed_or_truncated_log_is_not_signed() {
    let fixture = Fixture::with_holes();
    fixture.append_and_sign(20).await;
    fixture.append(4).await;
    fixture.change_event(20);
    let signer = fixture.start(by_count(1)).await;
    assert_eq!(fixture.alarmed(&signer).await.position, fixture.position_of(20));

    let fixture = Fixture::with_holes();
    fixture.append_and_sign(20).await;
    fixture.cut_to(19);
    let signer = fixture.start(by_count(1)).await;
    let alarm = fixture.alarmed(&signer).await;
    let ends = format!("it ends at position {}", fixture.position_of(19));
    assert!(alarm.what.contains("20 events were signed") && alarm.what.contains(&ends), "{}", alarm.what);
    assert_eq!(fixture.latest().position, fixture.position_of(20));
    assert_ne!(fixture.position_of(20), Position(20));
}
