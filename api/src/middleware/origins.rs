//! Which pages may talk to this server: its own, and the listed ones of other origins (CORS). A browser sends cookies along
//! with any page's request, so one that may change something has to come from such a page, and be JSON, which no form is.
//!
//! Invariant: an origin that is not listed is neither read to nor acted for by cookie; `*` is never answered.

use std::str::FromStr;

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

use super::authority::Authority;
use crate::{auth::caller::bearer, body, client_ip::Client, problem::Problem};

/// Origins as browsers write them: `https://shop.example`, `http://localhost:3000`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

/// The text is not a list of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOrigins;

impl FromStr for Origins {
    type Err = NoOrigins;

    fn from_str(text: &str) -> Result<Self, NoOrigins> {
        let all = text.split([',', ' ']).filter(|origin| !origin.is_empty());
        all.map(|origin| normal(origin).ok_or(NoOrigins)).collect::<Result<_, _>>().map(Self)
    }
}

/// Lower case, without the scheme's default port.
pub(super) fn normal(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    let usual_port = match scheme {
        "https" => 443,
        "http" => 80,
        _other => return None,
    };
    let Authority { host, port } = Authority::parse(authority)?;
    Some(match port.filter(|port| *port != usual_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

impl Origins {
    fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|listed| listed == origin)
    }
}

/// Whose pages may call this server from a browser.
#[derive(Debug, Clone)]
pub(super) struct CorsPolicy {
    /// The shop's own pages at other origins.
    pub(super) allowed: Origins,
    /// Pages that the customers' widget stands in.
    pub(super) widget: Origins,
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// How long a browser may remember a preflight's answer: an hour.
const MAX_AGE_S: &str = "3600";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const HEADERS: &str =
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Prefer, X-Request-Id";
const EXPOSED: &str =
    "ETag, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, X-Visitor-Token";

impl CorsPolicy {
    /// The response to a CORS preflight.
    pub(super) fn preflight(&self, request: &ServiceRequest, client: &Client) -> Option<HttpResponse> {
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let origin = origin(request.headers()).filter(|_| asks && request.method() == Method::OPTIONS)?;
        if !self.knows(origin, client) {
            return Some(actix_web::ResponseError::error_response(&foreign()));
        }
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS));
        answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S));
        Some(answer.finish())
    }

    /// Refuses requests that a foreign page sends with the browser's cookies. A request with a bearer token is not one: browsers
    /// do not add that header by themselves.
    pub(super) fn check(&self, request: &ServiceRequest, client: &Client) -> Result<(), Problem> {
        if request.method().is_safe() || bearer(request.request()).is_some() {
            return Ok(());
        }
        let is_known = match origin(request.headers()) {
            Some(origin) => self.knows(origin, client),
            // Browsers name the origin; programs that name none are asked nothing.
            None => is_same_site(request.headers()),
        };
        if !is_known {
            return Err(foreign());
        }
        let has_cookie = request.headers().contains_key(header::COOKIE);
        if has_cookie && has_body(request.headers()) && !body::is_json(request.headers()) {
            return Err(body::not_json());
        }
        Ok(())
    }

    /// Adds the headers that let a listed page read the response.
    pub(super) fn apply_headers(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        answer.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin.filter(|origin| origin.to_str().is_ok_and(|origin| self.lists(origin))) else {
            return;
        };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }

    /// Whether the widget stands in this page.
    pub(super) fn is_widget(&self, origin: &str) -> bool {
        self.widget.contains(origin)
    }

    fn is_empty(&self) -> bool {
        self.allowed.0.is_empty() && self.widget.0.is_empty()
    }

    fn lists(&self, origin: &str) -> bool {
        self.allowed.contains(origin) || self.widget.contains(origin)
    }

    fn knows(&self, origin: &str, client: &Client) -> bool {
        self.lists(origin) || is_own(origin, client)
    }
}

/// The page's origin; one that is not ASCII is foreign.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default())
}

/// Whether this server's own page sent it. Behind a proxy that is not configured, the scheme seen here may be http although
/// the page's is https.
fn is_own(origin: &str, client: &Client) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let scheme_fits = scheme == "https" || scheme == "http" && !client.is_secure;
    scheme_fits && client.hosts.iter().any(|host| host.eq_ignore_ascii_case(authority))
}

fn is_same_site(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none")
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    length || headers.contains_key(header::TRANSFER_ENCODING) || headers.contains_key(header::CONTENT_TYPE)
}

fn foreign() -> Problem {
    let detail = "a request without a token in Authorization must come from a page of this server, or of an origin in \
                  allowed_origins";
    Problem::new(StatusCode::FORBIDDEN, "FOREIGN_ORIGIN", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_parse_as_browsers_write_them() {
        let origins: Origins = " https://Shop.example:443, http://localhost:3000 ".parse().expect("both are origins");
        assert_eq!(origins.0, ["https://shop.example", "http://localhost:3000"]);
        assert_eq!("".parse(), Ok(Origins::default()));
        for bad in [
            "*",
            "https://*",
            "null",
            "shop.example",
            "https://a/",
            "https://a/b",
            "ftp://a",
            "https://a,*",
            "https://",
        ] {
            assert_eq!(bad.parse::<Origins>(), Err(NoOrigins), "{bad}");
        }
    }
}
