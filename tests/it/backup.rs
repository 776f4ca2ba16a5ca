//! `desk backup --once`: copies that fit together, taken while customers write; put back, they serve.
//!
//! `follower.rs` is the fixture of `desk backup --follow`, `desk restore` and `desk drill`, which the other files test.

pub(crate) mod damages;
pub(crate) mod disaster;
mod drill;
pub(crate) mod follower;
mod keys;
mod killed;
mod refused;
mod s3;

use std::{
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tests::desk::{Desk, Setup, program, without_settings};
use tokio::task::block_in_place;

use crate::crash::proves_itself;

fn backup(data_dir: &Path, to: &Path) -> Output {
    let mut command = without_settings(program("desk"));
    command.arg("--data-dir").arg(data_dir).args(["backup", "--once"]).arg(to).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// As README.md has it: the three databases, and the keys that are kept elsewhere.
fn put_back(backup: &Path, old: &Desk, data_dir: &Path) -> Desk {
    std::fs::create_dir_all(data_dir).unwrap();
    for name in files(backup) {
        std::fs::copy(backup.join(&name), data_dir.join(&name)).unwrap();
    }
    for name in ["token-key", "checkpoint-key"] {
        std::fs::copy(old.data_dir().join(name), data_dir.join(name)).unwrap();
    }
    let environment = vec![("DESK_MASTER_KEY_FILE", old.master_key_file().display().to_string())];
    Desk::start(Setup { data_dir: Some(data_dir.to_owned()), environment, ..Setup::default() }.with_patient_rules())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_customers_write_is_whole_and_serves() {
    let desk = block_in_place(|| Desk::start(Setup::default().with_patient_rules()));
    let folder = tempfile::tempdir().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    // Each is new to the shop, and so needs keys of its own.
    let chatting: Vec<_> = (0..4)
        .map(|number| {
            let (url, is_over) = (desk.url(), is_over.clone());
            tokio::spawn(async move {
                let mut chats = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let customer = tests::desk::Customer::new(url.clone());
                    let answer = customer.chat(&format!("s-{number}-{chats}"), "多久发货？").await.unwrap();
                    assert_eq!(answer["success"], true, "{answer}");
                    chats += 1;
                }
            })
        })
        .collect();
    let early = desk.customer();
    early.chat("early", "How long does shipping take?").await.unwrap();
    for number in 0..5 {
        let to = folder.path().join(format!("backup-{number}"));
        let output = block_in_place(|| backup(desk.data_dir(), &to));
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(files(&to), ["events.db", "keys.db", "policies.db"]);
    }
    is_over.store(true, Ordering::Relaxed);
    for chats in chatting {
        chats.await.unwrap();
    }
    for number in [0, 4] {
        let data_dir = folder.path().join(format!("restored-{number}"));
        let restored = block_in_place(|| put_back(&folder.path().join(format!("backup-{number}")), &desk, &data_dir));
        let session = early.at(restored.url()).get("/api/sessions/early").await.unwrap();
        assert_eq!(session.status(), 200, "the token is still good, and the views are folded anew");
        let mut replay = Command::new(program("desk-replay"));
        replay.env_clear().arg("--store").arg(&data_dir).arg("--master-key").arg(desk.master_key_file());
        let compared = block_in_place(|| replay.arg("compare").output().unwrap());
        assert_eq!(compared.status.code(), Some(0), "every key is there: {}", said(&compared));
        assert_eq!(restored.customer().chat("new", "多久发货？").await.unwrap()["success"], true);
        proves_itself(&data_dir.display().to_string());
    }
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let (filled, data_dir) = (folder.path().join("filled"), folder.path().join("no-data"));
    std::fs::create_dir(&filled).unwrap();
    std::fs::create_dir(&data_dir).unwrap();
    std::fs::write(filled.join("thesis"), "years of work").unwrap();
    let output = backup(&data_dir, &filled);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("not empty"), "{}", said(&output));
    assert_eq!(files(&filled), ["thesis"]);

    let output = backup(&data_dir, &folder.path().join("backup"));
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("has desk been started"), "{}", said(&output));
    assert_eq!(files(folder.path()), ["filled", "no-data"], "no draft is left");
}
