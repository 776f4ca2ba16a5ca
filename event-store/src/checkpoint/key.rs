//! The key that signs checkpoints, and the public key that verifies them. Both are one line of text in the usual form of signed
//! notes: `PRIVATE+KEY+<name>+<hash>+<base64>` and `<name>+<hash>+<base64>`. A private key that was made before its log, for several
//! desks that sign with one, is 64 hexadecimal digits; its name is then the log's.
//!
//! Invariant: the secret is never printed, and is wiped from memory when dropped.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Checkpoint;
use crate::{
    port::Identity,
    private_file::{create_private_file, read_private_file, secret_of},
};

/// Ed25519's algorithm number in signed notes.
const ED25519: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";

/// A key's hash; also the first bytes of its signatures.
pub(super) type KeyHash = [u8; 4];

/// Why a key could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("key file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The I/O error.
        #[source]
        source: io::Error,
    },
    /// The file has the secret alone, and no log is known that it would be named by.
    #[error("key file {path} holds a secret without a name, which only desk can give it")]
    Nameless {
        /// Which file.
        path: PathBuf,
    },
    /// The file does not contain such a key.
    #[error("key file {path} holds no {expected}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// The expected content.
        expected: &'static str,
    },
}

/// The text is not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is one line: <name>+<hash>+<base64>")]
pub struct NotAPublicKey;

/// The private key.
pub struct CheckpointKey {
    secret: SigningKey,
    public: PublicKey,
}

impl CheckpointKey {
    /// A new random key for a log.
    #[must_use]
    pub fn generate(log: Identity) -> Self {
        let secret = Zeroizing::new(rand::random::<[u8; 32]>());
        Self::new(Checkpoint::origin(log), &secret)
    }

    fn new(name: String, secret: &[u8; 32]) -> Self {
        let secret = SigningKey::from_bytes(secret);
        Self { public: PublicKey { name, key: secret.verifying_key() }, secret }
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// The file cannot be read or does not contain a private key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::from_text(path, None)
    }

    fn from_text(path: &Path, log: Option<Identity>) -> Result<Self, KeyError> {
        let text = read_private_file(path).map_err(|source| failed(path, source))?;
        let mut secret = Zeroizing::new([0; 32]);
        if hex::decode_to_slice(text.trim(), secret.as_mut_slice()).is_ok() {
            let log = log.ok_or_else(|| KeyError::Nameless { path: path.to_owned() })?;
            return Ok(Self::new(Checkpoint::origin(log), &secret));
        }
        let expected = "private key for checkpoints (PRIVATE+KEY+<name>+<hash>+<base64>)";
        Self::parse(&text).ok_or_else(|| KeyError::Malformed { path: path.to_owned(), expected })
    }

    /// Reads the key with which this log is signed from a file; there it may also be the secret alone, in hexadecimal digits.
    ///
    /// # Errors
    /// The file cannot be read or does not contain a private key.
    pub fn read_for(path: &Path, log: Identity) -> Result<Self, KeyError> {
        Self::from_text(path, Some(log))
    }

    /// Reads the key from a file, or creates one for this log there with mode 0600. Returns whether it was created.
    ///
    /// # Errors
    /// The file cannot be read or written, or does not contain a private key.
    pub fn read_or_create(path: &Path, log: Identity) -> Result<(Self, bool), KeyError> {
        match create_private_file(path, Self::generate(log).line().as_bytes()) {
            Ok(()) => Self::read(path).map(|key| (key, true)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::read_for(path, log).map(|key| (key, false))
            }
            Err(source) => Err(failed(path, source)),
        }
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key's hash and the signature.
    pub(super) fn signature(&self, text: &[u8]) -> Vec<u8> {
        let signature = self.secret.sign(text).to_bytes();
        [self.public.hash().as_slice(), &signature].concat()
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, hash, key) = parse_line(text.trim().strip_prefix(PRIVATE)?)?;
        let key = Self::new(name, &key);
        (key.public.hash() == hash).then_some(key)
    }

    fn line(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(self.secret.to_bytes());
        Zeroizing::new(format!("{PRIVATE}{}", line(&self.public.name, self.public.hash(), &secret)))
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointKey({})", self.public)
    }
}

/// The public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads it from a file with the public or the private key.
    ///
    /// # Errors
    /// The file cannot be read or does not hold a key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|source| failed(path, source))?;
        let expected = "public key for checkpoints (<name>+<hash>+<base64>; `desk keys` prints it)";
        let text = secret_of(&text);
        let key = text.parse().ok().or_else(|| CheckpointKey::parse(text).map(|key| key.public));
        key.ok_or_else(|| KeyError::Malformed { path: path.to_owned(), expected })
    }

    /// The key's name: the origin of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key hash that its signatures begin with.
    pub(super) fn hash(&self) -> KeyHash {
        let hash =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key.as_bytes());
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        [a, b, c, d]
    }

    /// Whether `signed`, the key hash and a signature, is valid for a text.
    pub(super) fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let signature = signature.strip_prefix(&self.hash()).and_then(|rest| Signature::from_slice(rest).ok());
        signature.is_some_and(|signature| self.key.verify_strict(text, &signature).is_ok())
    }
}

impl FromStr for PublicKey {
    type Err = NotAPublicKey;

    fn from_str(text: &str) -> Result<Self, NotAPublicKey> {
        let (name, hash, key) = parse_line(text.trim()).ok_or(NotAPublicKey)?;
        let key = Self { name, key: VerifyingKey::from_bytes(&key).map_err(|_| NotAPublicKey)? };
        if key.hash() == hash { Ok(key) } else { Err(NotAPublicKey) }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(&self.name, self.hash(), self.key.as_bytes()))
    }
}

fn line(name: &str, hash: KeyHash, key: &[u8; 32]) -> String {
    let typed = Zeroizing::new([&[ED25519], key.as_slice()].concat());
    format!("{name}+{}+{}", hex::encode(hash), BASE64_STANDARD.encode(&*typed))
}

/// Base64 may contain `+`, so everything after the second one is the key.
fn parse_line(line: &str) -> Option<(String, KeyHash, Zeroizing<[u8; 32]>)> {
    let mut parts = line.splitn(3, '+');
    let (name, hash, key) = (parts.next()?, parts.next()?, parts.next()?);
    let hash = hex::decode(hash).ok()?.try_into().ok()?;
    let typed = Zeroizing::new(BASE64_STANDARD.decode(key).ok()?);
    let key = Zeroizing::new(typed.strip_prefix(&[ED25519])?.try_into().ok()?);
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then(|| (name.to_owned(), hash, key))
}

fn failed(path: &Path, source: io::Error) -> KeyError {
    KeyError::File { path: path.to_owned(), source }
}
