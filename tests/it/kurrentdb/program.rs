//! `event-store-conformance`, the program for real servers, against the protocol test server and a file.

use std::process::{Command, Output};

use event_store::{EventStore as _, Expected};
use tests::desk::program;

use super::*;

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(program("event-store-conformance")).args(arguments).output().unwrap();
    (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_program_passes_on_a_correct_server() {
    let fixture = Fixture::new();
    let url = fixture.server().url();
    let (code, said) = tokio::task::spawn_blocking(move || run(&[&url, "--kills", "5"])).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    let promises = event_store::conformance::promises().len();
    assert!(said.contains(&format!("OK: {promises} of {promises} promises hold")), "{said}");
    assert!(said.contains("5 kills, --seed ") && said.contains("every hash and link proved"), "{said}");
    assert!(said.contains("numbered with holes") && !said.contains("FAIL"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_program_refuses_a_log_with_events() {
    let fixture = Fixture::new();
    fixture.log().await.append(&new_stream(), Expected::Any, events(1)).await.unwrap();
    let url = fixture.server().url();
    let only = ["--only", "exact_appends_at_that_version"];
    let asked = tokio::task::spawn_blocking(move || {
        (run(&[&url, only[0], only[1]]), run(&[&url, only[0], only[1], "--into-this-log"]))
    });
    let ((refused, why), (taken, said)) = asked.await.unwrap();
    assert!(refused == Some(2) && why.contains("is not empty"), "{why}");
    assert!(taken == Some(0) && said.contains("OK: 1 of 1 promises hold"), "{said}");
}

/// As a database that acknowledges before it flushes: a restart loses the last events.
const FORGETS: &str = r#"
import sqlite3, sys
log = sqlite3.connect(sys.argv[1])
for (name,) in log.execute("select name from sqlite_master where type = 'trigger'").fetchall():
    log.execute(f"drop trigger {name}")
log.execute("delete from event where position > (select max(position) - 200 from event)")
log.execute("update head set (position, recorded_at, hash) = "
            "(select position, recorded_at, hash from event order by position desc limit 1)")
log.commit()
"#;

#[test]
fn conformance_program_finds_a_log_that_loses_acknowledged_events() {
    let folder = tempfile::tempdir().unwrap();
    let (file, script) = (folder.path().join("events.db"), folder.path().join("forgets.py"));
    std::fs::write(&script, FORGETS).unwrap();
    let (file, restart) = (file.display().to_string(), format!("python3 {} {}", script.display(), file.display()));
    let (code, said) = run(&[&file, "--kills", "8", "--restart", &restart]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAIL  events_survive_reopening"), "{said}");
    assert!(said.contains("was acknowledged") && said.contains("NOT OK"), "{said}");
}

#[test]
fn conformance_program_explains_unusable_arguments() {
    for (arguments, why) in [
        (vec!["kurrentdb://127.0.0.1:1?tls=false"], "cannot be opened"),
        (vec!["http://127.0.0.1:2113"], "neither a path"),
        (vec!["memory.db", "--only", "everything"], "no promise everything"),
        (vec![], "Usage"),
    ] {
        let (code, said) = run(&arguments);
        assert!(code == Some(2) && said.contains(why), "{arguments:?}: {said}");
    }
    let (code, said) = run(&["--list"]);
    assert!(code == Some(0) && said.lines().count() == event_store::conformance::promises().len(), "{said}");
}
