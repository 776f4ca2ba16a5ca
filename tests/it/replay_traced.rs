//! `desk-replay` only reads: every command runs under `strace` on a generated log. It opens no file for writing but the requested
//! report, opens no connection and no socket, and the bytes of the log do not change.
//!
//! The check itself is tested on programs that write or connect.

mod trace;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use clap::CommandFactory as _;
use event_store::{checkpoint::CheckpointKey, sqlite::SqliteStore};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tests::{
    desk::{Desk, Setup, program},
    shop::{Order, bulk},
    test_scale::{count, seed},
};

use crate::crash::until;

use trace::{Traced, Wrong, trace};

/// Events of the log that every command is traced on.
fn many() -> u64 {
    count(10_000, 100_000) as u64
}

/// Events of the log that a started desk serves.
const FEW: u64 = 2_000;
/// `compare` has a test of its own; `rebuild` writes views, which is what it is for.
const ELSEWHERE: [&str; 2] = ["compare", "rebuild"];

/// A data directory without a running desk, and a folder for output.
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
        std::fs::create_dir(folder.path().join("temporary")).unwrap();
        let data = folder.path().join("data");
        bulk::write(Order::shop(events, seed, Timestamp::now()), &data, None, &mut |_| ()).await.unwrap();
        let reader = SqliteStore::open_reader_immutable(&data.join("events.db")).await.unwrap();
        let key =
            CheckpointKey::read_or_create(&folder.path().join("key"), reader.identity().await.unwrap()).unwrap().0;
        std::fs::write(folder.path().join("key.pub"), key.public().to_string()).unwrap();
        let (session, lay) = (longest_session(&data).await, lies(&data));
        Self { folder, session, lay }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Every command, and the one file that each may write: under its own name, or first as a draft beside it.
    fn commands(&self) -> Vec<(Vec<String>, Option<PathBuf>)> {
        let session = &self.session;
        let [key, public_key, note, proof, page] =
            ["key", "key.pub", "note.checkpoint", "session.proof", "report.html"].map(|name| self.path(name));
        let line = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let draft = |file: &Path| Some(file.with_extension(""));
        let (key, public_key) = (key.display(), public_key.display());
        let (at_note, at_proof, at_page) = (note.display(), proof.display(), page.display());
        vec![
            (line("verify".into()), None),
            (line("tail".into()), None),
            (line("stats".into()), None),
            (line("sessions".into()), None),
            (line(format!("show {session}")), None),
            (line(format!("show {session} --at {}", many())), None),
            (line(format!("play {session} --speed 100000")), None),
            (line(format!("report {session} --html {at_page}")), draft(&page)),
            (line(format!("checkpoint --key {key} --out {at_note}")), draft(&note)),
            (line(format!("verify --checkpoint {at_note} --key {public_key}")), None),
            (line(format!("consistency {at_note} {at_note} --key {public_key}")), None),
            (
                line(format!("prove {session} --checkpoint {at_note} --key {public_key} --out {at_proof}")),
                draft(&proof),
            ),
            (line(format!("check-proof {at_proof} --key {public_key}")), None),
        ]
    }

    /// Runs `desk-replay` on it, with the master key.
    fn replay(&self, arguments: &[String]) -> Traced {
        let (store, key) =
            (self.path("data").display().to_string(), self.path("data/master-key").display().to_string());
        let arguments = arguments.iter().map(String::as_str);
        let all: Vec<&str> = ["--store", &store, "--master-key", &key].into_iter().chain(arguments).collect();
        trace(&program("desk-replay"), &all, &self.path("temporary"))
    }

    /// Nothing has come, gone or changed.
    fn lies_still(&self, after: &str) {
        assert_eq!(lies(&self.path("data")), self.lay, "after {after}");
        let left = files(&self.path("temporary"));
        assert!(left.is_empty(), "{after} has left {left:?}");
    }
}

