//! Checkpoints that are edited, forged, missing, or of another log.

use std::{path::Path, process::ExitCode};

use event_store::{
    Identity,
    checkpoint::{Checkpoint, CheckpointKey},
    sqlite::SqliteStore,
};
use uuid::Uuid;

use super::{EVERY, Said, Shop, desk_replay};
use crate::tamper::{EVENTS, run};

impl Shop {
    /// `verify` of the intact log with one checkpoint.
    async fn verify_with(&self, note: &Path) -> Said {
        self.verify_in(&self.written.path(), note).await
    }

    async fn verify_in(&self, log: &Path, note: &Path) -> Said {
        let key = self.elsewhere.text("checkpoint-key.pub");
        let (log, note) = (log.to_str().unwrap(), note.to_str().unwrap());
        desk_replay(&["--store", log, "verify", "--checkpoint", note, "--key", &key]).await
    }

    /// The newest checkpoint with a change, signed again by this key.
    fn signed_again(&self, key: &CheckpointKey, change: impl FnOnce(&mut Checkpoint)) -> std::path::PathBuf {
        let note = std::fs::read_to_string(self.elsewhere.note(EVENTS)).unwrap();
        let mut checkpoint = Checkpoint::open(&note, self.elsewhere.key.public()).unwrap();
        change(&mut checkpoint);
        let file = self.elsewhere.file("changed.checkpoint");
        std::fs::write(&file, checkpoint.sign(key)).unwrap();
        file
    }
}

#[track_caller]
fn refused(said: &Said, code: u8, why: &str) {
    assert_eq!((said.code, said.out.as_str()), (ExitCode::from(code), ""), "{}", said.errors);
    assert!(said.errors.contains(why), "{}", said.errors);
}

/// Every byte, changed in several ways, also to invalid UTF-8.
#[tokio::test]
async fn edited_checkpoint_fails_its_signature() {
    let shop = Shop::new().await;
    let note = std::fs::read(shop.elsewhere.note(EVENTS)).unwrap();
    let file = shop.elsewhere.file("edited.checkpoint");
    for at in 0..note.len() {
        for new in [note[at] ^ 1, note[at] ^ 0x80] {
            let mut edited = note.clone();
            edited[at] = new;
            std::fs::write(&file, edited).unwrap();
            refused(&shop.verify_with(&file).await, 1, "is not as it was signed");
        }
    }
    for edited in [&note[..note.len() - 1], &[&note[..], b"\n"].concat(), b"", &[b'x'; 100_000]] {
        std::fs::write(&file, edited).unwrap();
        refused(&shop.verify_with(&file).await, 1, "is not as it was signed");
    }
}

#[tokio::test]
async fn checkpoint_signed_by_another_key_is_rejected() {
    let shop = Shop::new().await;
    let reader = SqliteStore::open_reader(&shop.written.path()).await.unwrap();
    let other = CheckpointKey::generate(reader.identity().await.unwrap());
    let file = shop.signed_again(&other, |_| ());
    refused(&shop.verify_with(&file).await, 1, "not signed by this key");
}

#[tokio::test]
async fn verify_without_checkpoint_or_key_is_refused_without_a_verdict() {
    let shop = Shop::new().await;
    let missing = shop.elsewhere.file("missing.checkpoint");
    refused(&shop.verify_with(&missing).await, 2, "missing.checkpoint");
    let empty = tempfile::tempdir().unwrap();
    refused(&shop.verify_with(empty.path()).await, 2, "there is no checkpoint");
    let (log, note) = (shop.written.path().display().to_string(), shop.elsewhere.note(EVENTS));
    let said = desk_replay(&["--store", &log, "verify", "--checkpoint", &note, "--key", &note]).await;
    refused(&said, 2, "holds no public key");
}

/// A damaged checkpoint among good ones is named and passed over.
#[tokio::test]
async fn damaged_checkpoint_among_good_ones_is_named_and_passed_over() {
    let shop = Shop::new().await;
    assert_eq!(shop.verify_with(shop.elsewhere.notes().as_ref()).await.code, ExitCode::SUCCESS);
    std::fs::write(shop.elsewhere.file("notes/readme.txt"), "no note").unwrap();
    assert_eq!(shop.verify_with(shop.elsewhere.notes().as_ref()).await.code, ExitCode::SUCCESS);
    std::fs::write(shop.elsewhere.note(1), "no note").unwrap();
    let said = shop.verify_with(shop.elsewhere.notes().as_ref()).await;
    assert_eq!((said.code, said.errors.as_str()), (ExitCode::SUCCESS, ""));
    assert!(said.out.contains("passed over: ") && said.out.contains("1.checkpoint"), "{}", said.out);
}

#[tokio::test]
async fn checkpoint_signed_earlier_than_a_smaller_one_is_remarked() {
    let shop = Shop::new().await;
    let file = shop.signed_again(&shop.elsewhere.key, |checkpoint| {
        checkpoint.signed_at -= jiff::SignedDuration::from_hours(1);
    });
    std::fs::rename(file, shop.elsewhere.note(EVENTS)).unwrap();
    let said = shop.verify_with(shop.elsewhere.notes().as_ref()).await;
    assert_eq!(said.code, ExitCode::SUCCESS, "{}{}", said.out, said.errors);
    assert!(said.out.contains("the checkpoint over 200 events was signed at"), "{}", said.out);
}

