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
use crate::{
    auth::caller::bearer,
    body::{self, shown},
    client_ip::Client,
    problem::Problem,
    request::request_id,
};

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

/// Where this desk is reached from outside, by everybody in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin(String);

impl FromStr for PublicOrigin {
    type Err = NoOrigins;

    fn from_str(text: &str) -> Result<Self, NoOrigins> {
        normal(text).map(Self).ok_or(NoOrigins)
    }
}

impl PublicOrigin {
    /// As the beginning of a URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lower case, without the scheme's default port and without the dot that may end a full name.
pub(super) fn normal(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase().replacen(".:", ":", 1);
    let (scheme, authority) = origin.strip_suffix('.').unwrap_or(&origin).split_once("://")?;
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
    /// Whether this origin, in its normal form, is listed.
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
const SAME_ORIGIN: &str = "same-origin";
/// How long a browser may remember a preflight's answer: an hour.
const MAX_AGE_S: &str = "3600";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// Ours, and those that libraries and tracing add by themselves.
const HEADERS: &str = "Accept, Authorization, Cache-Control, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Pragma, \
                       Prefer, X-Request-Id, X-Requested-With, baggage, traceparent, tracestate";
const EXPOSED: &str =
    "ETag, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, X-Visitor-Token";

impl CorsPolicy {
    /// The response to a CORS preflight.
    pub(super) fn preflight(&self, request: &ServiceRequest, client: &Client) -> Option<HttpResponse> {
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let origin = request.headers().get(header::ORIGIN).filter(|_| asks && request.method() == Method::OPTIONS)?;
        if !self.knows(origin, client) {
            return Some(actix_web::ResponseError::error_response(&foreign(origin, client)));
        }
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS));
        answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S));
        Some(answer.finish())
    }

    /// Refuses requests that a foreign page sends with the browser's cookies. A request with a bearer token is not one: browsers
    /// do not add that header by themselves. Nor can a page set `Sec-Fetch-Site`: where a browser says that page and server are of
    /// one origin, it is so, whatever a proxy between them made of the Host header.
    pub(super) fn check(&self, request: &ServiceRequest, client: &Client) -> Result<(), Problem> {
        if request.method().is_safe() || bearer(request.headers()).is_some() {
            return Ok(());
        }
        let site = request.headers().get(FETCH_SITE);
        match request.headers().get(header::ORIGIN) {
            Some(origin) if site.is_none_or(|site| site != SAME_ORIGIN) && !self.knows(origin, client) => {
                return Err(foreign(origin, client));
            }
            // Browsers name the origin; programs that name none are asked nothing.
            None if site.is_some_and(|site| site != SAME_ORIGIN && site != "none") => {
                return Err(foreign(&HeaderValue::from_static(""), client));
            }
            Some(_) | None => {}
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
        let Some(origin) = origin.filter(|origin| parsed(origin).is_some_and(|origin| self.lists(&origin))) else {
            return;
        };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }

    /// Whether the widget stands in this page.
    pub(super) fn is_widget(&self, origin: &HeaderValue) -> bool {
        parsed(origin).is_some_and(|origin| self.widget.contains(&origin))
    }

    fn is_empty(&self) -> bool {
        self.allowed.0.is_empty() && self.widget.0.is_empty()
    }

    fn lists(&self, origin: &str) -> bool {
        self.allowed.contains(origin) || self.widget.contains(origin)
    }

    fn knows(&self, origin: &HeaderValue, client: &Client) -> bool {
        parsed(origin).is_some_and(|origin| self.lists(&origin) || is_own(&origin, client))
    }
}

/// The page's origin in its normal form; one that is no origin, like `null`, is foreign.
fn parsed(origin: &HeaderValue) -> Option<String> {
    normal(origin.to_str().ok()?)
}

/// Whether this server's own page sent it. Behind a proxy that is not configured, the scheme seen here may be http although
/// the page's is https.
fn is_own(origin: &str, client: &Client) -> bool {
    let Some((scheme, _)) = origin.split_once("://") else { return false };
    let scheme_fits = scheme == "https" || scheme == "http" && !client.is_secure;
    let is_same = |host: &String| normal(&format!("{scheme}://{host}")).is_some_and(|own| own == origin);
    scheme_fits && client.hosts.iter().any(is_same)
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    length || headers.contains_key(header::TRANSFER_ENCODING) || headers.contains_key(header::CONTENT_TYPE)
}

/// Most often a proxy is set up so that it tells another host than the browser sees: whoever runs it needs both.
fn foreign(origin: &HeaderValue, client: &Client) -> Problem {
    let origin = shown(origin.to_str().unwrap_or_default());
    let hosts: Vec<String> = client.hosts.iter().map(|host| shown(host)).collect();
    tracing::warn!(
        request.id = %request_id(),
        origin,
        hosts = hosts.join(", "),
        is_secure = client.is_secure,
        "a request of a page at another origin than this server's is refused; if it is this server's own page, its proxy has to \
         tell the host and port that browsers see (docs/proxy.md)"
    );
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
        let full: Origins =
            "https://shop.example.,http://shop.example.:8080,https://[::1]:443".parse().expect("origins");
        assert_eq!(full.0, ["https://shop.example", "http://shop.example:8080", "https://[::1]"]);
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
            "https://.",
            "https://a..",
        ] {
            assert_eq!(bad.parse::<Origins>(), Err(NoOrigins), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_the_servers_own_whatever_default_port_case_or_final_dot() {
        let own = |origin: &'static str, host: &str, is_secure| {
            let client = Client { address: [127, 0, 0, 1].into(), is_secure, hosts: vec![host.to_owned()] };
            parsed(&HeaderValue::from_static(origin)).is_some_and(|origin| is_own(&origin, &client))
        };
        for (origin, host, is_secure) in [
            ("http://desk.example", "desk.example:80", false),
            ("https://desk.example", "desk.example:443", true),
            ("https://desk.example", "desk.example", false),
            ("https://desk.example.", "desk.example", true),
            ("https://desk.example", "Desk.Example.:443", true),
            ("http://desk.example:8080", "desk.example.:8080", false),
        ] {
            assert!(own(origin, host, is_secure), "{origin} {host}");
        }
        for (origin, host, is_secure) in [
            ("http://desk.example", "desk.example:443", false),
            ("https://desk.example", "desk.example:80", true),
            ("http://desk.example", "desk.example", true),
            ("http://desk.example:8080", "desk.example", false),
            ("null", "null", false),
        ] {
            assert!(!own(origin, host, is_secure), "{origin} {host}");
        }
    }
}
