//! How a visitor's token goes out: in a header, and in a cookie that reaches as far as this site, and over TLS as far as the
//! widget's pages if the request came from one. There it is a third party's, which browsers keep apart for each page's site.

use actix_web::{
    cookie::{Cookie, SameSite},
    http::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, SET_COOKIE},
};

use crate::auth::{
    caller::Caller,
    visitor::{IssuedToken, end_of_cookie},
};

/// Where a visitor's token is given besides the cookie.
const VISITOR_TOKEN: HeaderName = HeaderName::from_static("x-visitor-token");

/// Adds the caller's new token to the answer's headers.
pub(super) fn add(issued: &IssuedToken, caller: &Caller, is_widget: bool, answer: &mut HeaderMap) {
    if let Ok(token) = HeaderValue::from_str(&issued.token) {
        answer.insert(VISITOR_TOKEN, token);
    }
    let is_secure = caller.client.is_secure;
    let ended = caller.earlier_cookie().map(end_of_cookie);
    for cookie in [issued.cookie(caller.cookie_name(), is_secure)].into_iter().chain(ended) {
        match set_cookie(cookie, is_secure, is_secure && is_widget) {
            Ok(cookie) => answer.append(SET_COOKIE, cookie),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the visitor's cookie could not be set");
            }
        }
    }
}

fn set_cookie(
    mut cookie: Cookie<'static>,
    is_secure: bool,
    is_third_party: bool,
) -> Result<HeaderValue, InvalidHeaderValue> {
    cookie.set_secure(is_secure);
    if !is_third_party {
        return HeaderValue::from_str(&cookie.to_string());
    }
    cookie.set_same_site(SameSite::None);
    HeaderValue::from_str(&format!("{cookie}; Partitioned"))
}