#[tokio::test]
async fn checkpoint_of_another_log_is_a_difference_and_a_raised_generation_excuses_nothing() {
    let shop = Shop::new().await;
    let other = Identity { log_id: Uuid::new_v4(), generation: 1 };
    let key = CheckpointKey::generate(other);
    let file = shop.signed_again(&key, |checkpoint| checkpoint.log = other);
    let public = shop.elsewhere.file("other.pub");
    std::fs::write(&public, key.public().to_string()).unwrap();
    let (log, note) = (shop.written.path().display().to_string(), file.display().to_string());
    let arguments = ["--store", &log, "verify", "--checkpoint", &note, "--key", public.to_str().unwrap()];
    let said = desk_replay(&arguments).await;
    assert_eq!((said.code, said.errors.as_str()), (ExitCode::from(1), ""));
    assert!(said.out.contains("does not have the id that was signed"), "{}", said.out);

    let restored = shop.written.tampered("").await;
    run(&restored, "update identity set generation = 2").await;
    let said = shop.verify_in(&restored, shop.elsewhere.note(EVENTS).as_ref()).await;
    assert_eq!((said.code, said.errors.as_str()), (ExitCode::from(1), ""));
    assert!(said.out.contains("without a signed record of a restore"), "{}", said.out);
    let rewritten = "update identity set generation = 2; delete from event where position = 200; \
        update head set (position, recorded_at, hash) = (select position, recorded_at, hash from event where position = 199)";
    let rewritten = shop.written.tampered(rewritten).await;
    let said = shop.verify_in(&rewritten, shop.elsewhere.note(EVENTS).as_ref()).await;
    assert_eq!((said.code, said.errors.as_str()), (ExitCode::from(1), ""));
    assert!(said.out.contains("first bad position one of 1 to 200"), "{}", said.out);
}

/// Two signed histories contradict each other, whichever of them the log holds.
#[tokio::test]
async fn contradicting_checkpoints_are_reported() {
    let shop = Shop::new().await;
    let file = shop.signed_again(&shop.elsewhere.key, |checkpoint| checkpoint.root = [7; 32]);
    std::fs::rename(file, shop.elsewhere.file("notes/other.checkpoint")).unwrap();
    let verdict = shop.verdict_by_all(&shop.written.path()).await;
    let (position, kind) = verdict.first_bad("contradiction");
    assert_eq!((position, kind.as_str()), (EVENTS, "contradicted"));
}

/// The checkpoint names its last position, which is compared.
#[tokio::test]
async fn root_signed_for_another_position_is_rejected() {
    let shop = Shop::new().await;
    let file = shop.signed_again(&shop.elsewhere.key, |checkpoint| checkpoint.position.0 += 1);
    let verdict = shop.verdict(&shop.written.path(), &[file.display().to_string()]).await;
    assert_eq!(verdict.bounds("position"), (1, EVENTS));
}

#[tokio::test]
async fn checkpoint_of_size_zero_fits_every_log() {
    let shop = Shop::new().await;
    let reader = SqliteStore::open_reader(&shop.written.path()).await.unwrap();
    shop.elsewhere.sign(&*reader, 0).await;
    let verdict = shop.verdict(&shop.written.path(), &[shop.elsewhere.note(0)]).await;
    assert!(verdict.is_right);
    assert_eq!(verdict.report["unproven_events"], serde_json::json!(EVENTS));
}

#[tokio::test]
async fn newer_checkpoint_extends_an_older_one() {
    let shop = Shop::new().await;
    let key = shop.elsewhere.text("checkpoint-key.pub");
    let consistency = async |log: &Path, older: &str, newer: &str| {
        desk_replay(&["--store", log.to_str().unwrap(), "consistency", older, newer, "--key", &key]).await
    };
    let (older, newer) = (shop.elsewhere.note(EVERY), shop.elsewhere.note(EVENTS));
    let said = consistency(&shop.written.path(), &older, &newer).await;
    assert_eq!(said.code, ExitCode::SUCCESS, "{}{}", said.out, said.errors);
    assert!(said.out.contains("40 events") && said.out.contains("200 events"), "{}", said.out);
    let said = consistency(&shop.written.path(), &newer, &older).await;
    assert_eq!(said.code, ExitCode::from(1));
    assert!(said.out.contains("fewer events than the older one"), "{}", said.out);

    let forged = shop.signed_again(&shop.elsewhere.key, |checkpoint| checkpoint.root = [7; 32]);
    for (older, newer, why) in [
        (&older, &forged.display().to_string(), "not the one that the newer checkpoint was signed over"),
        (&newer, &forged.display().to_string(), "not the one that the newer checkpoint was signed over"),
    ] {
        let said = consistency(&shop.written.path(), older, newer).await;
        assert_eq!(said.code, ExitCode::from(1));
        assert!(said.out.contains(why), "{}", said.out);
    }
}
