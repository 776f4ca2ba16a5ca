//! The master key: 32 random bytes that wrap every data key. It comes from a file and is never printed.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use crate::{
    private_file::{create_private_file, read_private_file},
    vault::seal::DataKey,
};

const NONCE: usize = 12;

/// Wraps data keys.
pub struct MasterKey(Aes256Gcm);

/// Why the master key could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or written.
    #[error("master key file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The I/O error.
        #[source]
        source: io::Error,
    },
    /// The file does not contain a key.
    #[error("master key file {0} must hold 64 hexadecimal digits")]
    Malformed(PathBuf),
}

impl MasterKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_secret(&rand::random())
    }

    fn from_secret(secret: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new_from_slice(secret).expect("32 bytes are an AES-256 key"))
    }

    /// Parses 64 hexadecimal digits; white space around them is allowed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *secret).ok()?;
        Some(Self::from_secret(&secret))
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// The file cannot be read, can be read by everybody, or does not hold a key.
    pub fn read(path: &Path) -> Result<Self, MasterKeyError> {
        let text = read_private_file(path).map_err(|source| failed(path, source))?;
        Self::parse(&text).ok_or_else(|| MasterKeyError::Malformed(path.to_owned()))
    }

    /// Reads the key from a file, or makes one there with mode 0600. Returns whether it was made.
    ///
    /// # Errors
    /// The file cannot be read or written, or does not hold a key.
    pub fn read_or_create(path: &Path) -> Result<(Self, bool), MasterKeyError> {
        let secret = Zeroizing::new(hex::encode(Zeroizing::new(rand::random::<[u8; 32]>())));
        match create_private_file(path, secret.as_bytes()) {
            Ok(()) => Self::read(path).map(|key| (key, true)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path).map(|key| (key, false)),
            Err(source) => Err(failed(path, source)),
        }
    }

    pub(crate) fn wrap(&self, key: &DataKey, key_id: &str) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: key.secret(), aad: key_id.as_bytes() };
        let mut wrapped = nonce.to_vec();
        wrapped.extend(self.0.encrypt(&nonce.into(), payload).expect("AES-GCM seals 32 bytes"));
        wrapped
    }

    pub(crate) fn unwrap(&self, wrapped: &[u8], key_id: &str) -> Option<DataKey> {
        let (nonce, ciphertext) = wrapped.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: ciphertext, aad: key_id.as_bytes() };
        let plain = Zeroizing::new(self.0.decrypt(&nonce.into(), payload).ok()?);
        let mut secret = Zeroizing::new([0; 32]);
        (plain.len() == secret.len()).then(|| secret.copy_from_slice(&plain))?;
        Some(DataKey::from_secret(secret))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

fn failed(path: &Path, source: io::Error) -> MasterKeyError {
    MasterKeyError::File { path: path.to_owned(), source }
}
