//! Tokens of staff: a short-lived access token, and a refresh token that is exchanged for the next pair.
//!
//! Invariants: a token says who, never what one may do: permissions are looked up at every use. The algorithm is fixed, never
//! taken from the token, and each kind of token has an audience of its own.

use std::fmt;

use domain::{AgentId, DeviceId, SignInId, agent::SignIn};
use hkdf::Hkdf;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long an access token is good (design 9).
pub const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// The longest token that is looked at: ours have about 400 bytes.
const MAX_BYTES: usize = 4_096;
const ACCESS: &str = "desk-staff";
const REFRESH: &str = "desk-staff-refresh";

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who.
    pub agent: AgentId,
    /// By which sign-in.
    pub sign_in: SignInId,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshClaims {
    /// Who.
    pub agent: AgentId,
    /// Of which sign-in.
    pub sign_in: SignInId,
    /// Which of its tokens, from 0.
    pub number: u32,
    /// The device that it was given to.
    pub device: Option<DeviceId>,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It was good once.
    Expired,
    /// It is not one of ours.
    Invalid,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    num: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dev: Option<Uuid>,
}

/// Signs with the newest key and checks with any of them.
pub struct StaffTokens {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl StaffTokens {
    /// Tokens under these secrets, the first of which signs.
    #[must_use]
    pub fn new(secrets: &[Vec<u8>]) -> Self {
        Self { keys: secrets.iter().map(|secret| Key::derived(secret)).collect() }
    }

    /// The token that opens routes for a sign-in.
    #[must_use]
    pub fn access(&self, agent: AgentId, sign_in: SignInId, now: Timestamp) -> String {
        let (iat, exp) = (now.as_second(), now.as_second() + ACCESS_LIFETIME.as_secs());
        self.sign(&Claims { aud: ACCESS.into(), sub: agent.0, sid: sign_in.0, iat, exp, num: None, dev: None })
    }

    /// The refresh token of a sign-in as it is: asked again, the same token.
    #[must_use]
    pub fn refresh(&self, agent: AgentId, sign_in: SignInId, state: &SignIn) -> String {
        self.sign(&Claims {
            aud: REFRESH.into(),
            sub: agent.0,
            sid: sign_in.0,
            iat: state.renewed_at.as_second(),
            exp: state.expires_at.as_second(),
            num: Some(state.number),
            dev: state.device.map(|device| device.0),
        })
    }

    /// What an access token says.
    ///
    /// # Errors
    /// It has expired or is not ours.
    pub fn check_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        let claims = self.check(token, ACCESS, now)?;
        let expires_at = Timestamp::from_second(claims.exp).map_err(|_| TokenError::Invalid)?;
        Ok(AccessClaims { agent: AgentId(claims.sub), sign_in: SignInId(claims.sid), expires_at })
    }

    /// What a refresh token says.
    ///
    /// # Errors
    /// It has expired or is not ours.
    pub fn check_refresh(&self, token: &str, now: Timestamp) -> Result<RefreshClaims, TokenError> {
        let claims = self.check(token, REFRESH, now)?;
        let number = claims.num.ok_or(TokenError::Invalid)?;
        let (agent, sign_in) = (AgentId(claims.sub), SignInId(claims.sid));
        Ok(RefreshClaims { agent, sign_in, number, device: claims.dev.map(DeviceId) })
    }

    fn sign(&self, claims: &Claims) -> String {
        let key = self.keys.first().expect("there is at least one key");
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, claims, &key.encoding).expect("claims of ids and numbers can be signed")
    }

    fn check(&self, token: &str, audience: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key = self.keys.iter().find(|key| Some(&key.id) == header.kid.as_ref()).ok_or(TokenError::Invalid)?;
        let checked = decode::<Claims>(token, &key.decoding, &validation(audience));
        let claims = checked.map_err(|_| TokenError::Invalid)?.claims;
        if claims.exp < now.as_second() { Err(TokenError::Expired) } else { Ok(claims) }
    }
}

/// All but the time, which is the caller's to say.
fn validation(audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "aud", "sub"]);
    validation.validate_exp = false;
    validation
}

impl Key {
    /// Staff's own key of a secret, so that no other kind of token under it is ever taken for one of staff.
    fn derived(secret: &[u8]) -> Self {
        let mut key = zeroize::Zeroizing::new([0; 32]);
        let expanded = Hkdf::<Sha256>::new(None, secret).expand(b"fiido-desk/staff-token/1", &mut *key);
        expanded.expect("32 bytes are one HKDF block");
        let id = hex::encode(&Sha256::digest(*key)[..8]);
        Self { id, encoding: EncodingKey::from_secret(&*key), decoding: DecodingKey::from_secret(&*key) }
    }
}

