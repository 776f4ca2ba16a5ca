//! Acknowledged events are on disk: the system calls of a process are traced, and an acknowledgement sent before the write-ahead
//! file was flushed after its last write is found.
//!
//! The check itself is tested on a log opened with less durability, and on a server whose flushes do nothing.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use event_store::{EventStore as _, Expected, StreamName, SystemClock, sql::Access, sqlite::SqliteStore};
use serde_json::{Value, json};
use tests::desk::{Desk, Setup};
use uuid::Uuid;

use crate::crash::until;

const LOG: &str = "events.db-wal>";
const FILE: &str = "ON_DISK_FILE";
const MODE: &str = "ON_DISK_MODE";
const NAME: &str = "on_disk::traced_log";
const APPENDS: u64 = 20;

/// A flaw of a trace.
#[derive(Debug, PartialEq)]
enum Found {
    /// This position was acknowledged before it was on disk.
    TooEarly(u64),
    /// This position was acknowledged, and nothing was written for it.
    Unwritten(u64),
}

/// How much of what was written has been flushed.
#[derive(Default)]
struct Disk {
    is_dirty: bool,
    written: bool,
    /// Started flushes by thread, and whether nothing was written since.
    flushes: HashMap<String, bool>,
}

impl Disk {
    fn wrote(&mut self) {
        (self.is_dirty, self.written) = (true, true);
        self.flushes.values_mut().for_each(|covers| *covers = false);
    }

    fn flushed(&mut self, thread: &str) {
        if self.flushes.remove(thread) == Some(true) {
            self.is_dirty = false;
        }
    }

    fn acknowledged(&mut self, position: u64) -> Option<Found> {
        let written = std::mem::take(&mut self.written);
        match (self.is_dirty, written) {
            (true, _) => Some(Found::TooEarly(position)),
            (false, false) => Some(Found::Unwritten(position)),
            (false, true) => None,
        }
    }
}

/// Reads a trace; returns the acknowledged positions and the flaws. `acknowledged` finds the acknowledgement in a line.
fn read_trace(trace: &Path, acknowledged: impl Fn(&str) -> Option<u64>) -> (Vec<u64>, Vec<Found>) {
    let (mut disk, mut positions, mut found) = (Disk::default(), Vec::new(), Vec::new());
    let mut writing: HashMap<String, bool> = HashMap::new();
    for line in std::fs::read_to_string(trace).unwrap().lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let (thread, call) = (thread.to_owned(), call.trim_start());
        let is_flush = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        let is_unfinished = call.ends_with("<unfinished ...>");
        if is_flush && call.contains(LOG) {
            disk.flushes.insert(thread.clone(), true);
        } else if call.starts_with("pwrite") && call.contains(LOG) {
            disk.wrote();
            writing.insert(thread.clone(), is_unfinished);
        } else if let Some(position) = acknowledged(call) {
            positions.push(position);
            found.extend(disk.acknowledged(position));
        }
        let is_flush_ended =
            is_flush || call.starts_with("<... fdatasync resumed>") || call.starts_with("<... fsync resumed>");
        if is_flush_ended && call.ends_with("= 0") {
            disk.flushed(&thread);
        }
        if call.starts_with("<... pwrite") && writing.remove(&thread) == Some(true) {
            disk.wrote();
        }
    }
    (positions, found)
}

/// `strace` before a program; `-D` leaves the program our own child.
fn strace(trace: &Path, more: &[&str]) -> Vec<String> {
    const CALLS: &str = "trace=pwrite64,pwritev,pwritev2,fsync,fdatasync,write,writev,sendto,sendmsg";
    let found = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    assert!(found.is_ok_and(|status| status.success()), "this test needs strace: `apt-get install strace`");
    let trace = trace.display().to_string();
    let arguments = ["strace", "-D", "-f", "-y", "-s", "16384", "-e", CALLS, "-o", &trace];
    arguments.iter().chain(more).map(|&argument| argument.to_owned()).collect()
}

/// The tracer writes its last line after the program ended.
async fn is_complete(trace: &Path, process: u32) {
    let last = format!("{process} ");
    until("the trace is complete", Duration::from_secs(10), async || {
        let text = std::fs::read_to_string(trace).unwrap_or_default();
        text.lines().rev().take(50).any(|line| line.starts_with(&last) && line.contains("+++ "))
    })
    .await;
}

