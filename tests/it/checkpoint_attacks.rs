//! Attacks by somebody with full access to the database and the hash algorithm, but without the checkpoint key and without the
//! checkpoints and proof files kept elsewhere.
//!
//! Each attack is made on a real log, and `desk-replay` finds it at the position that can be known.

pub(crate) mod forger;
mod notes;
mod postgres;
mod proofs;
mod rewritten;
mod tampered;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser as _;
use event_store::{
    EventReader, Identity, Position,
    checkpoint::{Checkpoint, CheckpointKey},
    merkle::TreeSize,
    proof::tree_of,
    sqlite::SqliteStore,
};
use jiff::Timestamp;
use replay_tool::{Cli, run};
use serde_json::Value;
use tempfile::TempDir;

use crate::tamper::Written;

/// Events between two checkpoints.
pub(crate) const EVERY: u64 = 40;

/// The auditor's folder, out of reach for `desk`: the public key and the checkpoints.
pub(crate) struct Elsewhere {
    folder: TempDir,
    key: CheckpointKey,
}

impl Elsewhere {
    pub(crate) fn for_log(log: Identity) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (key, _) = CheckpointKey::read_or_create(&folder.path().join("checkpoint-key"), log).unwrap();
        std::fs::write(folder.path().join("checkpoint-key.pub"), format!("{}\n", key.public())).unwrap();
        std::fs::create_dir(folder.path().join("notes")).unwrap();
        Self { folder, key }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn key(&self) -> &CheckpointKey {
        &self.key
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    /// The folder with the checkpoints.
    pub(crate) fn notes(&self) -> String {
        self.text("notes")
    }

    /// One of them.
    pub(crate) fn note(&self, size: u64) -> String {
        self.text(&format!("notes/{size}.checkpoint"))
    }

    /// The checkpoint of the log at this size.
    pub(crate) async fn sign(&self, reader: &dyn EventReader, size: u64) -> Checkpoint {
        let mut position = Position::START;
        let tree = tree_of(reader, TreeSize(size), |_, event| position = event.position).await.unwrap();
        let (log, root) = (reader.identity().await.unwrap(), tree.root(TreeSize(size)).unwrap());
        let checkpoint = Checkpoint { log, size: TreeSize(size), root, position, signed_at: Timestamp::now() };
        std::fs::write(self.note(size), checkpoint.sign(&self.key)).unwrap();
        checkpoint
    }

    /// `verify` against these checkpoints, as JSON.
    pub(crate) async fn verify(&self, store: &str, notes: &[String]) -> Verdict {
        let notes: Vec<_> = notes.iter().map(|note| ("--checkpoint", note.clone())).collect();
        self.verify_by(store, &notes).await
    }

    /// `verify` against checkpoints and proof files.
    async fn verify_by(&self, store: &str, evidence: &[(&str, String)]) -> Verdict {
        let key = self.text("checkpoint-key.pub");
        let mut arguments = vec!["--json", "--store", store, "verify"];
        if !evidence.is_empty() {
            arguments.extend(["--key", &key]);
        }
        evidence.iter().for_each(|(kind, file)| arguments.extend([*kind, file]));
        let said = desk_replay(&arguments).await;
        assert_eq!(said.errors, "", "{arguments:?}");
        Verdict { is_right: said.code == ExitCode::SUCCESS, report: serde_json::from_str(&said.out).unwrap() }
    }
}

/// What `verify` said.
pub(crate) struct Verdict {
    is_right: bool,
    report: Value,
}

impl Verdict {
    /// Where the first flaw shows, and its kind.
    #[track_caller]
    fn first_bad(&self, what: &str) -> (u64, String) {
        assert!(!self.is_right && self.report["ok"] == false, "{what}: not found: {}", self.report);
        let flaw = &self.report["first_flaw"];
        (flaw["to"].as_u64().unwrap(), flaw["kind"].as_str().unwrap().to_owned())
    }

    /// The range that holds the first bad position.
    #[track_caller]
    fn bounds(&self, what: &str) -> (u64, u64) {
        let (to, kind) = self.first_bad(what);
        assert_eq!(kind, "not_as_signed", "{what}: {}", self.report);
        let flaw = &self.report["first_flaw"];
        assert_eq!(flaw["from"] == flaw["to"], flaw["position"] == flaw["to"], "{what}: {flaw}");
        (flaw["from"].as_u64().unwrap(), to)
    }
}

/// The output of the program.
pub(crate) struct Said {
    pub(crate) code: ExitCode,
    pub(crate) out: String,
    pub(crate) errors: String,
}

pub(crate) async fn desk_replay(arguments: &[&str]) -> Said {
    let cli = Cli::try_parse_from([&["desk-replay"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = run(cli, &mut out, &mut errors).await;
    Said { code, out: String::from_utf8(out).unwrap(), errors: String::from_utf8(errors).unwrap() }
}

/// A log in SQLite with a checkpoint every [`EVERY`] events.
pub(crate) struct Shop {
    pub(crate) written: Written,
    pub(crate) elsewhere: Elsewhere,
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let written = Written::new().await;
        let reader = SqliteStore::open_reader(&written.path()).await.unwrap();
        let elsewhere = Elsewhere::for_log(reader.identity().await.unwrap());
        for size in (EVERY..=written.events.len() as u64).step_by(EVERY as usize) {
            elsewhere.sign(&*reader, size).await;
        }
        Self { written, elsewhere }
    }

    async fn verdict(&self, path: &Path, notes: &[String]) -> Verdict {
        self.elsewhere.verify(path.to_str().unwrap(), notes).await
    }

    /// The verdict with all checkpoints.
    async fn verdict_by_all(&self, path: &Path) -> Verdict {
        self.verdict(path, &[self.elsewhere.notes()]).await
    }
}

/// The size of the newest checkpoint before a position.
pub(crate) fn newest_before(position: u64) -> u64 {
    (position - 1) / EVERY * EVERY
}
