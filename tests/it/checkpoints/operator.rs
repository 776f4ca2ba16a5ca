//! Checkpoints for operators: the key command, a missing folder, a changed log, a restored log.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use event_store::checkpoint::LATEST;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tests::desk::{Desk, Setup};

use super::{NoteFolder, are_true_of, desk_keys, log_of, on_sqlite, public_key, readiness, run_desk};
use crate::crash::until;

const SOON: Duration = Duration::from_secs(20);

async fn chats(desk: &Desk, session: &str) -> Value {
    let customer = desk.customer();
    customer.arrive(session).await.unwrap();
    customer.chat(session, "How long does shipping take?").await.unwrap()
}

fn mark_restored(desk: &Desk) -> std::process::Output {
    let (program, folder) = (tests::desk::program("desk"), desk.data_dir());
    let mut command = tests::desk::without_settings(program);
    command.env("DESK_MASTER_KEY_FILE", folder.parent().unwrap().join("test-master-key"));
    command.args(["mark-restored", "--who", "operations, ticket 7", "--data-dir"]).arg(folder).output().unwrap()
}

async fn change(desk: &Desk, sql: &str) {
    let file = desk.data_dir().join("events.db");
    let mut raw = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    raw.close().await.unwrap();
}

#[test]
fn checkpoint_key_command_prints_the_public_key_only_while_desk_runs() {
    let desk = Desk::start(Setup::default());
    let file = desk.data_dir().join("checkpoint-key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&file).unwrap();
    let printed = desk_keys(desk.data_dir());
    let (out, err) = (String::from_utf8(printed.stdout).unwrap(), String::from_utf8(printed.stderr).unwrap());
    assert_eq!(printed.status.code(), Some(0), "{err}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("fiido-desk/"), "{out}");
    assert!(err.contains(&file.display().to_string()), "{err}");
    let log = desk.log_with("a key that signs checkpoints was made");
    // PRIVATE+KEY+name+hash+base64, and base64 may have a plus of its own.
    let base64 = secret.trim().splitn(5, '+').nth(4).unwrap();
    for said in [out, err, log] {
        assert!(!said.contains("PRIVATE") && !said.contains(base64), "{said}");
    }
}

#[test]
fn checkpoint_key_command_without_a_key_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let printed = desk_keys(folder.path());
    let said = String::from_utf8(printed.stderr).unwrap();
    assert_eq!((printed.status.code(), printed.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.contains("checkpoint-key") && said.contains("first start of `desk`"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
}

#[test]
fn start_with_the_checkpoint_key_of_another_log_is_refused() {
    let other = Desk::start(Setup::default());
    let key = other.data_dir().join("checkpoint-key").display().to_string();
    let environment = vec![("DESK_CHECKPOINT_KEY_FILE", key.clone())];
    let (code, said) = Desk::start_refused(Setup { environment, ..Setup::default() });
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&key) && said.contains("set checkpoint_key_file"), "{said}");
}

#[test]
fn check_config_names_both_checkpoint_settings() {
    let said = String::from_utf8(run_desk(&["check-config"]).stdout).unwrap();
    assert!(said.contains("checkpoint_dir") && said.contains("checkpoint_key_file"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_checkpoint_folder_raises_an_alarm_and_the_server_keeps_serving() {
    let notes = NoteFolder::new();
    let mut desk = Desk::start(on_sqlite(&notes));
    chats(&desk, "before").await;
    assert_eq!(desk.terminate(), Some(0));
    let away = notes.path().with_extension("away");
    std::fs::rename(notes.path(), &away).unwrap();

    desk.start_again();
    let trouble = async || readiness(&desk).await.1["checkpoints"]["trouble"].clone();
    until("the trouble is shown", SOON, async || trouble().await.is_string()).await;
    let (status, ready) = readiness(&desk).await;
    assert_eq!((status, &ready["status"]), (200, &json!("ready")), "{ready}");
    let folder = notes.path().display().to_string();
    assert!(!ready["checkpoints"]["trouble"].as_str().unwrap().contains(&folder), "paths are for operators: {ready}");
    let detailed: Value = desk.staff().get("/api/health/detailed").await.unwrap().json().await.unwrap();
    assert!(detailed["data"]["checkpoints"]["trouble"].as_str().unwrap().contains(&folder), "{detailed}");
    chats(&desk, "meanwhile").await;
    assert!(!notes.path().exists(), "it is not made anew");

    std::fs::rename(&away, notes.path()).unwrap();
    until("the trouble is over", SOON, async || trouble().await.is_null()).await;
    assert_eq!(desk.terminate(), Some(0));
    assert_eq!(desk.log().matches("checkpoints cannot be written").count(), 1, "{}", desk.log());
    let log = log_of(&desk).await;
    let newest = are_true_of(&*log, &public_key(&desk), notes.notes().into_values()).await;
    assert_eq!(newest.position, log.head().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn log_changed_below_its_checkpoint_is_served_but_not_signed() {
    let notes = NoteFolder::new();
    let mut desk = Desk::start(on_sqlite(&notes));
    chats(&desk, "before").await;
    assert_eq!(desk.terminate(), Some(0));
    let before = notes.notes();

    change(&desk, "drop trigger event_is_never_updated; update event set hash = randomblob(32) where position = 2")
        .await;
    std::fs::remove_file(desk.data_dir().join("checkpoint-state")).unwrap();
    desk.start_again();
    until("the alarm is raised", SOON, async || readiness(&desk).await.1["alarms"][0].is_object()).await;
    let (status, ready) = readiness(&desk).await;
    assert_eq!((status, &ready["status"]), (200, &json!("ready")), "one bad bit must not close the shop: {ready}");
    let alarm = &ready["alarms"][0];
    assert_eq!(alarm["part"], "checkpoints", "{ready}");
    let what = alarm["what"].as_str().unwrap();
    assert!(what.contains("at position 2: the event's content") && what.contains("desk-replay --store '"), "{what}");
    let _told = desk.log_with("checkpoints stopped");
    chats(&desk, "meanwhile").await;
    assert_eq!(desk.terminate(), Some(0));
    assert_eq!(notes.notes(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_log_is_marked_starts_new_checkpoints_and_keeps_the_old_ones() {
    let notes = NoteFolder::new();
    let mut desk = Desk::start(on_sqlite(&notes));
    chats(&desk, "before").await;
    assert_eq!(desk.terminate(), Some(0));
    let (file, kept) = (desk.data_dir().join("events.db"), desk.data_dir().join("kept"));
    std::fs::copy(&file, &kept).unwrap();
    let left = log_of(&desk).await.head().await.unwrap();
    desk.start_again();
    chats(&desk, "lost").await;
    assert_eq!(desk.terminate(), Some(0));
    let (before, public) = (notes.notes(), desk.data_dir().join("checkpoint-key.pub"));

    std::fs::rename(&kept, &file).unwrap();
    let folder = desk.data_dir().to_str().unwrap();
    let marked = mark_restored(&desk);
    let said = String::from_utf8_lossy(&marked.stdout).into_owned() + &String::from_utf8_lossy(&marked.stderr);
    assert!(marked.status.success() && said.contains(&format!("up to position {left}")), "{said}");
    let verified = async |more: &[&str]| {
        let (latest, public) = (notes.path().join(LATEST), public.display().to_string());
        let latest = latest.display().to_string();
        let base = ["--store", folder, "verify", "--checkpoint", &latest, "--key", &public];
        crate::checkpoint_attacks::desk_replay(&[&base, more].concat()).await
    };
    let said = verified(&[]).await;
    assert_eq!(said.code, std::process::ExitCode::from(1), "{}{}", said.out, said.errors);
    assert!(said.out.contains(&format!("replaced by a restore at {left}")), "{}", said.out);
    assert!(said.out.contains("by \"operations, ticket 7\"; signed by the key"), "{}", said.out);
    let agreed = verified(&["--restored-at", &left.to_string()]).await;
    assert_eq!(agreed.code, std::process::ExitCode::SUCCESS, "{}{}", agreed.out, agreed.errors);
    for entry in std::fs::read_dir(desk.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("views") || name.starts_with("policies") {
            std::fs::remove_file(path).unwrap();
        }
    }
    desk.start_again();
    chats(&desk, "after").await;
    assert_eq!(desk.terminate(), Some(0));
    let mut after = notes.notes();
    for (name, note) in before.iter().filter(|(name, _)| *name != LATEST) {
        assert_eq!(after.remove(name).as_ref(), Some(note), "{name} stays as it was");
    }
    let log = log_of(&desk).await;
    let newest = are_true_of(&*log, &public_key(&desk), after.into_values()).await;
    assert_eq!((newest.log.generation, newest.position), (2, log.head().await.unwrap()));
}

async fn replay(desk: &Desk, arguments: &[&str]) -> crate::checkpoint_attacks::Said {
    let (folder, key) = (desk.data_dir().to_str().unwrap(), desk.master_key_file());
    let base = ["--store", folder, "--master-key", key.to_str().unwrap()];
    crate::checkpoint_attacks::desk_replay(&[&base, arguments].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn report_with_a_checkpoint_holds_a_proof_that_checks() {
    let (notes, foreign) = (NoteFolder::new(), NoteFolder::new());
    let (mut desk, mut other) = (Desk::start(on_sqlite(&notes)), Desk::start(on_sqlite(&foreign)));
    let session = chats(&desk, "before").await["session_id"].as_str().unwrap().to_owned();
    chats(&other, "elsewhere").await;
    assert_eq!((desk.terminate(), other.terminate()), (Some(0), Some(0)));
    let file = |name: &str| notes.0.path().join(name).display().to_string();
    let (html, proof) = (file("report.html"), file("session.proof"));
    let of = |notes: &NoteFolder, desk: &Desk| {
        let key = desk.data_dir().join("checkpoint-key.pub").display().to_string();
        (notes.path().join(LATEST).display().to_string(), key)
    };

    let (latest, key) = of(&foreign, &other);
    let refused = replay(&desk, &["report", &session, "--html", &html, "--checkpoint", &latest, "--key", &key]).await;
    assert_ne!(refused.code, std::process::ExitCode::SUCCESS, "{}{}", refused.out, refused.errors);
    assert!(!std::path::Path::new(&html).exists(), "no report says more than was signed");

    let (latest, key) = of(&notes, &desk);
    let reported = replay(&desk, &["report", &session, "--html", &html, "--checkpoint", &latest, "--key", &key]).await;
    assert_eq!(reported.code, std::process::ExitCode::SUCCESS, "{}{}", reported.out, reported.errors);
    let page = std::fs::read_to_string(&html).unwrap();
    let signed = notes.notes().remove(LATEST).unwrap();
    assert!(signed.lines().take(4).all(|line| page.contains(line)), "{signed}\n{page}");
    let encoded = page.split_once("data:application/json;base64,").unwrap().1.split('"').next().unwrap();
    std::fs::write(&proof, BASE64_STANDARD.decode(encoded).unwrap()).unwrap();
    let checked = replay(&desk, &["check-proof", &proof, "--key", &key]).await;
    assert_eq!(checked.code, std::process::ExitCode::SUCCESS, "{}{}", checked.out, checked.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn show_lists_the_events_of_an_account_up_to_a_moment() {
    let mut desk = Desk::start(Setup::default());
    let me: Value = desk.staff().get("/api/agent/profile").await.unwrap().json().await.unwrap();
    let stream = format!("agent-{}", me["data"]["id"].as_str().unwrap_or_else(|| panic!("{me}")));
    assert_eq!(desk.terminate(), Some(0));
    let all = replay(&desk, &["show", &stream]).await;
    assert_eq!(all.code, std::process::ExitCode::SUCCESS, "{}{}", all.out, all.errors);
    assert!(all.out.contains("agent.created") && all.out.contains("agent.signed_in"), "{}", all.out);
    let first = replay(&desk, &["show", &stream, "--version", "1"]).await;
    assert!(first.out.contains("agent.created") && !first.out.contains("agent.signed_in"), "{}", first.out);
    for (wanted, told) in [("agent-00000000-0000-4000-8000-000000000000", "no such stream"), ("agent-", "no such")] {
        let refused = replay(&desk, &["show", wanted]).await;
        assert!(refused.code == std::process::ExitCode::from(2) && refused.errors.contains(told), "{}", refused.errors);
    }
}
