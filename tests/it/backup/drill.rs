//! `desk drill`: a backup that can be restored, and one that cannot; what it found is kept for health and metrics.

use std::fs;

use backup::state;

use super::follower::{Shipped, on_files, run};

#[tokio::test(flavor = "multi_thread")]
async fn drill_says_whether_the_backup_can_be_restored_and_leaves_nothing() {
    let shipped = Shipped::of(800, 61).await;
    let data_dir = shipped.source.path();
    let drill = || run(on_files(&data_dir, &["drill"]), &shipped.shelf);
    let (code, said) = drill();
    assert_eq!(code, Some(0), "{said}");
    for word in ["restored   800 events", "the served log has the same last event", "took"] {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    let first = state::read(&data_dir).drill.unwrap();
    assert!(first.last_success_at == Some(first.ended_at) && first.error.is_none() && first.events == 800, "{first:?}");
    assert!(!data_dir.join("desk-drill.tmp").exists());

    let segment = shipped.shelf.target().join(&shipped.shelf.files_of(".segment")[0]);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[200] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (code, said) = drill();
    assert_eq!(code, Some(1), "{said}");
    let second = state::read(&data_dir).drill.unwrap();
    assert_eq!(second.last_success_at, first.last_success_at, "the last success stays");
    assert!(second.ended_at > first.ended_at && second.error.unwrap().contains("0000000001.segment"));
    assert!(!data_dir.join("desk-drill.tmp").exists());
}

/// A log that has gone another way than its backup.
#[tokio::test(flavor = "multi_thread")]
async fn drill_finds_a_served_log_that_differs_from_its_backup() {
    let (shipped, other) = (Shipped::of(300, 62).await, crate::copy_log::shop(300, 63).await);
    let (code, said) = run(on_files(&other.path(), &["drill"]), &shipped.shelf);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another event at position 300"), "{said}");
}
