//! Visitor tokens: a customer is whoever holds one. A JWT of 180 days in a cookie and a header, renewed as it is used.
//!
//! Invariants: the token says who acts; nothing in a body ever does, but for `compat_legacy_sessions`, where a name opens its
//! one session to a caller without a token. The token of a visitor that has left opens nothing.

use std::sync::Arc;

use actix_web::{
    cookie::{Cookie, SameSite, time},
    http::header::{self, HeaderMap},
};
use commands::Customers;
use domain::VisitorId;
use event_store::Clock;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    problem::Problem,
    request::request_id,
    visitor_revocation::{Issued, VisitorRevocation},
};

/// What begins the name of each desk's cookie, and was once the name of all: a token in a cookie of this very name is taken, and
/// the cookie is replaced by one of the desk's own name.
pub const COOKIE: &str = "desk_visitor";
/// Seconds that a token lasts (design 8: 180 days).
const LIFETIME_S: i64 = 180 * 24 * 3600;
/// A token older than this is renewed: once a day is enough to slide.
const RENEW_AFTER_S: i64 = 24 * 3600;
const AUDIENCE: &str = "desk-visitor";

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: Uuid,
    iat: i64,
    exp: i64,
    /// Whether the shop had named the visitor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    named: bool,
}

/// Signs and checks visitor tokens.
pub struct VisitorTokens {
    encoding: EncodingKey,
    decoding: Vec<DecodingKey>,
    validation: Validation,
}

/// A token to be handed out with the answer.
pub struct IssuedToken {
    /// The JWT.
    pub token: String,
}

impl IssuedToken {
    /// As a cookie that no script can read; over TLS no other host can set it either.
    #[must_use]
    pub fn cookie(&self, name: &CookieName, is_secure: bool) -> Cookie<'static> {
        cookie(name.at(is_secure), self.token.clone(), LIFETIME_S)
    }
}

/// Ends a cookie of this name.
#[must_use]
pub fn end_of_cookie(name: String) -> Cookie<'static> {
    cookie(name, String::new(), 0)
}

fn cookie(name: String, value: String, seconds: i64) -> Cookie<'static> {
    let max_age = time::Duration::seconds(seconds);
    Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Lax).max_age(max_age).finish()
}

/// The name of a desk's cookie. Browsers keep cookies by host and not by port, so two desks on one host need two names; the nodes
/// of one desk have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieName(String);

impl CookieName {
    /// The name at the desk with this log.
    #[must_use]
    pub fn of(log_id: Uuid) -> Self {
        let digits = Uuid::new_v5(&log_id, b"visitor cookie").as_fields().0;
        Self(format!("{COOKIE}_{digits:08x}"))
    }

    /// The name in a request over TLS, or over none: browsers take a name that begins with `__Host-` only over TLS, for this host
    /// alone and for every path.
    fn at(&self, is_secure: bool) -> String {
        if is_secure { format!("__Host-{}", self.0) } else { self.0.clone() }
    }

    /// The name before TLS was spoken, or before cookies over TLS had one of their own.
    #[must_use]
    pub fn plain(&self) -> String {
        self.at(false)
    }
}

/// The values of all cookies of a name, in the browser's order. What else it keeps for this host may be malformed, and is passed
/// over.
fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = headers.get_all(header::COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let named = pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='));
    named.filter(move |(key, _)| key.trim() == name).map(|(_, value)| value.trim().trim_matches('"'))
}

impl VisitorTokens {
    /// Signs with the first of these secrets and accepts all of them.
    #[must_use]
    pub fn new(secrets: &[Vec<u8>]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        // The time is the caller's to say.
        validation.validate_exp = false;
        let newest = secrets.first().expect("there is at least one key");
        let decoding = secrets.iter().map(|secret| DecodingKey::from_secret(secret)).collect();
        Self { encoding: EncodingKey::from_secret(newest), decoding, validation }
    }

    /// A token for a visitor, whom the shop has named or not.
    #[must_use]
    pub fn issue(&self, visitor: VisitorId, named: bool, now: Timestamp) -> IssuedToken {
        let iat = now.as_second();
        let claims = Claims { aud: AUDIENCE.to_owned(), sub: visitor.0, iat, exp: iat + LIFETIME_S, named };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        IssuedToken { token: token.expect("claims of ids and numbers can be signed") }
    }

    /// What a good token says.
    #[must_use]
    pub fn check(&self, token: &str, now: Timestamp) -> Option<GoodToken> {
        // No key is named in tokens from before there were several.
        let mut decoded = self.decoding.iter().map(|key| jsonwebtoken::decode::<Claims>(token, key, &self.validation));
        let claims = decoded.find_map(Result::ok)?.claims;
        let is_good = claims.exp >= now.as_second();
        is_good.then(|| GoodToken {
            visitor: VisitorId(claims.sub),
            is_old: now.as_second() - claims.iat > RENEW_AFTER_S,
            issued: Issued { second: claims.iat, is_named: claims.named },
        })
    }
}

/// What a good token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoodToken {
    /// Whose it is.
    pub visitor: VisitorId,
    /// Whether it is time to renew it.
    pub is_old: bool,
    /// When it was given out.
    pub issued: Issued,
}

/// A good token that came with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PresentedToken {
    pub(super) visitor: VisitorId,
    pub(super) is_old: bool,
    pub(super) issued: Issued,
    pub(super) source: TokenSource,
}

impl GoodToken {
    fn by(self, source: TokenSource) -> PresentedToken {
        let Self { visitor, is_old, issued } = self;
        PresentedToken { visitor, is_old, issued, source }
    }
}

