//! Checkpoints, cursors and proofs of the source hold in the copy, through the position map.

use event_store::{
    checkpoint::{Checkpoint, CheckpointKey},
    sqlite::SqliteStore,
    verify::verify_and_sum,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{Place, copy, replay, shop, text};

/// A checkpoint of the whole source, and its key.
struct Noted {
    folder: tempfile::TempDir,
}

impl Noted {
    async fn about(place: &Place) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reader = SqliteStore::open_reader(&place.path().join("events.db")).await.unwrap();
        let log = reader.identity().await.unwrap();
        let (key, _) = CheckpointKey::read_or_create(&folder.path().join("key"), log).unwrap();
        let (report, range) = verify_and_sum(&*reader, |_| ()).await.unwrap();
        let (size, root) = (range.size(), range.root());
        let checkpoint = Checkpoint { log, size, root, position: report.last, signed_at: Timestamp::now() };
        std::fs::write(folder.path().join("old.checkpoint"), checkpoint.sign(&key)).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_cursors_and_proofs_of_the_source_hold_in_the_copy() {
    let (source, kurrent, back) = (shop(400, 21).await, Place::kurrent(), Place::folder());
    let noted = Noted::about(&source).await;
    let (first_map, second_map) = (noted.file("first"), noted.file("second"));
    copy(&source, &kurrent, &["--map", &first_map]).await;
    copy(&kurrent, &back, &["--map", &second_map]).await;
    let (note, key) = (noted.file("old.checkpoint"), noted.file("key"));
    let evidence = ["verify", "--checkpoint", &note, "--key", &key];

    let (code, said) = replay(&kurrent, &evidence).await;
    assert_eq!(code, Some(0), "roots are compared whatever the generation: {said}");
    assert!(said.contains("as the checkpoint of") && said.contains("over 400 events says"), "{said}");

    for (place, maps) in
        [(&kurrent, vec!["--map", &first_map]), (&back, vec!["--map", &first_map, "--map", &second_map])]
    {
        let (code, said) = replay(place, &[&maps[..], &evidence].concat()).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("nothing: the newest checkpoint was signed over all that there is"), "{said}");
        shows_what_comes_after(place, &maps, &source).await;
        a_proof_can_be_made(place, &maps, &noted, &source).await;
    }
}

/// A cursor of the source, with or without its generation.
async fn shows_what_comes_after(place: &Place, maps: &[&str], source: &Place) {
    let events = source.events().await;
    for cursor in ["1-390", "390"] {
        let (code, said) = replay(place, &[maps, &["--json", "tail", "--after", cursor]].concat()).await;
        assert_eq!(code, Some(0), "{said}");
        let ids: Vec<String> = said
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["event_id"].as_str().unwrap().to_owned())
            .collect();
        let expected: Vec<String> = events[390..].iter().map(|event| event.event.event_id.to_string()).collect();
        assert_eq!(ids, expected, "after {cursor}");
    }
    let (code, said) = replay(place, &["tail", "--after", "1-390"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no map leads from generation 1"), "{said}");
}

/// The same file as from the source.
async fn a_proof_can_be_made(place: &Place, maps: &[&str], noted: &Noted, source: &Place) {
    let stream = source.events().await[0].stream.to_string();
    let (note, key) = (noted.file("old.checkpoint"), noted.file("key"));
    let prove = ["prove", &stream, "--checkpoint", &note, "--key", &key];
    let (code, of_old) = replay(source, &prove).await;
    assert_eq!(code, Some(0), "{of_old}");
    let (code, of_copy) = replay(place, &[maps, &prove].concat()).await;
    assert_eq!((code, of_copy == of_old), (Some(0), true), "{of_copy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoint_of_the_source_finds_a_changed_copy() {
    let (source, kurrent, back) = (shop(300, 22).await, Place::kurrent(), Place::folder());
    let noted = Noted::about(&source).await;
    let (first_map, second_map) = (noted.file("first"), noted.file("second"));
    copy(&source, &kurrent, &["--map", &first_map]).await;
    copy(&kurrent, &back, &["--map", &second_map]).await;
    // The last event is removed and the head moved, as the database owner could.
    let mut raw = {
        use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
        SqliteConnectOptions::new().filename(back.path().join("events.db")).connect().await.unwrap()
    };
    let cut = "drop trigger event_is_never_deleted; drop trigger head_only_moves_forward; \
               delete from event where position = 300; \
               update head set (position, recorded_at, hash) = (select position, recorded_at, hash from event where position = 299)";
    sqlx::raw_sql(cut).execute(&mut raw).await.unwrap();
    let (note, key) = (noted.file("old.checkpoint"), noted.file("key"));
    let evidence = ["--map", &first_map, "--map", &second_map, "verify", "--checkpoint", &note, "--key", &key];
    let (code, said) = replay(&back, &evidence).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("a checkpoint was signed over 300 events"), "{said}");
}
