//! The JWT that a token is asked for with: RS256, for one use.
//!
//! Invariant: no two are the same, for Coze refuses one that it has seen.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, errors::Error};
use serde::Serialize;

/// Set back so that a clock which runs ahead of Coze's signs nothing "in the future".
const BACK_DATED_S: i64 = 30;
/// How long it may travel. Coze's own clients give it an hour; it is used at once.
const VALID_S: i64 = 600;
/// Coze asks for at least 32 bytes.
const JTI_BYTES: usize = 32;

/// Signs as an OAuth app.
pub(super) struct Signer {
    header: Header,
    key: EncodingKey,
    client_id: String,
    audience: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    session_name: &'a str,
}

impl Signer {
    /// Signs with a key in PEM; `audience` is the bare host of the base URL.
    pub(super) fn new(client_id: String, key_id: String, key: &str, audience: String) -> Result<Self, Error> {
        let header = Header { kid: Some(key_id), ..Header::new(Algorithm::RS256) };
        let key = EncodingKey::from_rsa_pem(key.trim().as_bytes())?;
        let signer = Self { header, key, client_id, audience };
        // PEM may hold anything: what cannot sign is found here and not by a customer.
        signer.sign("", Timestamp::UNIX_EPOCH)?;
        Ok(signer)
    }

    /// A fresh JWT in the name of a session.
    pub(super) fn sign(&self, session_name: &str, now: Timestamp) -> Result<String, Error> {
        let now = now.as_second();
        let claims = Claims {
            iss: &self.client_id,
            aud: &self.audience,
            iat: now - BACK_DATED_S,
            exp: now + VALID_S,
            jti: hex::encode(rand::random::<[u8; JTI_BYTES]>()),
            session_name,
        };
        encode(&self.header, &claims, &self.key)
    }
}
