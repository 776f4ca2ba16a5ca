//! Visitor tokens: a customer is whoever holds one. A JWT of 180 days in a cookie and a header, renewed as it is used.
//!
//! Invariants: the token says who acts; nothing in a body ever does, but for `compat_legacy_sessions`, where a name opens its
//! one session to a caller without a token. The token of a visitor that has left opens nothing.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    cookie::{Cookie, SameSite, time},
    dev::Payload,
    web::Data,
};
use domain::VisitorId;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{app::App, problem::Problem, request::request_id, sign_in::bearer};

/// The cookie's name.
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
    /// As a cookie that no script can read.
    #[must_use]
    pub fn cookie(&self, secure: bool) -> Cookie<'static> {
        Cookie::build(COOKIE, self.token.clone())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(secure)
            .max_age(time::Duration::seconds(LIFETIME_S))
            .finish()
    }
}

impl VisitorTokens {
    /// Tokens signed with the first of these secrets, and taken under any of them.
    #[must_use]
    pub fn new(secrets: &[Vec<u8>]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        // By the program's clock, in `check`.
        validation.validate_exp = false;
        let newest = secrets.first().expect("there is at least one key");
        let decoding = secrets.iter().map(|secret| DecodingKey::from_secret(secret)).collect();
        Self { encoding: EncodingKey::from_secret(newest), decoding, validation }
    }

    /// A token for a visitor.
    #[must_use]
    pub fn issue(&self, visitor: VisitorId, now: Timestamp) -> IssuedToken {
        let iat = now.as_second();
        let claims = Claims { aud: AUDIENCE.to_owned(), sub: visitor.0, iat, exp: iat + LIFETIME_S };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        IssuedToken { token: token.expect("claims of ids and numbers can be signed") }
    }

    /// The visitor of a good token, and whether it is time to renew it.
    #[must_use]
    pub fn check(&self, token: &str, now: Timestamp) -> Option<(VisitorId, bool)> {
        // No key is named in tokens from before there were several.
        let mut decoded = self.decoding.iter().map(|key| jsonwebtoken::decode::<Claims>(token, key, &self.validation));
        let claims = decoded.find_map(Result::ok)?.claims;
        let is_good = claims.exp >= now.as_second();
        is_good.then(|| (VisitorId(claims.sub), now.as_second() - claims.iat > RENEW_AFTER_S))
    }
}

/// The caller as a visitor who came before and has not left, if it is one.
pub struct KnownVisitor(Option<VisitorId>);

/// Whose token the caller brings, also of one who has left: for the routes that make one visitor out of another.
pub struct TokenHolder(pub Option<VisitorId>);

impl KnownVisitor {
    /// Who acts in the session of this name: the visitor, or with `compat_legacy_sessions` the owner of that session alone,
    /// or a new visitor, whose token goes out with the answer.
    #[must_use]
    pub fn acting(&self, request: &HttpRequest, name: Option<&str>) -> VisitorId {
        self.looking(request, name).unwrap_or_else(|| welcome(request))
    }

    /// Who looks at the session of this name, if it is anyone.
    #[must_use]
    pub fn looking(&self, request: &HttpRequest, name: Option<&str>) -> Option<VisitorId> {
        self.0.or_else(|| name.and_then(|name| let_in_by_name(app(request), name)))
    }
}

/// Told in the log, so that an operator sees when nobody comes this way any more.
fn let_in_by_name(app: &App, name: &str) -> Option<VisitorId> {
    if !app.settings.compat_legacy_sessions || !is_a_legacy_name(name) {
        return None;
    }
    tracing::info!(request.id = %request_id(), "a session is opened by its name alone (compat_legacy_sessions)");
    Some(VisitorId::legacy(app.identity.log_id, name))
}

/// Names of callers without a token must be long, for whoever knows one acts in its session (design 8).
fn is_a_legacy_name(name: &str) -> bool {
    name.chars().count() >= 20
}

impl FromRequest for KnownVisitor {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { present(&request).await.map(Self) })
    }
}

impl FromRequest for TokenHolder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(presented(request).map(|presented| Self(presented.map(|presented| presented.visitor))))
    }
}

/// A good token.
struct Presented {
    visitor: VisitorId,
    is_old: bool,
    by_bearer: bool,
}

