//! What lies on the disk: whole writes, found again, or a refusal.

use std::{fs::OpenOptions, io::Write, os::unix::fs::FileExt, path::PathBuf};

use protocol_server::{LogError, Options, Server, StartError};

use crate::{
    harness::{Started, start},
    raw::raw,
};

fn file(started: &Started) -> PathBuf {
    started.folder.path().join("log")
}

/// Stops the server, leaving the folder.
fn stopped(started: Started) -> (tempfile::TempDir, PathBuf) {
    let path = file(&started);
    let Started { server, folder } = started;
    server.stop();
    (folder, path)
}

#[tokio::test]
async fn a_torn_tail_is_cut_off_write_by_write() {
    let started = start();
    let before = raw(&started.server).await;
    before.write("a", &["whole"]).await;
    let whole = std::fs::metadata(file(&started)).unwrap().len();
    before.write("a", &["half", "of", "three"]).await;
    let (folder, path) = stopped(started);
    let end = std::fs::metadata(&path).unwrap().len();
    // Wherever the write was torn, it is gone as a whole.
    let content = std::fs::read(&path).unwrap();
    for torn in [whole + 3, whole + 40, (whole + end) / 2, end - 1] {
        std::fs::write(&path, &content[..usize::try_from(torn).unwrap()]).unwrap();
        let server = Server::start(folder.path(), Options { stats_every: 0, ..Options::default() }).unwrap();
        let raw = raw(&server).await;
        assert_eq!(raw.texts("a").await.unwrap(), ["whole"], "torn at {torn} of {end}");
        let (revision, _) = raw.write("a", &["after"]).await;
        assert_eq!(revision, 1);
        server.stop();
        let server = Server::start(folder.path(), Options::default()).unwrap();
        assert_eq!(crate::raw::raw(&server).await.texts("a").await.unwrap(), ["whole", "after"]);
        server.stop();
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_in_the_file() {
    let started = start();
    let raw = raw(&started.server).await;
    for number in 0..50 {
        let text = format!("this is number {number}!");
        raw.write("a", &[&text]).await;
        let content = std::fs::read(file(&started)).unwrap();
        assert!(content.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

#[tokio::test]
async fn damaged_records_are_not_served() {
    let started = start();
    raw(&started.server).await.write("a", &["a long enough text to be hit"]).await;
    let (folder, path) = stopped(started);
    let length = std::fs::metadata(&path).unwrap().len();
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(b"?", length - 5).unwrap();
    let refused = Server::start(folder.path(), Options::default());
    assert!(matches!(refused, Err(StartError::Log(LogError::Damaged(_)))));
}

#[tokio::test]
async fn garbage_after_the_log_is_no_torn_tail() {
    let started = start();
    let (folder, path) = stopped(started);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&[0; 64]).unwrap();
    assert!(matches!(Server::start(folder.path(), Options::default()), Err(StartError::Log(LogError::Damaged(_)))));
}

#[tokio::test]
async fn two_servers_do_not_share_a_folder() {
    let started = start();
    let second = Server::start(started.folder.path(), Options::default());
    assert!(matches!(second, Err(StartError::Log(LogError::InUse(_)))));
}
