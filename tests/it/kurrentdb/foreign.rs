//! Events of others in `$all`: a server's statistics, links of projections. A server takes time to look through them, and there may
//! be any number of them before, between and behind ours.

use std::path::Path;

use event_store::{EventReader as _, EventStore as _, Expected, Position, verify::verify};

use super::*;

/// So many take half as long again as the server may be silent.
const FOREIGN: usize = 30_000;
const FOR_A_THOUSAND: Duration = Duration::from_millis(50);
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// A stretch of as many bytes is remembered.
const WORTH: u64 = 100_000;

fn slow_to_search() -> Fixture {
    Fixture::with(Options { search_cost: FOR_A_THOUSAND, ..Options::default() })
}

fn settings(fixture: &Fixture, searched: Option<&Path>) -> KurrentSettings {
    fixture.settings().with_limits(ANSWER_LIMIT, WORTH).with_searched_file(searched.map(Path::to_owned))
}

fn write_foreign(fixture: &Fixture) {
    fixture.server().write_foreign(FOREIGN).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_among_many_foreign_events_is_opened_read_and_verified() {
    let fixture = slow_to_search();
    write_foreign(&fixture);
    let writer = KurrentLog::open(settings(&fixture, None)).await.unwrap();
    for _ in 0..2 {
        writer.append(&new_stream(), Expected::NoStream, events(2)).await.unwrap();
        write_foreign(&fixture);
    }
    let log = KurrentLog::open(settings(&fixture, None)).await.unwrap();
    let all = log.read_all(Position::START, 100).await.unwrap();
    assert_eq!(all.len(), 4);
    let last = all[3].position;
    assert_eq!(log.head().await.unwrap(), last);
    assert_eq!(log.read_all(last, 100).await.unwrap(), []);
    log.append(&new_stream(), Expected::NoStream, events(1)).await.unwrap();
    assert_eq!(log.read_all(all[1].position, 100).await.unwrap().len(), 3);
    let report = verify(&log, |_| ()).await.unwrap();
    assert!(report.first_flaw.is_none(), "{:?}", report.first_flaw);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_events_are_looked_through_once_in_a_process() {
    let fixture = slow_to_search();
    let log = KurrentLog::open(settings(&fixture, None)).await.unwrap();
    log.append(&new_stream(), Expected::NoStream, events(1)).await.unwrap();
    write_foreign(&fixture);
    log.append(&new_stream(), Expected::NoStream, events(1)).await.unwrap();
    write_foreign(&fixture);
    let log = KurrentLog::open(settings(&fixture, None)).await.unwrap();
    let all = log.read_all(Position::START, 100).await.unwrap();
    assert_eq!(all.len(), 2);
    let before = fixture.server().looked_at();
    for _ in 0..3 {
        assert_eq!(log.read_all(Position::START, 100).await.unwrap(), all);
        assert_eq!(log.read_all(all[0].position, 100).await.unwrap(), all[1..]);
        assert_eq!(log.read_all(all[1].position, 100).await.unwrap(), []);
        assert_eq!(log.head().await.unwrap(), all[1].position);
    }
    let looked_at = fixture.server().looked_at() - before;
    assert!(looked_at < FOREIGN as u64, "{looked_at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_start_does_not_look_through_foreign_events_again() {
    let (fixture, folder) = (slow_to_search(), tempfile::tempdir().unwrap());
    let searched = folder.path().join("searched");
    let log = KurrentLog::open(settings(&fixture, Some(&searched))).await.unwrap();
    log.append(&new_stream(), Expected::NoStream, events(1)).await.unwrap();
    drop(log);
    write_foreign(&fixture);
    drop(KurrentLog::open(settings(&fixture, Some(&searched))).await.unwrap());
    let before = fixture.server().looked_at();
    let log = KurrentLog::open(settings(&fixture, Some(&searched))).await.unwrap();
    let last = log.append(&new_stream(), Expected::NoStream, events(1)).await.unwrap().last_position;
    assert_eq!(log.head().await.unwrap(), last);
    let looked_at = fixture.server().looked_at() - before;
    assert!(looked_at < FOREIGN as u64, "{looked_at}");
    assert_eq!(log.read_all(Position::START, 100).await.unwrap().len(), 2);
}

/// The file tells of a record that this server does not have: it is another one, or was restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_that_does_not_fit_the_log_hides_nothing() {
    let (fixture, folder) = (Fixture::new(), tempfile::tempdir().unwrap());
    let searched = folder.path().join("searched");
    let log = KurrentLog::open(settings(&fixture, Some(&searched))).await.unwrap();
    let event_store::Identity { log_id, generation } = log.identity().await.unwrap();
    for _ in 0..3 {
        log.append(&new_stream(), Expected::NoStream, events(1)).await.unwrap();
    }
    let all = log.read_all(Position::START, 100).await.unwrap();
    for (reached, record) in [(all[2].position.0, Uuid::nil()), (all[2].position.0 + 1, all[2].event.event_id)] {
        let said = serde_json::json!({
            "log_id": log_id, "generation": generation, "last": all[0].position.0, "reached": reached, "record": record
        });
        std::fs::remove_file(&searched).ok();
        event_store::private_file::create_private_file(&searched, said.to_string().as_bytes()).unwrap();
        let log = KurrentLog::open(settings(&fixture, Some(&searched)).with_limits(ANSWER_LIMIT, 1)).await.unwrap();
        assert_eq!(log.read_all(Position::START, 100).await.unwrap(), all);
        assert_eq!(log.head().await.unwrap(), all[2].position);
    }
}