/// The token of one who has left is as one that is not good: the end of its stream says so (decision 0015).
async fn present(request: &HttpRequest) -> Result<Option<VisitorId>, Problem> {
    let app = app(request);
    let Some(Presented { visitor, is_old, by_bearer }) = presented(request)? else { return Ok(None) };
    let departures = &app.departures;
    // The original's reads are GETs, and nothing that changes anything is.
    let has_left = match request.method().is_safe() {
        true => departures.has_left_for_reading(&app.customers, visitor).await?,
        false => departures.has_left(&app.customers, visitor).await?,
    };
    if has_left {
        return if by_bearer { Err(signed_out()) } else { Ok(None) };
    }
    if is_old {
        hand_out(request, visitor);
    }
    Ok(Some(visitor))
}

/// The visitor of this token has left.
#[must_use]
pub fn signed_out() -> Problem {
    Problem::unauthorized("the visitor of this token has signed out; without a token a new one is given out")
}

/// A bearer token wins over the cookie and must be good; a cookie that is not is as none.
fn presented(request: &HttpRequest) -> Result<Option<Presented>, Problem> {
    let Some(token) = bearer(request) else { return Ok(by_cookie(request)) };
    let checked = check(request, token);
    let (visitor, is_old) =
        checked.ok_or_else(|| Problem::unauthorized("the visitor token is invalid or has expired"))?;
    Ok(Some(Presented { visitor, is_old, by_bearer: true }))
}

/// A browser sends the cookie with whatever page's request; the doors let only those of known pages change something.
fn by_cookie(request: &HttpRequest) -> Option<Presented> {
    let (visitor, is_old) = check(request, request.cookie(COOKIE)?.value())?;
    Some(Presented { visitor, is_old, by_bearer: false })
}

fn check(request: &HttpRequest, token: &str) -> Option<(VisitorId, bool)> {
    let app = app(request);
    app.visitor_tokens.check(token, app.now())
}

/// The visitor whose good token came with the request.
#[must_use]
pub fn who(request: &HttpRequest) -> Option<VisitorId> {
    presented(request).ok().flatten().map(|presented| presented.visitor)
}

/// A new visitor, whose token goes out with the answer.
pub fn welcome(request: &HttpRequest) -> VisitorId {
    let visitor = VisitorId(Uuid::new_v4());
    hand_out(request, visitor);
    visitor
}

/// Lets the answer bring a new token for this visitor, in place of any other.
pub fn hand_out(request: &HttpRequest, visitor: VisitorId) {
    let app = app(request);
    request.extensions_mut().insert(app.visitor_tokens.issue(visitor, app.now()));
}

fn app(request: &HttpRequest) -> &Data<App> {
    request.app_data::<Data<App>>().expect("every server of ours is built with an App")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_180_days_and_renewed_after_one() {
        let tokens = VisitorTokens::new(&[b"secret".to_vec()]);
        let (visitor, now) = (VisitorId(Uuid::from_u128(7)), Timestamp::now());
        let token = tokens.issue(visitor, now).token;
        assert_eq!(tokens.check(&token, now), Some((visitor, false)));
        let two_days_ago = now - jiff::SignedDuration::from_hours(48);
        assert_eq!(tokens.check(&tokens.issue(visitor, two_days_ago).token, now), Some((visitor, true)));
        let long_ago = now - jiff::SignedDuration::from_hours(181 * 24);
        assert_eq!(tokens.check(&tokens.issue(visitor, long_ago).token, now), None);
    }

    #[test]
    fn a_token_of_another_key_or_audience_is_none() {
        let (visitor, now) = (VisitorId(Uuid::from_u128(7)), Timestamp::now());
        let tokens = VisitorTokens::new(&[b"secret".to_vec()]);
        assert_eq!(tokens.check(&VisitorTokens::new(&[b"other".to_vec()]).issue(visitor, now).token, now), None);
        let claims = Claims { aud: "staff".to_owned(), sub: visitor.0, iat: 0, exp: now.as_second() + 60 };
        let token = jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(b"secret"));
        assert_eq!(tokens.check(&token.expect("signs"), now), None);
        assert_eq!(tokens.check("", now), None);
    }
}
