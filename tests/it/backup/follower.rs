//! A follower beside a log, the target that it ships to, and what is read back from there.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use backup::{Backup, BackupKey, state};
use event_store::RecordedEvent;
use futures::StreamExt as _;
use tempfile::TempDir;
use tests::desk::{program, without_settings, write_private};

use crate::crash::until;

/// Longer than a million events take on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// A backup key and a target, in folders of their own.
pub(crate) struct Shelf {
    folder: TempDir,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_private(folder.path().join("backup-key"), &"22".repeat(32));
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("backup-key")
    }

    /// As `--once` and the like have them.
    pub(crate) fn on(&self, command: &mut Command) {
        command.env("DESK_BACKUP_TARGET", self.target()).env("DESK_BACKUP_KEY_FILE", self.key());
        command.env("DESK_BACKUP_SECONDS", "1");
    }

    /// Every file of the target, by its name there.
    pub(crate) fn files(&self) -> Vec<String> {
        let (mut folders, mut files) = (vec![self.target()], Vec::new());
        while let Some(folder) = folders.pop() {
            // It may not be there yet.
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.target()).unwrap().display().to_string());
                }
            }
        }
        files.retain(|name| !name.ends_with(".draft"));
        files.sort();
        files
    }

    pub(crate) fn files_of(&self, kind: &str) -> Vec<String> {
        self.files().into_iter().filter(|name| name.ends_with(kind)).collect()
    }

    /// The events of the newest generation, each segment proved to continue the one before it.
    pub(crate) async fn events(&self) -> Vec<Arc<RecordedEvent>> {
        let client = tests::http_client::client();
        let target = backup::open_target(&self.target().display().to_string(), client).unwrap();
        let key = Arc::new(BackupKey::read(&self.key()).unwrap());
        let Ok(opened) = Backup::open(target, key).await else { return Vec::new() };
        let Ok(segments) = opened.segments(None).await else { return Vec::new() };
        let read: Vec<_> = segments.read().collect().await;
        read.into_iter().flat_map(|segment| segment.unwrap().events).collect()
    }
}

/// A command on a data directory with SQLite.
pub(crate) fn on_files(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = without_settings(program("desk"));
    command.arg("--data-dir").arg(data_dir).args(arguments);
    command
}

pub(crate) fn said(output: &Output) -> String {
    super::said(output)
}

/// Runs a command of `desk` on the shelf; returns exit code and words.
pub(crate) fn run(mut command: Command, shelf: &Shelf) -> (Option<i32>, String) {
    shelf.on(&mut command);
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    (output.status.code(), said(&output))
}

/// A running follower; killed when dropped.
pub(crate) struct Following {
    child: Child,
    data_dir: PathBuf,
}

impl Following {
    pub(crate) fn start(mut command: Command, data_dir: &Path, shelf: &Shelf) -> Self {
        shelf.on(&mut command);
        forget(data_dir);
        let child = command.stdin(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        Self { child, data_dir: data_dir.to_owned() }
    }

    /// Waits until everything up to a position is in the target, and the follower has said so.
    pub(crate) async fn has_shipped(&mut self, position: u64) {
        until("the backup has caught up", LONG, async || {
            assert!(self.child.try_wait().unwrap().is_none(), "the follower ended");
            let follower = state::read(&self.data_dir).follower;
            follower.is_some_and(|state| state.position >= position && state.last_success_at.is_some())
        })
        .await;
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What an earlier follower has said of itself.
pub(crate) fn forget(data_dir: &Path) {
    drop(std::fs::remove_file(data_dir.join("backup-state.json")));
}

/// A generated log of a shop, with everything shipped.
pub(crate) struct Shipped {
    pub(crate) source: crate::copy_log::Place,
    pub(crate) events: Vec<Arc<RecordedEvent>>,
    pub(crate) shelf: Shelf,
}

impl Shipped {
    pub(crate) async fn of(events: u64, seed: u64) -> Self {
        let source = crate::copy_log::shop(events, seed).await;
        let shelf = Shelf::new();
        let events = source.events().await;
        let shipped = Self { source, events, shelf };
        let mut following = shipped.follow();
        following.has_shipped(shipped.events.last().unwrap().position.0).await;
        assert_eq!(following.terminate(), Some(0));
        shipped
    }

    pub(crate) fn follow(&self) -> Following {
        let command = on_files(&self.source.path(), &["backup", "--follow"]);
        Following::start(command, &self.source.path(), &self.shelf)
    }

    /// An empty data directory with the master key.
    pub(crate) fn empty(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(self.source.path().join("master-key"), folder.path().join("master-key")).unwrap();
        folder
    }

    pub(crate) fn restore(&self, to: &Path, more: &[&str]) -> (Option<i32>, String) {
        run(on_files(to, &[&["restore"], more].concat()), &self.shelf)
    }
}
