//! A scavenge: what is hidden goes for good, and every place keeps its meaning.

use std::{fs::OpenOptions, os::unix::fs::FileExt};

use protocol_server::proto::streams::delete_req::options::ExpectedStreamRevision as Wanted;

use crate::{
    harness::{Started, start},
    raw::{Asking, Expected, of_all, proposed, raw, success, text, wrong},
};

fn on_disk(started: &Started, text: &str) -> bool {
    let file = std::fs::read(started.folder.path().join("log")).unwrap();
    file.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn truncated_events_are_gone_from_all_and_from_the_disk() {
    let mut started = start();
    let before = raw(&started.server).await;
    before.write("a", &["first secret", "second secret", "kept"]).await;
    before.set_metadata("a", r#"{"$tb":2}"#).await;
    assert_eq!(before.all_texts().await.len(), 3);
    assert!(on_disk(&started, "first secret"));
    assert!(started.server.scavenge().unwrap() >= 2);
    for _ in 0..2 {
        let raw = raw(&started.server).await;
        assert_eq!(raw.all_texts().await, ["kept"]);
        assert_eq!(raw.texts("a").await.unwrap(), ["kept"]);
        assert!(!on_disk(&started, "secret"));
        started.server.restart().unwrap();
    }
    assert_eq!(started.server.scavenge().unwrap(), 0);
}

#[tokio::test]
async fn what_a_scavenge_did_not_finish_is_finished_at_the_next_start() {
    let mut started = start();
    let (_, place) = raw(&started.server).await.write("a", &["secret"]).await;
    started.server.go_down_everywhere();
    let file = OpenOptions::new().write(true).open(started.folder.path().join("log")).unwrap();
    // The state of a record is its ninth byte; this one says that it was scavenged.
    file.write_all_at(&[0x5a], place + 8).unwrap();
    assert!(on_disk(&started, "secret"));
    started.server.restart().unwrap();
    assert!(!on_disk(&started, "secret"));
    assert!(raw(&started.server).await.all_texts().await.is_empty());
}

#[tokio::test]
async fn positions_survive_a_scavenge() {
    let started = start();
    let raw = raw(&started.server).await;
    let (_, first) = raw.write("a", &["0"]).await;
    let (_, second) = raw.write("a", &["1"]).await;
    raw.set_metadata("a", r#"{"$tb":1}"#).await;
    started.server.scavenge().unwrap();
    let from_gone = raw.events(of_all().from(first).count(1)).await.unwrap();
    assert_eq!((&*text(&from_gone[0]), from_gone[0].commit_position), ("1", second));
}

#[tokio::test]
async fn the_newest_event_stays_so_that_numbers_go_on() {
    let mut started = start();
    let before = raw(&started.server).await;
    before.write("a", &["0", "1"]).await;
    before.delete("a", Wanted::Any(())).await.unwrap();
    started.server.scavenge().unwrap();
    started.server.restart().unwrap();
    let raw = raw(&started.server).await;
    assert_eq!(raw.all_texts().await, ["1"]);
    let (revision, _) =
        success(raw.append("a", Expected::Any(()), vec![proposed(uuid::Uuid::new_v4(), "2")]).await.unwrap());
    assert_eq!(revision, 2);
}

#[tokio::test]
async fn scavenge_keeps_only_the_tombstone_of_a_stream() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["0", "1"]).await;
    raw.tombstone("a").await.unwrap();
    started.server.scavenge().unwrap();
    assert_eq!(raw.all_texts().await, [""], "the tombstone has no content");
}

#[tokio::test]
async fn a_repeat_of_what_was_scavenged_is_not_known_any_more() {
    let started = start();
    let raw = raw(&started.server).await;
    let event = proposed(uuid::Uuid::new_v4(), "0");
    success(raw.append("a", Expected::NoStream(()), vec![event.clone()]).await.unwrap());
    raw.write("a", &["1"]).await;
    raw.set_metadata("a", r#"{"$tb":1}"#).await;
    started.server.scavenge().unwrap();
    wrong(raw.append("a", Expected::NoStream(()), vec![event]).await.unwrap());
}

#[tokio::test]
async fn a_scavenge_may_be_asked_for_over_the_wire() {
    let started = start();
    let raw = raw(&started.server).await;
    raw.write("a", &["0", "1"]).await;
    raw.set_metadata("a", r#"{"$maxCount":1}"#).await;
    let operations = eventstore::operations::Client::from(started.client());
    operations.start_scavenge(1, 0, &Default::default()).await.unwrap();
    assert_eq!(raw.all_texts().await, ["1"]);
}
