//! `desk` refuses to start where half of its data is gone, says what is missing, and writes nothing.

use std::{collections::BTreeMap, path::Path};

use tests::desk::{Desk, Setup};

use crate::tamper::run;

/// A data directory in which somebody has chatted.
async fn used() -> (tempfile::TempDir, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup { data_dir: Some(folder.path().join("data")), ..Setup::default() };
    let mut desk = tokio::task::block_in_place(|| Desk::start(setup));
    let customer = desk.customer();
    customer.arrive("somebody").await.unwrap();
    customer.chat("somebody", "How long does shipping take?").await.unwrap();
    assert_eq!(tokio::task::block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());
    (folder, desk)
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    // A reader of a closed file in WAL mode makes and removes these.
    let is_lasting = |name: &String| !name.ends_with("-shm") && !name.ends_with("-wal");
    let named =
        files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()));
    named.filter(|(name, _)| is_lasting(name)).collect()
}

async fn is_refused(folder: &Path, environment: Vec<(&'static str, String)>, why: &[&str]) {
    let before = contents(folder);
    let setup = Setup { data_dir: Some(folder.to_owned()), environment, ..Setup::default() };
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(setup));
    assert_eq!(code, Some(2), "{said}");
    for why in why {
        assert!(said.contains(why), "{why} is not in: {said}");
    }
    assert_eq!(contents(folder), before, "something was written: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_log_or_master_key_is_not_made_beside_what_came_of_another() {
    let (folder, desk) = used().await;
    let data = desk.data_dir().to_owned();
    drop(desk);
    let (log, away) = (data.join("events.db"), folder.path().join("away.db"));
    std::fs::rename(&log, &away).unwrap();
    is_refused(&data, vec![], &["there is no log at", "the vault beside it"]).await;
    let keys = data.join("keys.db");
    let keys_away = folder.path().join("keys.db");
    std::fs::rename(&keys, &keys_away).unwrap();
    is_refused(&data, vec![], &["there is no log at", "views-"]).await;
    std::fs::rename(&keys_away, &keys).unwrap();
    std::fs::rename(&away, &log).unwrap();
    // The key that every test's server gets is elsewhere; without the setting there is none.
    is_refused(&data, vec![("DESK_MASTER_KEY_FILE", String::new())], &["the master key", "is missing"]).await;
    run(&log, "drop trigger identity_is_never_deleted; delete from identity").await;
    is_refused(&data, vec![], &["the log was changed outside desk: identity is missing"]).await;
    run(&log, "drop trigger head_is_never_deleted; delete from head").await;
    is_refused(&data, vec![], &["the log was changed outside desk: head is missing"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_from_the_far_future_is_started_on_only_if_the_clock_is_accepted() {
    let (_folder, mut desk) = used().await;
    let clock = desk.data_dir().join("clock");
    std::fs::write(&clock, "-200000").unwrap();
    let environment = vec![("DESK_DEV", "true".to_owned()), ("DESK_CLOCK_FILE", clock.display().to_string())];
    is_refused(desk.data_dir(), environment.clone(), &["ahead of this machine's clock", "--accept-clock"]).await;
    let accepted = [environment, vec![("DESK_ACCEPT_CLOCK", "true".to_owned())]].concat();
    let setup = Setup { data_dir: Some(desk.data_dir().to_owned()), environment: accepted, ..Setup::default() };
    desk = tokio::task::block_in_place(|| Desk::start(setup));
    let _started = desk.log_with("started");
}