/// The stream of the session with the most events, from the file as it lies.
async fn longest_session(data: &Path) -> String {
    let options = SqliteConnectOptions::new().filename(data.join("events.db")).read_only(true).immutable(true);
    let mut log = SqliteConnection::connect_with(&options).await.unwrap();
    let sql = "select stream from event group by stream order by count(*) desc limit 1";
    let (stream,) = sqlx::query_as(sql).fetch_one(&mut log).await.unwrap();
    log.close().await.unwrap();
    stream
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
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
async fn replay_of_a_large_log_writes_no_file_and_opens_no_connection() {
    let began = Instant::now();
    let archive = Archive::of(many(), seed("a traced replay")).await;
    println!("{} events in {:?}", many(), began.elapsed());
    let commands = archive.commands();
    for (arguments, may_write) in &commands {
        let (began, what) = (Instant::now(), arguments.join(" "));
        let traced = archive.replay(arguments);
        let said = String::from_utf8_lossy(&traced.output.stderr);
        assert!(traced.output.status.success(), "{what}: {said}{}", String::from_utf8_lossy(&traced.output.stdout));
        assert!(!traced.output.stdout.is_empty() || may_write.is_some(), "{what} says nothing");
        let may_write: Vec<PathBuf> = may_write.iter().cloned().collect();
        assert_eq!(traced.wrongs(&may_write, &archive.path("temporary")), [], "{what}");
        for begins in &may_write {
            let made = files(archive.folder.path()).into_iter().find(|file| file.with_extension("") == *begins);
            assert!(made.is_some_and(|file| file.metadata().unwrap().len() > 0), "{what} has written nothing");
        }
        archive.lies_still(&what);
        println!("{}: {} calls, {:?}", arguments[0], traced.calls.len(), began.elapsed());
    }
    for known in replay_tool::Cli::command().get_subcommands().map(clap::Command::get_name) {
        let is_traced = commands.iter().any(|(arguments, _)| arguments[0] == known);
        assert!(is_traced || ELSEWHERE.contains(&known), "{known} is not traced");
    }
}

/// The views are compared where they are: their files are read as the log is.
#[tokio::test(flavor = "multi_thread")]
async fn compare_writes_neither_to_views_nor_log() {
    let mut archive = Archive::of(FEW, seed("a traced comparison")).await;
    build_views(&archive.path("data"), FEW).await;
    archive.lay = lies(&archive.path("data"));
    let traced = archive.replay(&["compare".to_owned()]);
    assert!(traced.output.status.success(), "{}", String::from_utf8_lossy(&traced.output.stderr));
    assert_eq!(traced.wrongs(&[], &archive.path("temporary")), []);
    archive.lies_still("compare");
}

/// A started desk builds them, and stops.
async fn build_views(data: &Path, events: u64) {
    std::fs::copy(data.join("master-key"), data.with_file_name("test-master-key")).unwrap();
    let mut desk = Desk::start(Setup { data_dir: Some(data.to_owned()), ..Setup::default() });
    until("the views are built", Duration::from_secs(60), async || {
        let path = format!("/api/sessions?limit=1&min_position={events}");
        desk.staff().get(&path).await.unwrap().status() == 200
    })
    .await;
    assert_eq!(desk.terminate(), Some(0), "{}", desk.log());
    bring_to_rest(data).await;
}

/// A desk that ends leaves its write-ahead files, and while they are there it might be running: whoever opens and closes a
/// database as its last user brings what they hold into it and takes them away.
async fn bring_to_rest(data: &Path) {
    for database in files(data).iter().filter(|path| path.extension().is_some_and(|extension| extension == "db")) {
        let mut last = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await.unwrap();
        sqlx::query("select count(*) from sqlite_master").execute(&mut last).await.unwrap();
        last.close().await.unwrap();
    }
    let open: Vec<PathBuf> = files(data).into_iter().filter(|path| path.to_string_lossy().ends_with("-wal")).collect();
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_finds_a_program_that_writes_or_connects() {
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
