//! A replay looks and does nothing else: every command of `desk-replay`, as it is built, over a log of 10⁵ events, under
//! `strace`. It opens nothing to write but the report that was asked for, changes no file, makes no connection and no socket;
//! and the log's bytes are the same afterwards.
//!
//! The same look at programs that do write or connect finds that they do.

mod trace;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use event_store::{
    Log, Vault,
    migration::migrate_vault,
    sql::{Access, Database},
    sqlite::SqliteStore,
    vault::{MasterKey, SqlKeys},
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tests::{
    desk::program,
    effort::seed,
    shop::{Happening, Order, Shop, write},
};

use crate::crash::until;

use trace::{Traced, Wrong, trace};

const EVENTS: u64 = 3_000;

/// A data directory with a log at rest, and a folder beside it for what a command may write.
struct Archive {
    folder: TempDir,
    /// A session with more events than others.
    session: String,
    /// Every file with its size, the time of its last change, and the hash of what is in it.
    lay: BTreeMap<PathBuf, (u64, SystemTime, String)>,
}

impl Archive {
    async fn of(events: u64, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["data", "temporary"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let data = folder.path().join("data");
        let session = fill(&data, events, seed).await;
        let lay = lies(&data);
        Self { folder, session, lay }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `desk-replay` on it, with the master key.
    fn replay(&self, arguments: &[&str]) -> Traced {
        let (store, key) =
            (self.path("data").display().to_string(), self.path("data/master-key").display().to_string());
        let all = [&["--store", &store, "--master-key", &key], arguments].concat();
        trace(&program("desk-replay"), &all, &self.path("temporary"))
    }

    /// Nothing has come, gone or changed.
    fn lies_still(&self, after: &str) {
        assert_eq!(lies(&self.path("data")), self.lay, "after {after}");
        assert_eq!(files(&self.path("temporary")), [PathBuf::new(); 0], "{after} has left something");
    }
}

/// Fills a data directory and leaves it at rest; answers the session with the most events.
async fn fill(data: &Path, events: u64, seed: u64) -> String {
    let keys = Database::sqlite(&data.join("keys.db"), Access::Durable).await.unwrap();
    migrate_vault(&keys).await.unwrap();
    let (master, _) = MasterKey::read_or_create(&data.join("master-key")).unwrap();
    let vault = Arc::new(Vault::new(Arc::new(SqlKeys::new(keys.clone())), master));
    let store = SqliteStore::open(&data.join("events.db")).await.unwrap();
    let log = Log::new(Arc::new(store), vault);
    let mut sessions: BTreeMap<String, usize> = BTreeMap::new();
    for happening in Shop::open(Order::shop(events, seed, Timestamp::now())) {
        if let Happening::Appended(append) = &happening {
            *sessions.entry(append.stream.to_string()).or_default() += append.events.len();
        }
        write::through(&log, &happening).await.unwrap();
    }
    log.settle().await.unwrap();
    keys.settle().await.unwrap();
    keys.close().await;
    drop(log);
    until("the log is at rest", Duration::from_secs(30), async || !is_open(data)).await;
    sessions.into_iter().max_by_key(|(_, events)| *events).unwrap().0
}

/// Whether somebody still has a database open: `-wal` and `-shm` lie beside it.
fn is_open(folder: &Path) -> bool {
    files(folder).iter().any(|path| path.extension().is_some_and(|extension| extension.to_string_lossy().contains('-')))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn lies(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime, String)> {
    let lies = |path: PathBuf| {
        let found = std::fs::metadata(&path).unwrap();
        let hash = hex::encode(Sha256::digest(std::fs::read(&path).unwrap()));
        (path, (found.len(), found.modified().unwrap(), hash))
    };
    files(folder).into_iter().map(lies).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_a_hundred_thousand_events_writes_nothing_and_speaks_to_nobody() {
    let began = Instant::now();
    let archive = Archive::of(EVENTS, seed("a traced replay")).await;
    println!("{EVENTS} events in {:?}", began.elapsed());
    let page = archive.path("report.html");
    let report = page.display().to_string();
    let session = &*archive.session;
    for arguments in [
        &["verify"][..],
        &["tail"],
        &["stats"],
        &["show", session],
        &["show", session, "--at", &(EVENTS / 2).to_string()],
        &["play", session, "--speed", "100000"],
        &["report", session, "--html", &report],
    ] {
        let (began, what) = (Instant::now(), arguments.join(" "));
        let traced = archive.replay(arguments);
        let said = String::from_utf8_lossy(&traced.output.stderr);
        assert!(traced.output.status.success(), "{what}: {said}");
        assert!(!traced.output.stdout.is_empty(), "{what} says nothing");
        let may_write = if arguments[0] == "report" { &[page.clone()][..] } else { &[] };
        assert_eq!(traced.wrongs(may_write, &archive.path("temporary")), [], "{what}");
        archive.lies_still(&what);
        println!("{what}: {} calls, {:?}", traced.calls.len(), began.elapsed());
    }
    assert!(std::fs::read_to_string(&page).unwrap().contains("</html>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_writes_or_connects_is_found_out() {
    let archive = Archive::of(200, 1).await;
    let (file, other) = (archive.path("data/events.db"), archive.path("data/other"));
    let (file, other) = (&*file.display().to_string(), &*other.display().to_string());
    for command in [
        &["touch", file][..],
        &["truncate", "-s", "+0", file],
        &["cp", file, other],
        &["ln", file, other],
        &["mv", other, file],
        &["chmod", "600", file],
        &["mkdir", other],
        &["rm", "-f", file],
        // Looking through the WAL, as a reader does that does not know that the log is at rest, makes files.
        &["python3", "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('select 1 from event')", file],
    ] {
        let traced = trace(Path::new(command[0]), &command[1..], &archive.path("temporary"));
        let wrongs = traced.wrongs(&[], &archive.path("temporary"));
        assert!(wrongs.iter().any(|wrong| matches!(wrong, Wrong::Writes(_))), "{command:?}: {:#?}", traced.calls);
    }
    let asks_a_server = ["--store", "postgres://127.0.0.1:1/desk", "verify"];
    let traced = trace(&program("desk-replay"), &asks_a_server, &archive.path("temporary"));
    let wrongs = traced.wrongs(&[], &archive.path("temporary"));
    assert!(wrongs.iter().any(|wrong| matches!(wrong, Wrong::Speaks(_))), "{:#?}", traced.calls);
}