impl fmt::Debug for StaffTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaffTokens(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AGENT: AgentId = AgentId(Uuid::from_u128(1));
    const SIGN_IN: SignInId = SignInId(Uuid::from_u128(2));
    const NOW: Timestamp = Timestamp::constant(1_795_651_200, 0);

    fn tokens(secrets: &[u8]) -> StaffTokens {
        StaffTokens::new(&secrets.iter().map(|n| vec![*n; 32]).collect::<Vec<_>>())
    }

    fn state() -> SignIn {
        let expires_at = NOW + SignedDuration::from_hours(1);
        let device = Some(DeviceId(Uuid::from_u128(3)));
        SignIn { device, since: NOW, number: 4, renewed_at: NOW, expires_at, exchanged: Vec::new() }
    }

    #[test]
    fn access_and_refresh_tokens_round_trip_and_are_not_interchangeable() {
        let tokens = tokens(&[7]);
        let (access, refresh) = (tokens.access(AGENT, SIGN_IN, NOW), tokens.refresh(AGENT, SIGN_IN, &state()));
        let said = tokens.check_access(&access, NOW).expect("good");
        assert_eq!((said.agent, said.sign_in), (AGENT, SIGN_IN));
        let device = state().device;
        assert_eq!(
            tokens.check_refresh(&refresh, NOW),
            Ok(RefreshClaims { agent: AGENT, sign_in: SIGN_IN, number: 4, device })
        );
        assert_eq!(tokens.check_access(&refresh, NOW), Err(TokenError::Invalid));
        assert_eq!(tokens.check_refresh(&access, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_of_a_replaced_key_is_accepted_and_one_of_a_removed_key_is_refused() {
        let old = tokens(&[1]).access(AGENT, SIGN_IN, NOW);
        assert!(tokens(&[2, 1]).check_access(&old, NOW).is_ok());
        assert_eq!(tokens(&[2]).check_access(&old, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_expires_when_its_lifetime_is_over() {
        let issued_at = NOW - ACCESS_LIFETIME;
        let tokens = tokens(&[7]);
        let still_good = tokens.access(AGENT, SIGN_IN, issued_at);
        assert!(tokens.check_access(&still_good, NOW).is_ok());
        assert_eq!(
            tokens.check_access(&tokens.access(AGENT, SIGN_IN, issued_at - SignedDuration::from_secs(1)), NOW),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn tokens_with_alg_none_another_algorithm_or_a_foreign_key_are_refused() {
        let tokens = tokens(&[7]);
        let good = tokens.access(AGENT, SIGN_IN, NOW);
        let (_, rest) = good.split_once('.').expect("three parts");
        let (claims, _) = rest.split_once('.').expect("three parts");
        let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
        assert_eq!(tokens.check_access(&none, NOW), Err(TokenError::Invalid));
        let now = NOW.as_second();
        let forged =
            Claims { aud: ACCESS.into(), sub: AGENT.0, sid: SIGN_IN.0, iat: now, exp: now + 60, num: None, dev: None };
        let (own, foreign) = (&tokens.keys[0].encoding, EncodingKey::from_secret(b"wrong"));
        let named = |algorithm| Header { kid: Some(tokens.keys[0].id.clone()), ..Header::new(algorithm) };
        let signed = |header: &Header, key: &EncodingKey| {
            tokens.check_access(&encode(header, &forged, key).expect("signs"), NOW)
        };
        assert!(signed(&named(Algorithm::HS256), own).is_ok());
        let too_long = Header { typ: Some("x".repeat(MAX_BYTES)), ..named(Algorithm::HS256) };
        for (header, key) in [
            (named(Algorithm::HS256), &foreign),
            (named(Algorithm::HS512), own),
            (Header::new(Algorithm::HS256), own),
            (too_long, own),
        ] {
            assert_eq!(signed(&header, key), Err(TokenError::Invalid), "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_no_token(text: String) {
            prop_assert!(tokens(&[7]).check_access(&text, NOW).is_err());
        }

        #[test]
        fn a_token_with_a_changed_byte_is_refused(at: prop::sample::Index, to in b'0'..=b'z') {
            let tokens = tokens(&[7]);
            let good = tokens.access(AGENT, SIGN_IN, NOW);
            let mut bytes = good.clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            // The last character of the signature has bits that say nothing.
            prop_assume!(at + 1 != bytes.len());
            bytes[at] = to;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(tokens.check_access(&changed, NOW).is_err(), "{} at {}", changed, at);
            }
        }
    }
}
