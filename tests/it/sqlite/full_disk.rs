//! A full disk: the log runs in a child process whose writes fail at any place of a page through `RLIMIT_FSIZE`, without privileges;
//! the limit is lifted while the child runs.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use event_store::{
    AppendError, EventReader, EventStore, Expected, Position, SealedEvent, sqlite::SqliteStore, verify::verify,
};
use testkit::sealed_event;

use super::{append, stream};

const FILE: &str = "FULL_DISK_FILE";
const NAME: &str = "sqlite::full_disk::log_with_limited_file_size";
/// The most bytes a file may have, in the units of `ulimit -f`.
const LIMIT_KIB: u32 = 600;
/// Bytes of an append: several database pages.
const EVENT_BYTES: usize = 20_000;

fn large() -> SealedEvent {
    SealedEvent { data: format!("\"{}\"", "x".repeat(EVENT_BYTES)).into(), ..sealed_event() }
}

/// The child process, no test by itself: it makes one append per input line and prints the outcome.
#[test]
#[ignore = "runs as the child of the tests beside it"]
fn log_with_limited_file_size() {
    let Ok(path) = std::env::var(FILE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(Path::new(&path)).await.unwrap();
        println!("\nready");
        for line in std::io::stdin().lines() {
            let events = (0..line.unwrap().parse().unwrap()).map(|_| large()).collect();
            match store.append(&stream(), Expected::Any, events).await {
                Ok(appended) => println!("\nstored {}", appended.last_position),
                Err(AppendError::Unavailable(error)) => println!("\nunavailable {error}"),
                Err(other) => println!("\nwrong {other}"),
            }
        }
    });
}

struct Log {
    child: Child,
    ask: ChildStdin,
    answers: std::io::Lines<BufReader<ChildStdout>>,
}

impl Log {
    /// Starts the child with limited file sizes; SIGXFSZ is ignored, so that writes fail.
    fn start(path: &Path) -> Self {
        let limited = format!("trap '' XFSZ; ulimit -S -f {LIMIT_KIB}; exec \"$0\" \"$@\"");
        let mut child = Command::new("bash")
            .args(["-c", &limited])
            .arg(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--ignored", "--nocapture"])
            .env(FILE, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ask = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut log = Self { child, ask, answers };
        assert_eq!(log.answer(), "ready");
        log
    }

    fn append(&mut self, events: usize) -> String {
        writeln!(self.ask, "{events}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let ours =
            |line: &String| ["ready", "stored", "unavailable", "wrong"].iter().any(|word| line.starts_with(word));
        self.answers.by_ref().map(Result::unwrap).find(ours).expect("the child answers until it is told to stop")
    }

    /// Gives how many appends were acknowledged. The limit is each file's own: after a refusal some more may find room,
    /// once what the write-ahead file holds has moved into the database; then no more.
    fn append_until_full(&mut self) -> u64 {
        let (mut stored, mut refused) = (0, 0);
        while refused < 10 {
            let answer = self.append(1);
            if answer.starts_with("unavailable") {
                refused += 1;
                continue;
            }
            refused = 0;
            stored += 1;
            assert_eq!(answer, format!("stored {stored}"));
            assert!(stored < 1000, "the disk was never full");
        }
        stored
    }

    fn make_room(&self) {
        let room =
            Command::new("prlimit").args(["--fsize=unlimited:", "--pid"]).arg(self.child.id().to_string()).status();
        assert!(room.unwrap().success());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn full_disk_refuses_appends_and_the_log_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut log = Log::start(&path);
    let stored = log.append_until_full();
    assert!(stored > 3);
    for events in [3, 30, 1] {
        assert!(log.append(events).starts_with("unavailable"), "the disk is still full");
    }
    holds_whole(&path, stored).await;

    log.make_room();
    assert_eq!(log.append(1), format!("stored {}", stored + 1), "there is room again");
    assert_eq!(log.append(30), format!("stored {}", stored + 31));
    holds_whole(&path, stored + 31).await;
}

/// A log killed on a full disk is intact for the next process.
#[tokio::test]
async fn log_killed_on_a_full_disk_reopens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut log = Log::start(&path);
    let stored = log.append_until_full();
    drop(log);
    let store = SqliteStore::open(&path).await.unwrap();
    append(&store, 1).await;
    drop(store);
    holds_whole(&path, stored + 1).await;
}

/// The log holds exactly the acknowledged events and verifies.
async fn holds_whole(path: &Path, events: u64) {
    let reader: std::sync::Arc<dyn EventReader> = SqliteStore::open_reader(path).await.unwrap();
    let report = verify(&*reader, |_| {}).await.unwrap();
    assert_eq!((report.first_flaw, report.events, report.head), (None, events, Position(events)));
}
