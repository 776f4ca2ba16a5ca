//! The program: what it prints, what it obeys, and that a kill loses nothing that was acknowledged.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use eventstore::{AppendToStreamOptions, ReadStreamOptions, StreamState};
use protocol_server::ReservedPort;

use crate::harness::{client, event, within};

/// A running program; it is killed when it is dropped.
struct Program {
    child: Child,
    /// Run by another program, which would leave it running when that is killed: then it is asked to stop.
    is_traced: bool,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Program {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_protocol-server"));
        command.arg("--dir").arg(folder).args(more);
        Self::run(command, false)
    }

    fn run(mut command: Command, is_traced: bool) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self { out, child, is_traced, url: String::new() };
        program.url = program.line();
        program
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn say(&mut self, request: &str) -> String {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{request}").unwrap();
        self.line()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // On Unix this is SIGKILL; one that has ended already needs none.
        let ended = match &mut self.child.stdin {
            Some(stdin) if self.is_traced => writeln!(stdin, "stop"),
            _ => self.child.kill(),
        };
        drop(ended);
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_of_appends_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let port = ReservedPort::take(0).unwrap();
    let listen = port.address().to_string();
    let mut next: u64 = 0;
    for round in 0..5 {
        let program = Program::start(folder.path(), &["--listen", &listen]);
        assert!(program.url.contains(&listen), "{}", program.url);
        let client = client(&program.url);
        let acknowledged = Arc::new(AtomicU64::new(next));
        let appending = tokio::spawn({
            let (acknowledged, client) = (acknowledged.clone(), client.clone());
            async move {
                loop {
                    let next = acknowledged.load(Ordering::SeqCst);
                    let expected = next.checked_sub(1).map_or(StreamState::NoStream, StreamState::StreamRevision);
                    let options = AppendToStreamOptions::default().stream_state(expected);
                    match client.append_to_stream("a", &options, event(u32::try_from(next).unwrap())).await {
                        Ok(_) => acknowledged.store(next + 1, Ordering::SeqCst),
                        Err(_) => return,
                    }
                }
            }
        });
        within(async {
            while acknowledged.load(Ordering::SeqCst) < next + 20 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        drop(program);
        within(appending).await.unwrap();
        let acknowledged = acknowledged.load(Ordering::SeqCst);

        let program = Program::start(folder.path(), &["--listen", &listen]);
        let client = crate::harness::client(&program.url);
        let mut read = client.read_stream("a", &ReadStreamOptions::default()).await.unwrap();
        let mut found = 0;
        while let Some(event) = read.next().await.unwrap() {
            let content: serde_json::Value = event.get_original_event().as_json().unwrap();
            assert_eq!(content["number"], found, "round {round}");
            found += 1;
        }
        // The last one may have been stored without an answer.
        assert!((acknowledged..=acknowledged + 1).contains(&found), "round {round}: {found} of {acknowledged}");
        next = found;
    }
}

#[tokio::test]
async fn append_is_acknowledged_after_fsync() {
    const FLUSH: Duration = Duration::from_millis(150);
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("strace");
    let slow_flush = format!("inject=fdatasync:delay_enter={}", FLUSH.as_micros());
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", &slow_flush]);
    command.arg(env!("CARGO_BIN_EXE_protocol-server")).arg("--dir").arg(folder.path()).args(["--stats-every", "0"]);
    let program = Program::run(command, true);
    let client = client(&program.url);
    client.append_to_stream("a", &Default::default(), event(0)).await.unwrap();
    for number in 1..4 {
        let begin = Instant::now();
        client.append_to_stream("a", &Default::default(), event(number)).await.unwrap();
        assert!(begin.elapsed() >= FLUSH, "acknowledged after {:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn standard_input_requests_faults() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), &["--nodes", "2"]);
    assert_eq!(program.url.matches("127.0.0.1:").count(), 2);
    assert_eq!(program.say("append stored-timed-out 1 a"), "ok");
    assert_eq!(program.say("waiting"), "ok 1");
    let client = client(&program.url);
    client.append_to_stream("b", &Default::default(), event(0)).await.unwrap();
    client.append_to_stream("a", &Default::default(), event(0)).await.unwrap_err();
    client.append_to_stream("a", &Default::default(), event(1)).await.unwrap();
    assert_eq!(program.say("waiting"), "ok 0");
    for request in ["read ok 5 2", "subscription connection-cut 3", "clear", "delay 0", "lead 1", "hold 0", "release 0"]
    {
        assert_eq!(program.say(request), "ok", "{request}");
    }
    for request in ["end-subscriptions too-slow", "cut", "down 1", "up 1", "down", "up", "restart", "lead none"] {
        assert_eq!(program.say(request), "ok", "{request}");
    }
    assert!(program.say("scavenge").starts_with("ok "));
    let url = program.say("url");
    assert_eq!(url, format!("ok {}", program.url));
    for nonsense in ["", "append", "append nonsense", "append lost-too-busy 0", "down 7", "delay soon"] {
        assert!(program.say(nonsense).starts_with("error: "), "{nonsense}");
    }
    writeln!(program.child.stdin.as_mut().unwrap(), "stop").unwrap();
    assert!(program.child.wait().unwrap().success());
}

#[tokio::test]
async fn program_keeps_serving_after_standard_input_closes() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), &["--user", "admin:changeit:$admins"]);
    drop(program.child.stdin.take());
    let client = client(&program.url.replace("kurrentdb://", "kurrentdb://admin:changeit@"));
    client.append_to_stream("a", &Default::default(), event(0)).await.unwrap();
}

#[test]
fn the_program_says_why_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Program::start(folder.path(), &[]);
    let second = Command::new(env!("CARGO_BIN_EXE_protocol-server")).arg("--dir").arg(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another server works on"), "{second:?}");
}
