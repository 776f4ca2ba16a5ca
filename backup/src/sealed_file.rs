//! The one form of every file of a backup.
//!
//! | bytes | |
//! |---|---|
//! | 20 | `fiido-desk/backup/1` and a line feed: the version of the format |
//! | 8 | length of everything behind the digest, big-endian |
//! | 32 | SHA-256 of everything behind it: anybody sees damage without a key |
//! | 4 | length of the head, big-endian |
//! | … | the head: JSON, in plain |
//! | 12 | nonce |
//! | … | AES-256-GCM ciphertext of the content and its tag; the first line and the head are bound to it |
//!
//! Invariant: what [`open`] returns is what was sealed, head and content together.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::key::{BackupKey, Sealed};

const LINE: &[u8] = b"fiido-desk/backup/1\n";
const BEGIN_OF_ALL: &[u8] = b"fiido-desk/backup/";
const LENGTH: usize = 8;
const DIGEST: usize = 32;
const HEAD_LENGTH: usize = 4;
const HEADER: usize = LINE.len() + LENGTH + DIGEST;

/// Names a file by its content: the SHA-256 that stands in it.
pub(crate) type FileDigest = [u8; DIGEST];

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It does not begin as such a file does.
    #[error("it is no file of a backup")]
    NotOurs,
    /// A newer program wrote it.
    #[error("a newer version of desk wrote it: use that one")]
    Newer,
    /// It ends too early.
    #[error("it is cut off")]
    Truncated,
    /// Its SHA-256 is another than the one in it.
    #[error("it was changed: its SHA-256 is another")]
    Changed,
    /// It is whole, and the key does not open it.
    #[error("the backup key does not open it")]
    WrongKey,
    /// It was opened, and does not hold what it should.
    #[error("its content is malformed")]
    Malformed,
    /// It is of another log or another place.
    #[error("it belongs to another log or another place")]
    Foreign,
    /// It does not continue the one before it.
    #[error("it does not continue the file before it")]
    Unlinked,
}

/// A file ready to be stored, and its digest.
pub(crate) fn seal(key: &BackupKey, what: Sealed, head: &impl Serialize, content: &[u8]) -> (Vec<u8>, FileDigest) {
    let head = serde_json::to_vec(head).expect("texts and numbers are JSON");
    let sealed = key.seal(what, &bound(&head), content);
    let mut rest = Vec::with_capacity(HEAD_LENGTH + head.len() + sealed.len());
    rest.extend_from_slice(&u32::try_from(head.len()).expect("heads are short").to_be_bytes());
    rest.extend_from_slice(&head);
    rest.extend_from_slice(&sealed);
    let digest: FileDigest = Sha256::digest(&rest).into();
    let file = [LINE, &(rest.len() as u64).to_be_bytes(), &digest, &rest].concat();
    (file, digest)
}

/// A file that is whole; its content is still sealed.
#[derive(Debug)]
pub(crate) struct Whole<'a, H> {
    pub(crate) head: H,
    pub(crate) digest: FileDigest,
    plain_head: &'a [u8],
    sealed: &'a [u8],
}

/// Reads the head of a file that is whole.
pub(crate) fn read<H: DeserializeOwned>(file: &[u8]) -> Result<Whole<'_, H>, Flaw> {
    refuse_other_forms(file)?;
    let (header, rest) = file.split_at_checked(HEADER).ok_or(Flaw::Truncated)?;
    let length = header[LINE.len()..][..LENGTH].try_into().map(u64::from_be_bytes).map_err(|_| Flaw::Truncated)?;
    if (rest.len() as u64) < length {
        return Err(Flaw::Truncated);
    }
    let digest: FileDigest = Sha256::digest(rest).into();
    if rest.len() as u64 != length || digest[..] != header[LINE.len() + LENGTH..] {
        return Err(Flaw::Changed);
    }
    let (length, rest) = rest.split_first_chunk::<HEAD_LENGTH>().ok_or(Flaw::Malformed)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (plain_head, sealed) = rest.split_at_checked(length).ok_or(Flaw::Malformed)?;
    let head = serde_json::from_slice(plain_head).map_err(|_| Flaw::Malformed)?;
    Ok(Whole { head, digest, plain_head, sealed })
}

impl<H> Whole<'_, H> {
    /// Opens the content.
    pub(crate) fn open(&self, key: &BackupKey, what: Sealed) -> Result<Zeroizing<Vec<u8>>, Flaw> {
        key.open(what, &bound(self.plain_head), self.sealed).ok_or(Flaw::WrongKey)
    }
}

fn refuse_other_forms(file: &[u8]) -> Result<(), Flaw> {
    if file.starts_with(LINE) {
        return Ok(());
    }
    if LINE.starts_with(file) {
        return Err(Flaw::Truncated);
    }
    let version = file.strip_prefix(BEGIN_OF_ALL).and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    let is_number =
        version.is_some_and(|text| !text.is_empty() && text.len() < 4 && text.iter().all(u8::is_ascii_digit));
    Err(if is_number { Flaw::Newer } else { Flaw::NotOurs })
}

fn bound(head: &[u8]) -> Vec<u8> {
    [LINE, head].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Head {
        number: u64,
    }

    fn key() -> BackupKey {
        BackupKey::from_secret(&[7; 32])
    }

    fn opened(key: &BackupKey, file: &[u8]) -> Result<Vec<u8>, Flaw> {
        let whole = read::<Head>(file)?;
        Ok(whole.open(key, Sealed::Events)?.to_vec())
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let (file, _) = seal(&key(), Sealed::Events, &Head { number: 4 }, b"what happened");
        assert_eq!(opened(&key(), &file).unwrap(), b"what happened");
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&key(), &changed).is_err(), "byte {at}");
            assert!(opened(&key(), &file[..at]).is_err(), "cut to {at}");
        }
    }

    #[test]
    fn a_head_with_a_new_digest_is_still_not_the_one_that_was_sealed() {
        let (file, _) = seal(&key(), Sealed::Events, &Head { number: 4 }, b"x");
        let mut rest = file[HEADER..].to_vec();
        let at = rest.iter().position(|byte| *byte == b'4').unwrap();
        rest[at] = b'5';
        let forged = [LINE, &(rest.len() as u64).to_be_bytes(), &Sha256::digest(&rest)[..], &rest].concat();
        assert_eq!(read::<Head>(&forged).map(|whole| whole.head), Ok(Head { number: 5 }));
        assert_eq!(opened(&key(), &forged), Err(Flaw::WrongKey));
    }

    #[test]
    fn flaws_are_told_apart() {
        let (file, _) = seal(&key(), Sealed::Events, &Head { number: 4 }, b"x");
        let newer = [b"fiido-desk/backup/2\n", &file[LINE.len()..]].concat();
        let longer = [&file[..], b"x"].concat();
        let other = BackupKey::from_secret(&[8; 32]);
        assert_eq!(opened(&key(), &newer), Err(Flaw::Newer));
        assert_eq!(opened(&key(), b"years of work"), Err(Flaw::NotOurs));
        assert_eq!(opened(&key(), &file[..file.len() - 1]), Err(Flaw::Truncated));
        assert_eq!(opened(&key(), b""), Err(Flaw::Truncated));
        assert_eq!(opened(&key(), &longer), Err(Flaw::Changed));
        assert_eq!(opened(&other, &file), Err(Flaw::WrongKey));
        let whole = read::<Head>(&file).unwrap();
        assert_eq!(whole.open(&key(), Sealed::Keys).err(), Some(Flaw::WrongKey), "keys are sealed by another key");
    }
}
