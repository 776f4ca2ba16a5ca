//! The key of a backup: 32 random bytes in a file, of which each kind of file gets a key of its own.
//!
//! Invariant: it is never printed, and is no key of the vault: who has one of the two opens nothing of the other.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use event_store::private_file::{create_private_file, read_private_file};
use zeroize::Zeroizing;

const NONCE: usize = 12;

/// Seals and opens the files of a backup.
pub struct BackupKey {
    segments: Aes256Gcm,
    keys: Aes256Gcm,
    fingerprint: String,
}

/// What is sealed: each with a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealed {
    Events,
    Keys,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum BackupKeyError {
    /// The file cannot be read or written.
    #[error("backup key file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The I/O error.
        #[source]
        source: io::Error,
    },
    /// The file does not contain a key.
    #[error("backup key file {0} must hold 64 hexadecimal digits; `desk backup --new-key FILE` makes one")]
    Malformed(PathBuf),
}

impl BackupKey {
    /// Reads the key from a file.
    ///
    /// # Errors
    /// The file cannot be read, can be read by everybody, or does not hold a key.
    pub fn read(path: &Path) -> Result<Self, BackupKeyError> {
        let text = read_private_file(path).map_err(|source| failed(path, source))?;
        let mut secret = Zeroizing::new([0; 32]);
        let decoded = hex::decode_to_slice(text.trim(), &mut *secret);
        decoded.map_err(|_| BackupKeyError::Malformed(path.to_owned()))?;
        Ok(Self::from_secret(&secret))
    }

    /// Makes a key in a new file with mode 0600.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub fn create(path: &Path) -> Result<(), BackupKeyError> {
        let secret = Zeroizing::new(hex::encode(Zeroizing::new(rand::random::<[u8; 32]>())));
        create_private_file(path, secret.as_bytes()).map_err(|source| failed(path, source))
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self {
            segments: cipher(&derived(secret, b"fiido-desk/backup/segment/1")),
            keys: cipher(&derived(secret, b"fiido-desk/backup/keys/1")),
            fingerprint: hex::encode(&derived(secret, b"fiido-desk/backup/fingerprint/1")[..8]),
        }
    }

    /// Tells keys apart and says nothing of them.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Nonce, ciphertext and tag.
    pub(crate) fn seal(&self, what: Sealed, bound: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plain, aad: bound };
        let ciphertext = self.of(what).encrypt(&nonce.into(), payload).expect("AES-GCM seals texts below 64 GiB");
        [nonce.as_slice(), &ciphertext].concat()
    }

    /// `None` if key, head and bytes do not belong together.
    pub(crate) fn open(&self, what: Sealed, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: ciphertext, aad: bound };
        self.of(what).decrypt(&nonce.into(), payload).ok().map(Zeroizing::new)
    }

    fn of(&self, what: Sealed) -> &Aes256Gcm {
        match what {
            Sealed::Events => &self.segments,
            Sealed::Keys => &self.keys,
        }
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupKey({})", self.fingerprint)
    }
}

fn derived(secret: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Hkdf::<sha2::Sha256>::new(None, secret).expand(label, &mut *key).expect("32 bytes are one HKDF block");
    key
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new_from_slice(key).expect("32 bytes are an AES-256 key")
}

fn failed(path: &Path, source: io::Error) -> BackupKeyError {
    BackupKeyError::File { path: path.to_owned(), source }
}
