//! A shop that signs identity tokens, with one key of each kind. The keys are made for the tests and guard nothing.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use uuid::Uuid;

/// The default audience of the settings.
pub const AUDIENCE: &str = "fiido-desk";

/// A 2,048-bit key in PKCS#1.
const RSA: &str = include_str!("identity/rsa.hex");
/// The PKCS#8 header before an Ed25519 seed.
const ED25519_HEADER: &str = "302e020100300506032b657004220420";

/// A key of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A secret that both sides hold.
    Secret,
    /// RSA.
    Rsa,
    /// Ed25519.
    Ed25519,
}

impl Key {
    /// One of each kind.
    pub const ALL: [Self; 3] = [Self::Secret, Self::Rsa, Self::Ed25519];

    /// Its name.
    #[must_use]
    pub fn kid(self) -> &'static str {
        match self {
            Self::Secret => "shop-secret",
            Self::Rsa => "shop-rsa",
            Self::Ed25519 => "shop-ed25519",
        }
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Secret => Algorithm::HS256,
            Self::Rsa => Algorithm::RS256,
            Self::Ed25519 => Algorithm::EdDSA,
        }
    }

    /// Its private half.
    #[must_use]
    pub fn encoding(self) -> EncodingKey {
        let bytes = |hex: &str| hex::decode(hex.split_whitespace().collect::<String>()).expect("it is hexadecimal");
        match self {
            Self::Secret => EncodingKey::from_secret(&[0x5e; 32]),
            Self::Rsa => EncodingKey::from_rsa_der(&bytes(RSA)),
            Self::Ed25519 => EncodingKey::from_ed_der(&bytes(&format!("{ED25519_HEADER}{}", "d5".repeat(32)))),
        }
    }

    /// Its public key, or the shared secret, as `desk` is given it.
    #[must_use]
    pub fn jwk(self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.encoding(), self.algorithm()).expect("the key is good");
        jwk.common.key_id = Some(self.kid().to_owned());
        serde_json::to_value(jwk).expect("a key is JSON")
    }

    /// The header of its tokens.
    #[must_use]
    pub fn header(self) -> Header {
        Header { kid: Some(self.kid().to_owned()), ..Header::new(self.algorithm()) }
    }

    /// A token with these claims.
    #[must_use]
    pub fn sign(self, claims: &Value) -> String {
        sign(&self.header(), claims, &self.encoding())
    }
}

/// A token with any header and key.
#[must_use]
pub fn sign(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).expect("claims can be signed")
}

/// An arbitrary token with this header, claims and signature.
#[must_use]
pub fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.{}", part(header.to_string().as_bytes()), part(claims.to_string().as_bytes()), part(signature))
}

/// Valid claims with a fresh `jti`.
#[must_use]
pub fn claims(sub: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({"aud": AUDIENCE, "sub": sub, "iat": now, "exp": now + 300, "jti": Uuid::new_v4()})
}

/// The same claims with changes; `null` removes a claim.
#[must_use]
pub fn with(mut claims: Value, changes: &Value) -> Value {
    let (object, changes) = (claims.as_object_mut().expect("an object"), changes.as_object().expect("an object"));
    for (name, value) in changes {
        match value {
            Value::Null => drop(object.remove(name)),
            value => drop(object.insert(name.clone(), value.clone())),
        }
    }
    claims
}

/// The file of keys that the desk reads.
#[must_use]
pub fn key_set() -> Value {
    json!({"keys": Key::ALL.map(Key::jwk)})
}

/// Writes it with mode 0640.
///
/// # Panics
/// The folder cannot be written.
pub fn write_keys(path: &Path) {
    std::fs::write(path, key_set().to_string()).expect("the folder can be written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    std::fs::set_permissions(path, mode).expect("its owner may change it");
}
