//! Notes and keys round-trip; changed ones are refused.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const LOG: Identity = Identity { log_id: Uuid::from_u128(0x0b9f_0000_4000_8000_0000_0000_0000_0001), generation: 1 };

fn checkpoint(size: u64) -> Checkpoint {
    let signed_at = "2026-11-25T20:55:00.000001Z".parse().expect("a time");
    Checkpoint { log: LOG, size: TreeSize(size), root: [7; 32], position: Position(size), signed_at }
}

/// The example in the documentation of the format's first implementation, a Go module.
#[test]
fn the_reference_example_gets_the_same_signature() {
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const SIGNATURE: &str =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    crate::private_file::create_private_file(&path, SECRET.as_bytes()).expect("it is written");
    let key = CheckpointKey::read(&path).expect("a key");
    assert_eq!(key.public().to_string(), PUBLIC);
    assert_eq!(PUBLIC.parse().as_ref(), Ok(key.public()));
    let signature = key.signature(TEXT.as_bytes());
    assert_eq!(BASE64_STANDARD.encode(&signature), SIGNATURE);
    assert!(key.public().has_signed(TEXT.as_bytes(), &signature));
}

#[test]
fn a_signed_checkpoint_round_trips() {
    let key = CheckpointKey::generate(LOG);
    let note = checkpoint(12345).sign(&key);
    assert!(note.starts_with("fiido-desk/0b9f0000-4000-8000-0000-000000000001\n12345\nBwcH"), "{note}");
    assert_eq!(Checkpoint::open(&note, key.public()), Ok(checkpoint(12345)));
}

#[test]
fn another_signers_line_is_ignored() {
    let (key, witness) = (CheckpointKey::generate(LOG), CheckpointKey::generate(LOG));
    let note = checkpoint(3).sign(&key);
    let second = checkpoint(3).sign(&witness);
    let both = format!("{note}{}", second.rsplit_once("\n\n").expect("a note has an empty line").1);
    assert_eq!(Checkpoint::open(&both, key.public()), Ok(checkpoint(3)));
    assert_eq!(Checkpoint::open(&both, witness.public()), Ok(checkpoint(3)));
    assert_eq!(Checkpoint::open(&note, witness.public()), Err(NoteError::OtherKey));
    assert_eq!(Checkpoint::without_countersignatures(&both, key.public()), Ok(note));
    assert_eq!(Checkpoint::without_countersignatures(&both, witness.public()), Ok(second));
}

#[test]
fn a_key_of_another_log_is_refused() {
    let other = CheckpointKey::generate(Identity { log_id: Uuid::from_u128(2), generation: 1 });
    assert_eq!(Checkpoint::open(&checkpoint(3).sign(&other), other.public()), Err(NoteError::OtherLog));
}

#[test]
fn a_checkpoint_applies_to_its_log_and_generation_only() {
    let generation = Identity { generation: 2, ..LOG };
    let other = Identity { log_id: Uuid::from_u128(2), ..LOG };
    assert_eq!(checkpoint(3).is_of(LOG), Ok(()));
    assert_eq!(checkpoint(3).is_of(generation), Err(WrongLog::Generation { signed: 1, here: 2 }));
    assert_eq!(checkpoint(3).is_of(other), Err(WrongLog::Another { signed: LOG.log_id, here: other.log_id }));
}

#[test]
fn keys_round_trip_through_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint-key");
    let (made, is_new) = CheckpointKey::read_or_create(&path, LOG).expect("it is made");
    let (again, is_new_again) = CheckpointKey::read_or_create(&path, LOG).expect("it is there");
    assert_eq!((is_new, is_new_again), (true, false));
    assert_eq!(made.public(), again.public());
    let public = folder.path().join("checkpoint-key.pub");
    let line = format!("{}\n", made.public());
    crate::private_file::create_private_file(&public, line.as_bytes()).expect("it is written");
    assert_eq!(&PublicKey::read(&public).expect("a public key"), made.public());
    assert_eq!(&PublicKey::read(&path).expect("the private key has it"), made.public());
    assert!(matches!(CheckpointKey::read(&public), Err(KeyError::Malformed { .. })));
    assert!(!format!("{made:?}").contains("PRIVATE"), "{made:?}");
}

#[test]
fn key_made_before_its_log_is_hexadecimal_digits_and_gets_the_logs_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint-key");
    crate::private_file::create_private_file(&path, hex::encode([7; 32]).as_bytes()).expect("it can be written");
    let (key, is_new) = CheckpointKey::read_or_create(&path, LOG).expect("it is there");
    assert!(!is_new && key.public().name() == Checkpoint::origin(LOG), "{}", key.public());
    let again = CheckpointKey::read_for(&path, LOG).expect("it is there");
    assert_eq!(again.public(), key.public());
    assert!(matches!(CheckpointKey::read(&path), Err(KeyError::Nameless { .. })), "without a log it has no name");
    std::fs::write(&path, "70").expect("it can be written");
    assert!(matches!(CheckpointKey::read_for(&path, LOG), Err(KeyError::Malformed { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_changed_byte_is_found(at in any::<prop::sample::Index>(), with in 1u8..) {
        let key = CheckpointKey::generate(LOG);
        let mut bytes = checkpoint(987).sign(&key).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        if let Ok(note) = String::from_utf8(bytes) {
            prop_assert!(Checkpoint::open(&note, key.public()).is_err(), "{note}");
        }
    }

    #[test]
    fn arbitrary_text_never_panics(note in "\\PC{0,200}", lines in prop::collection::vec("[— a-z0-9+/=]{0,40}", 0..9)) {
        let key = CheckpointKey::generate(LOG);
        prop_assert!(Checkpoint::open(&note, key.public()).is_err());
        prop_assert!(Checkpoint::open(&lines.join("\n"), key.public()).is_err());
        prop_assert!(note.parse::<PublicKey>().is_err());
    }
}
