//! The shop's identity tokens: short-lived JWTs that say which of the shop's customers a visitor is.
//!
//! Invariants: a key is used with its own algorithm only, whatever a token's header says; nothing of a token is in an error
//! or a log line; what comes out is parsed, and says everything that design 8 asks for. What a token may lack keeps nobody out.

mod keys;

use actix_web::http::StatusCode;
use commands::customers::TokenId;
use domain::{
    customer::{command::Identity, event::Profile},
    text::{
        EmailAddress, PersonName, ShopCustomerId, TextError,
        form::{beginning, is_invisible},
    },
};
use jiff::Timestamp;
use jsonwebtoken::{Validation, errors::ErrorKind};
use serde_json::{Map, Value};

pub use keys::{IdentityKeys, IdentityKeysError};

use crate::{problem::Problem, request::request_id};

/// The longest token, in bytes: claims of the greatest lengths that are taken are some 5 kB with their signature.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The longest a token may still live, in seconds (design 8: 10 min).
const MAX_LIFE_S: f64 = 600.0;
/// How far the shop's clock and ours may differ, in seconds.
const LEEWAY_S: f64 = 60.0;
/// The longest `jti`, in characters.
const MAX_JTI_CHARS: usize = 255;

/// Why a token is not taken. It names claims, never their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityTokenError {
    /// It is longer than any good one.
    #[error("it has more than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// It has not three parts, or its header is not one of ours.
    #[error("it is no JWT that is signed with HS256, RS256 or EdDSA")]
    Malformed,
    /// Its header does not name a key.
    #[error("its header names no key (kid)")]
    NoKey,
    /// Nobody here has that key.
    #[error("its key (kid) is not one of identity_keys_file")]
    UnknownKey,
    /// The header's algorithm is not the key's.
    #[error("its algorithm (alg) is not that of its key (kid)")]
    WrongAlgorithm,
    /// Its header asks for something that we do not know (RFC 7515, 4.1.11).
    #[error("its header has critical extensions (crit)")]
    Critical,
    /// Signed with another key, or changed since.
    #[error("its signature is wrong")]
    WrongSignature,
    /// Its claims are no JSON object.
    #[error("its claims are no JSON object")]
    NoClaims,
    /// A claim that must be there is not.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// A claim is of another type than it must be.
    #[error("the claim {0} must be {1}")]
    Type(&'static str, &'static str),
    /// A claim's text is not taken.
    #[error("the claim {0} {1}")]
    Text(&'static str, TextError),
    /// It is for somebody else.
    #[error("it is for another audience (aud)")]
    WrongAudience,
    /// Its time is over.
    #[error("it has expired (exp)")]
    Expired,
    /// It would live too long.
    #[error("it expires more than 10 minutes from now (exp)")]
    ExpiresTooLate,
    /// It is of a time to come.
    #[error("the claim {0} lies in the future")]
    InTheFuture(&'static str),
}

impl From<IdentityTokenError> for Problem {
    fn from(error: IdentityTokenError) -> Self {
        let detail = format!("the identity token cannot be taken: {error}");
        Self::new(StatusCode::UNAUTHORIZED, "IDENTITY_TOKEN_INVALID", detail)
    }
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodToken {
    /// Who the visitor is.
    pub identity: Identity,
    /// Which token it is: it is good once.
    pub id: TokenId,
}

/// Checks identity tokens.
pub struct IdentityTokens {
    audience: String,
    keys: IdentityKeys,
}

impl IdentityTokens {
    /// Tokens for this audience, signed with one of these keys.
    #[must_use]
    pub fn new(audience: String, keys: IdentityKeys) -> Self {
        Self { audience, keys }
    }

    /// What a token says, if it is good now. Whether it was used before is for the log to say.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<GoodToken, IdentityTokenError> {
        let claims = Claims(self.signed_claims(token)?);
        self.check_audience(&claims)?;
        claims.check_times(now)?;
        let id = TokenId { audience: self.audience.clone(), jti: claims.jti()? };
        Ok(GoodToken { identity: claims.identity()?, id })
    }

    fn signed_claims(&self, token: &str) -> Result<Map<String, Value>, IdentityTokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(IdentityTokenError::TooLong);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdentityTokenError::Malformed)?;
        let key = self.keys.find(&header.kid.ok_or(IdentityTokenError::NoKey)?)?;
        if header.alg != key.algorithm {
            return Err(IdentityTokenError::WrongAlgorithm);
        }
        if header.crit.is_some() {
            return Err(IdentityTokenError::Critical);
        }
        let claims = jsonwebtoken::decode(token, &key.decoding, &signature_alone(key.algorithm));
        claims.map(|good| good.claims).map_err(|error| match error.kind() {
            ErrorKind::Json(_) | ErrorKind::Utf8(_) => IdentityTokenError::NoClaims,
            _other => IdentityTokenError::WrongSignature,
        })
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), IdentityTokenError> {
        let is_ours = |value: &Value| value.as_str() == Some(&self.audience);
        let is_for_us = match claims.required("aud")? {
            Value::Array(several) => several.iter().any(is_ours),
            one => is_ours(one),
        };
        if is_for_us { Ok(()) } else { Err(IdentityTokenError::WrongAudience) }
    }
}

