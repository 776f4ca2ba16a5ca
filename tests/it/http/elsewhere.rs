//! Tests of this module once more, against a desk whose log is on the protocol test server for KurrentDB (which is not
//! KurrentDB) and whose views, vault and policies are on PostgreSQL. They run in a process of their own, because the server
//! that they share is one for each process.
//!
//! Every run repeats the tests of what an adapter can break: event ids known in their own stream only, claimed ids, positions with
//! holes, conflicts, a tail without notifications. A long run repeats every test that reads or writes the log.

use std::{path::Path, process::Command};

use tests::{desk::Setup, kurrent::Kurrent, postgres::Postgres, test_scale::is_long};

use crate::crash::on;

const LOG: &str = "DESK_TEST_LOG";
/// What an adapter can break: repeats, conflicts, claims, cursors between positions, streams, moments.
const OF_THE_ADAPTER: [&str; 6] = [
    "http::contention::",
    "http::customers::once::",
    "http::idempotency::",
    "http::live::",
    "http::moment::",
    "http::resuming::",
];
/// Everything else that reads or writes the log. Middleware and the OpenAPI document do not.
const OF_THE_LOG: [&str; 3] = ["http::customers::taking_over::", "http::staff::", "http::wire::"];

/// Whether this is the process with the log on KurrentDB.
pub(super) fn is_wanted() -> bool {
    std::env::var(LOG).is_ok_and(|value| value == "kurrentdb")
}

/// Log and database of the shared server, which live as long as the process.
pub(super) fn backend(folder: &Path) -> Setup {
    let log = Box::leak(Box::new(Kurrent::start_in(&folder.join("kurrent"))));
    let database = std::thread::spawn(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
        runtime.block_on(async { Postgres::shared().await.fresh_database().await })
    });
    let database = Box::leak(Box::new(database.join().expect("PostgreSQL starts")));
    Setup { event_store_url: Some(log.url()), ..on(database) }
}

#[test]
fn with_the_log_on_kurrentdb_the_http_tests_pass() {
    if is_wanted() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let others = OF_THE_LOG.iter().filter(|_| is_long());
    let output = command
        .args(OF_THE_ADAPTER.iter().chain(others))
        .args(["--test-threads", "4"])
        .env(LOG, "kurrentdb")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let passed = said.lines().find_map(|line| line.strip_prefix("test result: ok. ")).unwrap_or_default();
    let count: usize = passed.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
    println!("{passed}");
    assert!(count >= if is_long() { 120 } else { 40 }, "only {count} tests were run: {said}");
}
