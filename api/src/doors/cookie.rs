//! How far a cookie of ours reaches: with the pages of this site, and with the widget's pages if they are listed. There it
//! is a third party's, which browsers keep apart for each page's site.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite},
    http::header::{self, HeaderValue},
};

use super::Doors;

/// The header that sets the cookie for the page that this request came from; over TLS only there.
///
/// # Errors
/// The cookie has letters that no header has.
pub fn set_cookie(
    mut cookie: Cookie<'static>,
    request: &HttpRequest,
) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let is_secure = super::is_secure(request);
    cookie.set_secure(is_secure);
    if !(is_secure && is_from_widget(request)) {
        return HeaderValue::from_str(&cookie.to_string());
    }
    cookie.set_same_site(SameSite::None);
    HeaderValue::from_str(&format!("{cookie}; Partitioned"))
}

fn is_from_widget(request: &HttpRequest) -> bool {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| Doors::of(request).guests.is_widget(origin))
}
