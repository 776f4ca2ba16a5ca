//! Checkpoints of a started server: they are written whatever happens to the process, and every checkpoint that was ever in the
//! folder matches the log.

mod killed;
mod nodes;
mod operator;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Output,
    sync::Arc,
};

use event_store::{
    EventReader, Position,
    checkpoint::{Checkpoint, LATEST, PublicKey},
    merkle::{Tree, leaf_hash},
    sqlite::SqliteStore,
};
use serde_json::Value;
use tests::desk::{Desk, Setup, program, without_settings};

/// A folder for checkpoints outside the data directory.
struct NoteFolder(tempfile::TempDir);

impl NoteFolder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("notes")
    }

    fn setting(&self) -> (&'static str, String) {
        ("DESK_CHECKPOINT_DIR", self.path().display().to_string())
    }

    /// The checkpoints by file name.
    fn notes(&self) -> BTreeMap<String, String> {
        let Ok(entries) = std::fs::read_dir(self.path()) else { return BTreeMap::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let notes = names.filter(|name| name.ends_with(".checkpoint"));
        notes.map(|name| (name.clone(), std::fs::read_to_string(self.path().join(name)).unwrap())).collect()
    }
}

fn on_sqlite(notes: &NoteFolder) -> Setup {
    Setup { environment: vec![notes.setting()], ..Setup::default() }
}

async fn log_of(desk: &Desk) -> Arc<dyn EventReader> {
    SqliteStore::open_reader(&desk.data_dir().join("events.db")).await.unwrap()
}

/// What `desk keys` prints for a data directory.
fn desk_keys(data_dir: &Path) -> Output {
    run_desk(&["keys", "--data-dir", data_dir.to_str().unwrap()])
}

fn run_desk(arguments: &[&str]) -> Output {
    without_settings(program("desk")).args(arguments).output().unwrap()
}

fn public_key(desk: &Desk) -> PublicKey {
    let printed = desk_keys(desk.data_dir());
    assert!(printed.status.success(), "{printed:?}");
    String::from_utf8(printed.stdout).unwrap().parse().unwrap()
}

/// Every checkpoint is signed by the key and has the root that the naive definition gives. Returns the newest.
async fn are_true_of(log: &dyn EventReader, key: &PublicKey, notes: impl IntoIterator<Item = String>) -> Checkpoint {
    let identity = log.identity().await.unwrap();
    let mut events = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |(position, _)| *position);
        let page = log.read_all(after, 1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        events.extend(page.iter().map(|event| (event.position, leaf_hash(&event.hash))));
    }
    let tree: Tree = events.iter().map(|(_, leaf)| *leaf).collect();
    let mut newest: Option<Checkpoint> = None;
    for note in notes {
        let checkpoint = Checkpoint::open(&note, key).unwrap_or_else(|error| panic!("{error}:\n{note}"));
        assert_eq!(checkpoint.log, identity, "{note}");
        assert_eq!(tree.root(checkpoint.size), Some(checkpoint.root), "{note}");
        assert_eq!(checkpoint.position, events[checkpoint.size.0 as usize - 1].0, "{note}");
        newest = newest.into_iter().chain([checkpoint]).max_by_key(|checkpoint| checkpoint.size);
    }
    newest.expect("there is a note")
}

async fn readiness(desk: &Desk) -> (u16, Value) {
    let response = desk.customer().get("/readyz").await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn clean_stop_writes_a_checkpoint_of_the_whole_log() {
    let notes = NoteFolder::new();
    let mut desk = Desk::start(on_sqlite(&notes));
    let customer = desk.customer();
    for life in 1..=2 {
        customer.arrive(&format!("life {life}")).await.unwrap();
        customer.chat(&format!("life {life}"), "多久发货？").await.unwrap();
        assert_eq!(desk.terminate(), Some(0), "{}", desk.log());
        let log = log_of(&desk).await;
        let newest = are_true_of(&*log, &public_key(&desk), notes.notes().into_values()).await;
        assert_eq!(newest.position, log.head().await.unwrap());
        let names: Vec<String> = notes.notes().into_keys().collect();
        assert!(names.iter().any(|name| name == LATEST) && names.len() >= 2, "{names:?}");
        desk.start_again();
    }
    let (status, ready) = readiness(&desk).await;
    let head = log_of(&desk).await.head().await.unwrap();
    assert_eq!((status, &ready["checkpoints"]["trouble"]), (200, &Value::Null), "{ready}");
    assert_eq!(ready["checkpoints"]["newest"]["position"], head.0, "{ready}");
}
