//! The keys that identity tokens are signed with: a JWK set (RFC 7517) in a file, several at a time so that they can be
//! exchanged one by one.
//!
//! Invariant: a key has one name, one algorithm and a good length, or `desk` does not start.

use std::{io, path::Path};

use event_store::private_file::read_private_file;
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::IdentityTokenError;

/// The shortest secret for HS256, in bytes (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;
/// RSA moduli, in bytes: at least 2,048 bits (RFC 7518, 3.3), at most 4,096, so that checking one signature stays cheap.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// Exactly this many are a point of Ed25519.
const POINT_BYTES: usize = 32;
/// The longest name of a key, in bytes.
const MAX_KID_BYTES: usize = 255;

/// Why a file of keys cannot be used. It tells nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum IdentityKeysError {
    /// It cannot be read, or everybody on this machine can.
    #[error("identity_keys_file {0} cannot be read")]
    Unreadable(String, #[source] io::Error),
    /// It is no JWK set.
    #[error(
        "identity_keys_file is no JWK set: it must be like {{\"keys\":[{{\"kty\":\"oct\",\"kid\":\"…\",\"alg\":\"HS256\",\"k\":\"…\"}}]}}"
    )]
    Malformed,
    /// One of its keys cannot be used.
    #[error("key {0} of identity_keys_file {1}")]
    Key(usize, &'static str),
}

/// A key under its own algorithm.
#[derive(Clone)]
pub(super) struct IdentityKey {
    kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// All of them; none where the shop gives out no tokens.
#[derive(Clone, Default)]
pub struct IdentityKeys(Vec<IdentityKey>);

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Map<String, Value>>,
}

impl IdentityKeys {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, is open to everybody, or has a key that cannot be used.
    pub fn read(path: &Path) -> Result<Self, IdentityKeysError> {
        let shown = path.display().to_string();
        let failed = |error| IdentityKeysError::Unreadable(shown, error);
        Self::parse(read_private_file(path).map_err(failed)?.as_bytes())
    }

    /// Parses a JWK set.
    ///
    /// # Errors
    /// It is none, or has a key that cannot be used.
    pub fn parse(json: &[u8]) -> Result<Self, IdentityKeysError> {
        let set: KeySet = serde_json::from_slice(json).map_err(|_| IdentityKeysError::Malformed)?;
        let mut keys: Vec<IdentityKey> = Vec::new();
        for (place, stored) in set.keys.into_iter().enumerate() {
            let key = IdentityKey::parse(stored).map_err(|what| IdentityKeysError::Key(place + 1, what))?;
            if keys.iter().any(|other| other.kid == key.kid) {
                return Err(IdentityKeysError::Key(place + 1, "has the kid of another"));
            }
            keys.push(key);
        }
        Ok(Self(keys))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn find(&self, kid: &str) -> Result<&IdentityKey, IdentityTokenError> {
        self.0.iter().find(|key| key.kid == kid).ok_or(IdentityTokenError::UnknownKey)
    }
}

impl IdentityKey {
    fn parse(stored: Map<String, Value>) -> Result<Self, &'static str> {
        let text = |name: &str| stored.get(name).and_then(Value::as_str).map(str::to_owned);
        let kid = text("kid").filter(|kid| !kid.is_empty() && kid.len() <= MAX_KID_BYTES);
        let kid = kid.ok_or("needs a kid of 1 to 255 bytes")?;
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return Err("is not for signatures (use)");
        }
        if stored.contains_key("d") {
            return Err("is a private key: give only its public half, without d");
        }
        let algorithm = match text("alg").as_deref() {
            Some("HS256") => Algorithm::HS256,
            Some("RS256") => Algorithm::RS256,
            Some("EdDSA") => Algorithm::EdDSA,
            Some(_) | None => return Err("needs an alg: HS256, RS256 or EdDSA"),
        };
        let jwk: Jwk = serde_json::from_value(Value::Object(stored)).map_err(|_| "is no JWK")?;
        Ok(Self { kid, algorithm, decoding: decoding_key(algorithm, &jwk)? })
    }
}

fn decoding_key(algorithm: Algorithm, jwk: &Jwk) -> Result<DecodingKey, &'static str> {
    let fits = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::OctetKey(_), Algorithm::HS256) | (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
        (AlgorithmParameters::OctetKeyPair(pair), Algorithm::EdDSA) => pair.curve == EllipticCurve::Ed25519,
        _other => false,
    };
    if !fits {
        return Err("is not of the kind (kty, crv) that its alg needs: oct, RSA, or OKP with Ed25519");
    }
    let key = DecodingKey::from_jwk(jwk).map_err(|_| "is not in base64url without padding")?;
    if is_long_enough(algorithm, &key) {
        Ok(key)
    } else {
        Err("has a length that its alg does not allow: \
        at least 32 bytes for HS256, 2048 to 4096 bits for RS256, 32 bytes for EdDSA")
    }
}

fn is_long_enough(algorithm: Algorithm, key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::SecretOrDer(bytes) if algorithm == Algorithm::EdDSA => bytes.len() == POINT_BYTES,
        DecodingKeyKind::SecretOrDer(secret) => secret.len() >= MIN_SECRET_BYTES,
        DecodingKeyKind::RsaModulusExponent { n, .. } => MODULUS_BYTES.contains(&significant(n)),
    }
}

fn significant(number: &[u8]) -> usize {
    number.iter().skip_while(|byte| **byte == 0).count()
}