/// How a token came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenSource {
    Bearer,
    /// Of the name that it would be given now.
    OwnCookie,
    /// Of the desk's name without `__Host-`, over TLS.
    PlainCookie,
    /// Of the name that all desks of a host once had.
    SharedCookie,
}

/// What visitors are known by.
pub struct Visitors {
    /// The use cases of customers.
    pub customers: Arc<Customers>,
    /// Signs and checks tokens.
    pub tokens: VisitorTokens,
    /// Says when tokens end.
    pub clock: Arc<dyn Clock>,
    /// Visitors who leave.
    pub revocation: Arc<VisitorRevocation>,
    /// What the cookie is called.
    pub cookie: CookieName,
    /// With `compat_legacy_sessions`: the log, by whose id the owners of names are made.
    pub legacy_log_id: Option<Uuid>,
}

impl Visitors {
    pub(super) fn by_bearer(&self, token: &str, now: Timestamp) -> Result<PresentedToken, Problem> {
        let checked = self.tokens.check(token, now).map(|token| token.by(TokenSource::Bearer));
        checked.ok_or_else(|| Problem::unauthorized("the visitor token is invalid or has expired"))
    }

    /// By the first cookie that is good: another program of the host, or another path of it, may have set one of our name.
    pub(super) fn by_cookies(&self, headers: &HeaderMap, is_secure: bool, now: Timestamp) -> Option<PresentedToken> {
        let first = |name: &str| values(headers, name).find_map(|token| self.tokens.check(token, now));
        if let Some(token) = first(&self.cookie.at(is_secure)) {
            return Some(token.by(TokenSource::OwnCookie));
        }
        let plain = || first(&self.cookie.plain()).map(|token| token.by(TokenSource::PlainCookie));
        let shared = || first(COOKIE).map(|token| token.by(TokenSource::SharedCookie));
        let earlier = plain().filter(|_| is_secure).or_else(shared)?;
        Some(PresentedToken { is_old: true, ..earlier })
    }

    /// Whether a token is over: the visitor has signed out, or the shop has named it since. Its stream says so (decision 0015).
    pub(super) async fn is_over(&self, token: &PresentedToken, only_looks: bool) -> Result<bool, Problem> {
        let (customers, PresentedToken { visitor, issued, .. }) = (&self.customers, *token);
        Ok(match only_looks {
            true => self.revocation.is_over_for_reading(customers, visitor, issued).await?,
            false => self.revocation.is_over(customers, visitor, issued).await?,
        })
    }

    /// The owner of a session of this name. Logged, so that an operator sees when the setting is not needed any more.
    pub(super) fn by_legacy_name(&self, name: &str) -> Option<VisitorId> {
        let log_id = self.legacy_log_id.filter(|_| is_a_legacy_name(name))?;
        tracing::info!(request.id = %request_id(), "a session is opened by its name alone (compat_legacy_sessions)");
        Some(VisitorId::legacy(log_id, name))
    }
}

/// Names of callers without a token must be long, for whoever knows one acts in its session (design 8).
fn is_a_legacy_name(name: &str) -> bool {
    name.chars().count() >= 20
}

/// The token is over: its visitor has left, or is known by another one since the shop has named it.
#[must_use]
pub fn signed_out() -> Problem {
    Problem::unauthorized(
        "the visitor of this token has signed out, or has another one since the shop has named it; without a token a new \
         visitor is made",
    )
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn values_of_a_cookie_are_found_beside_malformed_ones() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a; =; desk=1 ; other=\"x; desk = \"2\""));
        headers.append(
            header::COOKIE,
            HeaderValue::from_bytes(b"caf\xe9=1; desk=3; xdesk=4; desk").expect("opaque bytes"),
        );
        assert_eq!(values(&headers, "desk").collect::<Vec<_>>(), ["1", "2", "3"]);
    }

    #[test]
    fn each_log_has_a_cookie_name_of_its_own() {
        let [one, other] = [1, 2].map(|id| CookieName::of(Uuid::from_u128(id)));
        assert_ne!(one, other);
        assert_eq!(one, CookieName::of(Uuid::from_u128(1)));
        let digits = one.0.strip_prefix("desk_visitor_").expect("the common beginning");
        assert!(digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digits}");
    }

    #[test]
    fn a_token_is_good_for_180_days_and_renewed_after_one() {
        let tokens = VisitorTokens::new(&[b"secret".to_vec()]);
        let (visitor, now) = (VisitorId(Uuid::from_u128(7)), Timestamp::now());
        let checked = |named, hours| {
            let token = tokens.issue(visitor, named, now - jiff::SignedDuration::from_hours(hours)).token;
            tokens.check(&token, now)
        };
        let issued = Issued { second: now.as_second(), is_named: false };
        assert_eq!(checked(false, 0), Some(GoodToken { visitor, is_old: false, issued }));
        assert!(checked(false, 48).is_some_and(|token| token.is_old));
        assert_eq!(checked(false, 181 * 24), None);
        assert!(checked(true, 0).is_some_and(|token| token.issued.is_named));
    }

    #[test]
    fn a_visitor_token_of_another_key_or_audience_is_refused() {
        let (visitor, now) = (VisitorId(Uuid::from_u128(7)), Timestamp::now());
        let tokens = VisitorTokens::new(&[b"secret".to_vec()]);
        assert_eq!(tokens.check(&VisitorTokens::new(&[b"other".to_vec()]).issue(visitor, false, now).token, now), None);
        let claims =
            Claims { aud: "staff".to_owned(), sub: visitor.0, iat: 0, exp: now.as_second() + 60, named: false };
        let token = jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(b"secret"));
        assert_eq!(tokens.check(&token.expect("signs"), now), None);
        assert_eq!(tokens.check("", now), None);
    }
}