/// The claims are checked here, where each error has its own name.
fn signature_alone(algorithm: jsonwebtoken::Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

struct Claims(Map<String, Value>);

impl Claims {
    /// `null` is as if it were not there.
    fn optional(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn required(&self, name: &'static str) -> Result<&Value, IdentityTokenError> {
        self.optional(name).ok_or(IdentityTokenError::Missing(name))
    }

    fn check_times(&self, now: Timestamp) -> Result<(), IdentityTokenError> {
        let now = now.as_duration().as_secs_f64();
        let expires_at = self.time("exp")?.ok_or(IdentityTokenError::Missing("exp"))?;
        if expires_at + LEEWAY_S < now {
            return Err(IdentityTokenError::Expired);
        }
        if expires_at > now + MAX_LIFE_S + LEEWAY_S {
            return Err(IdentityTokenError::ExpiresTooLate);
        }
        for name in ["nbf", "iat"] {
            if self.time(name)?.is_some_and(|begins_at| begins_at > now + LEEWAY_S) {
                return Err(IdentityTokenError::InTheFuture(name));
            }
        }
        Ok(())
    }

    /// Seconds since 1970, with or without a fraction (RFC 7519, 2).
    fn time(&self, name: &'static str) -> Result<Option<f64>, IdentityTokenError> {
        let wrong = IdentityTokenError::Type(name, "a number of seconds");
        self.optional(name).map(|value| value.as_f64().filter(|time| time.is_finite()).ok_or(wrong)).transpose()
    }

    fn jti(&self) -> Result<String, IdentityTokenError> {
        let wrong = IdentityTokenError::Type("jti", "a text of 1 to 255 characters");
        let jti = self.required("jti")?.as_str().ok_or(wrong)?;
        if jti.is_empty() || jti.chars().count() > MAX_JTI_CHARS { Err(wrong) } else { Ok(jti.to_owned()) }
    }

    fn identity(&self) -> Result<Identity, IdentityTokenError> {
        let profile = Profile {
            sub: self.sub()?,
            email: self.optional_claim("email", |value| EmailAddress::parse(&tidied(value)?).ok()),
            name: self.optional_claim("name", |value| {
                PersonName::parse(beginning(&tidied(value)?, PersonName::MAX_CHARS)).ok()
            }),
        };
        Ok(Identity { profile, vip: self.optional_claim("vip", Value::as_bool).unwrap_or(false) })
    }

    /// Taken as it stands: two names that differ in white space alone are two customers. A whole number is its digits, as shops
    /// with numbered customers write it.
    fn sub(&self) -> Result<ShopCustomerId, IdentityTokenError> {
        let wrong = IdentityTokenError::Type("sub", "a text of 1 to 255 characters without white space around it");
        let sub = match self.required("sub")? {
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            other => other.as_str().ok_or(wrong)?.to_owned(),
        };
        let parsed = ShopCustomerId::parse(&sub).map_err(|error| IdentityTokenError::Text("sub", error))?;
        if parsed.as_str() == sub { Ok(parsed) } else { Err(wrong) }
    }

    /// A claim that the token may lack. What cannot be kept of it is dropped: the customer comes in all the same.
    fn optional_claim<T>(&self, name: &'static str, take: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.optional(name)?;
        let kept = take(value);
        // Shops write an empty text where they know nothing.
        if kept.is_none() && value.as_str().is_none_or(|text| !text.trim().is_empty()) {
            tracing::warn!(request.id = %request_id(), claim = name, "a claim of an identity token cannot be kept and is dropped");
        }
        kept
    }
}

/// A text as one line, without marks that turn the direction of writing; shops copy both out of forms.
fn tidied(value: &Value) -> Option<String> {
    let visible = value.as_str()?.chars().filter(|c| *c == '\u{2028}' || *c == '\u{2029}' || !is_invisible(*c));
    let spaced: String = visible.map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    Some(spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}
