//! Proof files of a log with sealed parts: without the log, `desk-replay` and the Python verifier written from the documentation
//! accept them, and both reject them when any byte is changed.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use commands::{Erasure, erasure::Person};
use domain::{ErasureCause, VisitorId};
use event_store::{
    Actor, Expected, KeyClass, Log, NewEvent, PersonalPart, StreamName,
    checkpoint::{CheckpointKey, PublicKey},
    proof::check,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Elsewhere, Said, desk_replay};
use crate::tamper::{NO_GUARDS, run};

const CUSTOMER: Uuid = Uuid::from_u128(0xc0de);

/// A log of two alternating sessions with sealed texts.
struct Desk {
    folder: TempDir,
    log: Log,
    elsewhere: Elsewhere,
}

impl Desk {
    /// With so many events, and a checkpoint over the first of them.
    async fn new(events: u128, signed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = testkit::log_in(folder.path(), &folder.path().join("master-key")).await;
        let elsewhere = Elsewhere::for_log(log.reader().identity().await.unwrap());
        let desk = Self { folder, log, elsewhere };
        for n in 0..events {
            desk.append(n).await;
        }
        desk.elsewhere.sign(&*desk.log.reader(), signed).await;
        desk
    }

    async fn append(&self, n: u128) {
        let json = format!("{{\"text\":\"刹车异响 {n}\"}}");
        let event = NewEvent {
            event_id: event_id(n),
            event_type: "session.customer_message_sent",
            schema: 1,
            actor: Actor::new("agent", "小明"),
            correlation_id: Uuid::from_u128(9),
            causation_id: None,
            data: format!("{{\"n\":{n},\"why\":\"\\\"电池\\\"\"}}"),
            personal: Some(PersonalPart { subject: CUSTOMER, class: KeyClass::Message, json }),
        };
        self.log.append(&stream(n % 2), Expected::Any, &[event]).await.unwrap();
    }

    fn store(&self) -> String {
        self.folder.path().display().to_string()
    }

    fn key(&self) -> String {
        self.elsewhere.text("checkpoint-key.pub")
    }

    fn proof_file(&self) -> PathBuf {
        self.elsewhere.file("session.proof")
    }

    async fn prove(&self, what: &str, signed: u64, more: &[&str]) -> Said {
        let (store, key, note) = (self.store(), self.key(), self.elsewhere.note(signed));
        let arguments = ["--store", &store, "prove", what, "--checkpoint", &note, "--key", &key];
        desk_replay(&[&arguments, more].concat()).await
    }

    /// The proof of a whole session, as the file that an auditor gets.
    async fn proof_of(&self, what: &str, signed: u64) -> Vec<u8> {
        let file = self.proof_file();
        let said = self.prove(what, signed, &["--out", file.to_str().unwrap(), "--force"]).await;
        assert_eq!(said.code, ExitCode::SUCCESS, "{}{}", said.out, said.errors);
        std::fs::read(file).unwrap()
    }

    /// A folder without a log.
    async fn check(&self, more: &[&str]) -> Said {
        check_proof(&self.proof_file(), self.key().as_ref(), more).await
    }
}

async fn check_proof(file: &Path, key: &Path, more: &[&str]) -> Said {
    let arguments = ["--store", "/nowhere", "check-proof", file.to_str().unwrap(), "--key", key.to_str().unwrap()];
    desk_replay(&[&arguments, more].concat()).await
}

fn event_id(n: u128) -> Uuid {
    Uuid::from_u128(0xe000 + n)
}

fn stream(n: u128) -> StreamName {
    StreamName::of("session", Uuid::from_u128(0x5e55 + n))
}

fn session() -> String {
    stream(0).id().unwrap().to_string()
}

