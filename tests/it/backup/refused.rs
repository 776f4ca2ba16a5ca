//! What neither follower nor restore touches, and why they say so.

use std::fs;

use tests::desk::write_private;

use super::{
    damages::empty_shelf,
    follower::{Shipped, on_files, run},
};

fn is_refused((code, said): (Option<i32>, String), words: &[&str]) {
    assert_eq!(code, Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn target_of_another_log_or_another_key_is_left_as_it_is() {
    let (one, other) = (Shipped::of(300, 81).await, Shipped::of(300, 82).await);
    let before = one.shelf.files();
    let following = run(on_files(&other.source.path(), &["backup", "--follow"]), &one.shelf);
    is_refused(following, &["holds the backup of log", "name another folder or prefix"]);
    write_private(one.shelf.key(), &"33".repeat(32));
    let following = run(on_files(&one.source.path(), &["backup", "--follow"]), &one.shelf);
    is_refused(following, &["was begun with the backup key"]);
    let to = one.empty();
    is_refused(one.restore(to.path(), &[]), &["was begun with the backup key"]);
    assert_eq!(one.shelf.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_writes_over_nothing() {
    let shipped = Shipped::of(300, 83).await;
    let before = fs::read(shipped.source.path().join("events.db")).unwrap();
    is_refused(shipped.restore(&shipped.source.path(), &[]), &["already", "empty place", "Nothing was written"]);
    assert_eq!(fs::read(shipped.source.path().join("events.db")).unwrap(), before);

    let without_key = tempfile::tempdir().unwrap();
    is_refused(shipped.restore(without_key.path(), &[]), &["there is no master key"]);
    let wrong_key = tempfile::tempdir().unwrap();
    write_private(wrong_key.path().join("master-key"), &"44".repeat(32));
    is_refused(shipped.restore(wrong_key.path(), &[]), &["wrong master key"]);
    is_refused(shipped.restore(wrong_key.path(), &[]), &["did not end"]);

    let nothing = empty_shelf();
    let to = shipped.empty();
    is_refused(run(on_files(to.path(), &["restore"]), &nothing), &["there is no backup in"]);
    is_refused(shipped.restore(to.path(), &["--generation", "7"]), &["no generation 7", "it has 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_that_was_put_back_unmarked_is_not_shipped_over_its_backup() {
    let shipped = Shipped::of(300, 84).await;
    let to = shipped.empty();
    let then = shipped.events[99].recorded_at_text();
    let (code, said) = shipped.restore(to.path(), &["--to-time", &then]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("restored   100 events up to position 100"), "{said}");
    // The restored log is of a generation of its own, beside that of before.
    let mut following =
        super::follower::Following::start(on_files(to.path(), &["backup", "--follow"]), to.path(), &shipped.shelf);
    let head = crate::copy_log::Place::Kept(to.path().to_owned()).events().await.len();
    following.has_shipped(head as u64).await;
    assert_eq!(following.terminate(), Some(0));
    // The one of before is now the older copy.
    let older = run(on_files(&shipped.source.path(), &["backup", "--follow"]), &shipped.shelf);
    is_refused(older, &["generation 2", "an older copy of the log is served"]);
    // And both can be restored.
    for (generation, events) in [("1", 300), ("2", head)] {
        let to = shipped.empty();
        let (code, said) = shipped.restore(to.path(), &["--generation", generation]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("restored   {events} events")) && said.contains("generation 3"), "{said}");
    }
}

#[test]
fn keys_are_made_once_and_modes_are_told_apart() {
    let shelf = empty_shelf();
    let key = shelf.path().join("new-key");
    let key = key.to_str().unwrap();
    let made = || {
        tests::desk::without_settings(tests::desk::program("desk")).args(["backup", "--new-key", key]).output().unwrap()
    };
    assert_eq!(made().status.code(), Some(0));
    let text = fs::read_to_string(key).unwrap();
    assert_eq!(text.trim().len(), 64);
    assert_eq!(made().status.code(), Some(2), "an existing key is never replaced");
    assert_eq!(fs::read_to_string(key).unwrap(), text);
    let none = tests::desk::without_settings(tests::desk::program("desk")).arg("backup").output().unwrap();
    assert_eq!(none.status.code(), Some(2));
}