fn number_after(text: &str, word: &str) -> Option<u64> {
    let digits: String = text.split_once(word)?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The child process, no test by itself: it appends one event per input line and prints its position.
#[tokio::test]
#[ignore = "runs as the child of the tests beside it"]
async fn traced_log() {
    let (Ok(path), Ok(mode)) = (std::env::var(FILE), std::env::var(MODE)) else { return };
    let access = match mode.as_str() {
        "careless" => Access::Careless,
        "derived" => Access::Derived,
        _ => Access::Durable,
    };
    let store = SqliteStore::open_with(Path::new(&path), access, SystemClock::shared()).await.unwrap();
    for _ in std::io::stdin().lines() {
        let stream = StreamName::of("session", Uuid::new_v4());
        let appended = store.append(&stream, Expected::NoStream, vec![testkit::sealed_event()]).await.unwrap();
        println!("\nstored {}", appended.last_position);
    }
}

/// Appends one by one through the child; returns the flaws of its trace.
async fn watch_the_log(mode: &str) -> (Vec<u64>, Vec<Found>) {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let wrapper = strace(&trace, &[]);
    let mut child = Command::new(&wrapper[0])
        .args(&wrapper[1..])
        .arg(format!("/proc/{}/exe", std::process::id()))
        .args([NAME, "--exact", "--ignored", "--nocapture"])
        .env(FILE, folder.path().join("events.db"))
        .env(MODE, mode)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ask = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    for position in 1..=APPENDS {
        writeln!(ask, "one more").unwrap();
        let answer = answers.by_ref().find(|line| line.starts_with("stored")).expect("it answers");
        assert_eq!(answer, format!("stored {position}"));
    }
    drop(ask);
    is_complete(&trace, child.id()).await;
    child.wait().unwrap();
    read_trace(&trace, |call| call.strip_prefix("write(1<").and_then(|call| number_after(call, "\"stored ")))
}

#[tokio::test(flavor = "multi_thread")]
async fn append_is_acknowledged_after_fsync() {
    let (acknowledged, found) = watch_the_log("durable").await;
    assert_eq!(acknowledged, (1..=APPENDS).collect::<Vec<_>>());
    assert_eq!(found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_finds_a_log_with_synchronous_off() {
    let (acknowledged, found) = watch_the_log("careless").await;
    assert_eq!(found, acknowledged.into_iter().map(Found::TooEarly).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_finds_a_log_with_the_durability_of_views() {
    let (acknowledged, found) = watch_the_log("derived").await;
    assert_eq!(found, acknowledged.into_iter().map(Found::TooEarly).collect::<Vec<_>>());
}

/// A customer sends one command after the other; returns the answered positions, those in the trace, and the flaws.
async fn watch_a_server(more: &[&str]) -> (Vec<u64>, Vec<u64>, Vec<Found>) {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut desk = Desk::start(Setup { wrapper: strace(&trace, more), ..Setup::default() });
    let customer = desk.customer();
    let mut told = Vec::new();
    for n in 0..APPENDS {
        told.push(position(&customer.arrive(&format!("session {n}")).await.unwrap()));
        told.push(position(&customer.chat(&format!("session {n}"), "多久发货？").await.unwrap()));
        let context =
            customer.post("/api/conversation/new", &json!({"session_id": format!("session {n}")})).await.unwrap();
        told.push(position(&context.json().await.unwrap()));
    }
    let process = desk.process_id();
    assert_eq!(desk.terminate(), Some(0), "{}", desk.log());
    is_complete(&trace, process).await;
    let is_to_a_client = |call: &str| {
        ["write(", "writev(", "sendto(", "sendmsg("].iter().any(|c| call.starts_with(c)) && call.contains("<socket:[")
    };
    let acknowledged = |call: &str| if is_to_a_client(call) { number_after(call, r#"\"position\":"#) } else { None };
    let (acknowledged, found) = read_trace(&trace, acknowledged);
    (told, acknowledged, found)
}

fn position(answer: &Value) -> u64 {
    answer["position"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn server_answers_after_fsync() {
    let (told, acknowledged, found) = watch_a_server(&[]).await;
    assert_eq!(acknowledged, told, "every answer is in the trace");
    assert_eq!(found, []);
}

/// The flushes are answered by the tracer instead of the disk; the trace says so.
#[tokio::test(flavor = "multi_thread")]
async fn trace_finds_a_server_whose_flushes_do_nothing() {
    let (told, acknowledged, found) = watch_a_server(&["-e", "inject=fsync,fdatasync:retval=0"]).await;
    assert_eq!(acknowledged, told, "every answer is in the trace");
    assert_eq!(found, told.into_iter().map(Found::TooEarly).collect::<Vec<_>>());
}