/// Exit code and what a Python program of ours said.
fn python(program: &str, arguments: &[&Path]) -> (i32, String) {
    let script = format!("{}/../tests/{program}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3").arg(script).args(arguments).output().expect("python3 is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn proof_file_and_public_key_prove_a_session() {
    let desk = Desk::new(13, 12).await;
    desk.proof_of(&session(), 12).await;
    let said = desk.check(&[]).await;
    assert_eq!((said.code, said.errors.as_str()), (ExitCode::SUCCESS, ""));
    assert!(said.out.contains("versions 1 to 6 without a gap, positions 1 to 11"), "{}", said.out);
    assert!(said.out.contains("when the log had 12 events") && !said.out.contains("刹车"), "{}", said.out);

    let document: Value = serde_json::from_str(&desk.check(&["--json"]).await.out).unwrap();
    assert_eq!((&document["ok"], &document["checkpoint"]["events"]), (&json!(true), &json!(12)));
    assert_eq!((&document["first_version"], &document["last_version"]), (&json!(1), &json!(6)));
    let positions: Vec<_> =
        document["events"].as_array().unwrap().iter().map(|event| event["position"].clone()).collect();
    assert_eq!(json!(positions), json!([1, 3, 5, 7, 9, 11]));

    let (code, said) = python("verify_proof.py", &[&desk.proof_file(), desk.key().as_ref()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("session-{} versions 1 to 6", session())), "{said}");
}

/// Another stream, one event by its id, and a log of every size up to some.
#[tokio::test]
async fn every_proof_is_accepted_by_both_verifiers() {
    let desk = Desk::new(9, 9).await;
    for size in 1..=9 {
        desk.elsewhere.sign(&*desk.log.reader(), size).await;
        for what in [stream(0).to_string(), event_id(u128::from(size) - 1).to_string()] {
            desk.proof_of(&what, size).await;
            assert_eq!(desk.check(&[]).await.code, ExitCode::SUCCESS);
            let (code, said) = python("verify_proof.py", &[&desk.proof_file(), desk.key().as_ref()]);
            assert_eq!(code, 0, "{what} of {size}: {said}");
        }
    }
}

#[tokio::test]
async fn proof_with_any_byte_changed_is_rejected_by_check_proof() {
    let desk = Desk::new(5, 5).await;
    let file = desk.proof_of(&event_id(2).to_string(), 5).await;
    let key = PublicKey::read(desk.key().as_ref()).unwrap();
    assert!(check(&file, &key).is_ok());
    for at in 0..file.len() {
        for new in [file[at] ^ 1, file[at] ^ 0x20, file[at] ^ 0x80, b' '] {
            let mut changed = file.clone();
            changed[at] = new;
            assert!(new == file[at] || check(&changed, &key).is_err(), "byte {at} became {new}");
        }
    }
    std::fs::write(desk.proof_file(), String::from_utf8(file).unwrap().replace("\"n\\\":2", "\"n\\\":3")).unwrap();
    let said = desk.check(&[]).await;
    assert_eq!(said.code, ExitCode::from(1));
    assert!(said.out.contains("NOT PROVED: event 1 of the file") && said.out.contains("its hash"), "{}", said.out);
    let document: Value = serde_json::from_str(&desk.check(&["--json"]).await.out).unwrap();
    assert_eq!(document["ok"], json!(false));
}

#[tokio::test]
async fn proof_with_any_byte_changed_is_rejected_by_the_python_verifier() {
    let desk = Desk::new(5, 5).await;
    let file = desk.proof_of(&event_id(2).to_string(), 5).await;
    let (code, said) = python("verify_proof_test.py", &[&desk.proof_file(), desk.key().as_ref()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("changes of {} bytes were refused", file.len())), "{said}");
}

/// Proofs cover the sealed bytes, so destroyed keys change nothing.
#[tokio::test]
async fn session_of_an_erased_customer_can_still_be_proved() {
    let desk = Desk::new(8, 8).await;
    let before = desk.proof_of(&session(), 8).await;
    let (person, actor) = (Person::Customer(VisitorId(CUSTOMER)), Actor::new("system", "test"));
    Erasure::new(desk.log.clone()).erase(person, ErasureCause::Request, actor).await.unwrap();
    assert_eq!(desk.proof_of(&session(), 8).await, before);
    assert_eq!(desk.check(&[]).await.code, ExitCode::SUCCESS);
    let verdict = desk.elsewhere.verify(&desk.store(), &[desk.elsewhere.notes()]).await;
    assert!(verdict.is_right, "{}", verdict.report);
}

#[tokio::test]
async fn proof_of_events_after_the_checkpoint_needs_a_newer_checkpoint() {
    let desk = Desk::new(12, 7).await;
    let said = desk.prove(&event_id(7).to_string(), 7, &[]).await;
    assert_eq!((said.code, said.out.as_str()), (ExitCode::from(2), ""));
    assert!(said.errors.contains("position 8") && said.errors.contains("make a newer checkpoint"), "{}", said.errors);
    let file = desk.proof_file();
    let said = desk.prove(&session(), 7, &["--out", file.to_str().unwrap()]).await;
    assert!(said.out.contains("4 events") && said.out.contains("2 more are newer"), "{}", said.out);
    assert!(desk.check(&[]).await.out.contains("versions 1 to 4"));
}

#[tokio::test]
async fn prove_refuses_an_unknown_session() {
    let desk = Desk::new(3, 3).await;
    let said = desk.prove(&Uuid::from_u128(77).to_string(), 3, &[]).await;
    assert_eq!(said.code, ExitCode::from(2));
    assert!(said.errors.contains("no such event"), "{}", said.errors);
    assert_eq!(desk.prove("a name", 3, &[]).await.code, ExitCode::from(2));
}

#[tokio::test]
async fn proof_file_is_private_and_not_overwritten_without_force() {
    let desk = Desk::new(3, 3).await;
    let proof = desk.proof_of(&session(), 3).await;
    let file = desk.proof_file();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&file, "mine").unwrap();
    let said = desk.prove(&session(), 3, &["--out", file.to_str().unwrap()]).await;
    assert_eq!(said.code, ExitCode::from(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let printed = desk.prove(&session(), 3, &[]).await;
    assert_eq!(printed.out.as_bytes(), proof, "without --out the file itself is printed");
}

/// A log that does not match the checkpoint proves nothing.
#[tokio::test]
async fn changed_log_gives_no_proof() {
    let desk = Desk::new(6, 6).await;
    let path = desk.folder.path().join("events.db");
    run(&path, &format!("{NO_GUARDS} update event set hash = randomblob(32) where position = 2;")).await;
    let said = desk.prove(&session(), 6, &["--out", desk.proof_file().to_str().unwrap()]).await;
    assert_eq!(said.code, ExitCode::from(1));
    assert!(said.out.contains("not the one that the checkpoint was signed over"), "{}", said.out);
    assert!(!desk.proof_file().exists());
}

#[tokio::test]
async fn checkpoint_is_made_only_of_an_intact_log() {
    let desk = Desk::new(6, 6).await;
    let (store, secret) = (desk.store(), desk.elsewhere.text("checkpoint-key"));
    let file = desk.elsewhere.note(7);
    let make = async |more: &[&str]| {
        desk_replay(&[&["--store", &store, "checkpoint", "--key", &secret][..], more].concat()).await
    };
    desk.append(6).await;
    let said = make(&["--out", &file]).await;
    assert_eq!(said.code, ExitCode::SUCCESS, "{}{}", said.out, said.errors);
    assert_eq!(Path::new(&file).metadata().unwrap().permissions().mode() & 0o777, 0o644);
    let verdict = desk.elsewhere.verify(&store, std::slice::from_ref(&file)).await;
    assert_eq!((verdict.is_right, &verdict.report["checkpoint"]["events"]), (true, &json!(7)));
    assert_eq!(make(&["--out", &file]).await.code, ExitCode::from(2), "there is one already");
    assert_eq!(make(&["--out", &file, "--force"]).await.code, ExitCode::SUCCESS);
    let printed = make(&[]).await;
    std::fs::write(&file, printed.out).unwrap();
    assert!(desk.elsewhere.verify(&store, std::slice::from_ref(&file)).await.is_right);
    let bare = desk.elsewhere.file("bare-key");
    tests::desk::write_private(&bare, &"11".repeat(32));
    let said = desk_replay(&["--store", &store, "checkpoint", "--key", bare.to_str().unwrap()]).await;
    assert_eq!(
        said.code,
        ExitCode::SUCCESS,
        "a secret that was made before its log signs for this one: {}",
        said.errors
    );

    std::fs::remove_file(&file).unwrap();
    let path = desk.folder.path().join("events.db");
    run(&path, &format!("{NO_GUARDS} update event set data = '{{}}' where position = 2;")).await;
    let said = make(&["--out", &file]).await;
    assert_eq!(said.code, ExitCode::from(1));
    assert!(said.out.contains("first bad position 2") && !Path::new(&file).exists(), "{}", said.out);
}

#[tokio::test]
async fn key_of_another_log_signs_no_checkpoint() {
    let desk = Desk::new(2, 2).await;
    let other = event_store::Identity { log_id: Uuid::new_v4(), generation: 1 };
    let file = desk.elsewhere.file("other-key");
    CheckpointKey::read_or_create(&file, other).unwrap();
    let said = desk_replay(&["--store", &desk.store(), "checkpoint", "--key", file.to_str().unwrap()]).await;
    assert_eq!((said.code, said.out.as_str()), (ExitCode::from(2), ""));
    assert!(said.errors.contains("and this log is"), "{}", said.errors);
    assert!(!said.errors.contains("PRIVATE"), "{}", said.errors);
}

#[tokio::test]
async fn check_proof_without_file_or_key_is_refused_without_a_verdict() {
    let desk = Desk::new(2, 2).await;
    desk.proof_of(&session(), 2).await;
    let (nowhere, file, key) = (PathBuf::from("/nowhere/file"), desk.proof_file(), PathBuf::from(desk.key()));
    for (file, key) in [(&nowhere, &key), (&file, &nowhere), (&file, &file)] {
        let said = check_proof(file, key, &[]).await;
        assert_eq!((said.code, said.out.as_str()), (ExitCode::from(2), ""), "{}", said.errors);
        assert_eq!(python("verify_proof.py", &[file, key]).0, 2);
    }
    assert_eq!(check_proof(&key, &key, &[]).await.code, ExitCode::from(1), "a file that is no proof proves nothing");
    assert_eq!(python("verify_proof.py", &[&key, &key]).0, 1);
}

/// The example of the documentation is a real one.
#[tokio::test]
async fn documented_proof_example_is_accepted_by_both_verifiers() {
    let page = include_str!("../../../docs/proof-file.md");
    let example = page.split("## Example").nth(1).unwrap();
    let block = |language: &str| {
        example.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap().to_owned()
    };
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("proof"), folder.path().join("key"));
    std::fs::write(&file, block("json")).unwrap();
    std::fs::write(&key, block("text")).unwrap();
    let said = check_proof(&file, &key, &[]).await;
    assert_eq!(said.code, ExitCode::SUCCESS, "{}{}", said.out, said.errors);
    let (code, said) = python("verify_proof.py", &[&file, &key]);
    assert_eq!(code, 0, "{said}");
}
