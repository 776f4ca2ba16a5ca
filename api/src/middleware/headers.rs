//! Headers that tell browsers what they may do with an answer. Pages may run the server's own scripts and nothing inline;
//! everything else is data, which may do nothing at all.
//!
//! Invariant: every response has them, whichever route made it.

use std::str::FromStr;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::origins;

/// Who may show a page of ours in a frame, as `frame-ancestors` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameAncestors(String);

/// The text is not a list of frame ancestors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAncestors;

impl FromStr for FrameAncestors {
    type Err = NoAncestors;

    fn from_str(text: &str) -> Result<Self, NoAncestors> {
        let all: Option<Vec<String>> =
            text.split([',', ' ']).filter(|source| !source.is_empty()).map(frame_source).collect();
        let all = all.filter(|all| !all.is_empty()).ok_or(NoAncestors)?;
        if all.len() > 1 && all.iter().any(|source| source == "'none'") {
            return Err(NoAncestors);
        }
        Ok(Self(all.join(" ")))
    }
}

/// `self`, `none`, an origin, or all names below one: `https://*.shop.example`.
fn frame_source(text: &str) -> Option<String> {
    match text.trim_matches('\'') {
        "self" => Some("'self'".to_owned()),
        "none" => Some("'none'".to_owned()),
        origin => match origin.split_once("://*.") {
            Some((scheme, parent)) => {
                let parent = origins::normal(&format!("{scheme}://{parent}"))?;
                Some(parent.replacen("://", "://*.", 1))
            }
            None => origins::normal(origin),
        },
    }
}

/// The headers, ready.
#[derive(Debug, Clone)]
pub(super) struct Headers {
    page: HeaderValue,
    docs: HeaderValue,
    /// For browsers that do not know `frame-ancestors`; they know no list either.
    page_frames: Option<HeaderValue>,
    hsts: HeaderValue,
}

/// A page runs its own scripts and talks to its own server, and nothing else; pictures may be the shop's.
const PAGE: &str = "default-src 'none'; script-src 'self'; img-src 'self' https: data:; font-src 'self'; connect-src 'self'; \
                    manifest-src 'self'; base-uri 'none'; form-action 'none'";
const STYLES: &str = "style-src 'self'";
/// The viewer on the API's page writes this one style, its colours (`api/docs/README.md`).
const DOCS_STYLES: &str = "style-src 'self' 'sha256-M0TTK80kOmN5bnPc0uyxdkYiCQ3hrXqUiswoMSeqejc='";
const DATA: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
/// A year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const HSTS_WITH_SUBDOMAINS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const PERMISSIONS: HeaderValue = HeaderValue::from_static("camera=(), geolocation=(), microphone=()");
/// Other origins get no referrer, because paths contain names of sessions.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

impl Headers {
    /// With these ancestors; `hsts_subdomains` if all names below this host speak TLS as well.
    pub(super) fn new(ancestors: &FrameAncestors, hsts_subdomains: bool) -> Self {
        let policy = |styles: &str| {
            let policy = format!("{PAGE}; {styles}; frame-ancestors {}", ancestors.0);
            HeaderValue::from_str(&policy).expect("origins are header text")
        };
        let page_frames = match ancestors.0.as_str() {
            "'self'" => Some(HeaderValue::from_static("SAMEORIGIN")),
            "'none'" => Some(DENY),
            _list => None,
        };
        let hsts = if hsts_subdomains { HSTS_WITH_SUBDOMAINS } else { HSTS };
        Self { page: policy(STYLES), docs: policy(DOCS_STYLES), page_frames, hsts }
    }

    /// Adds them to the answer of a path.
    pub(super) fn apply_headers(&self, path: &str, is_secure: bool, answer: &mut HeaderMap) {
        let is_page = is(answer, "text/html");
        let (policy, frames) = match is_page {
            true if path.starts_with("/docs/") => (&self.docs, self.page_frames.clone()),
            true => (&self.page, self.page_frames.clone()),
            false => (&DATA, Some(DENY)),
        };
        answer.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        if let Some(frames) = frames {
            answer.insert(header::X_FRAME_OPTIONS, frames);
        }
        answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        answer.insert(header::REFERRER_POLICY, REFERRER);
        answer.insert(header::PERMISSIONS_POLICY, PERMISSIONS);
        if is_page {
            answer.insert(header::CROSS_ORIGIN_OPENER_POLICY, SAME_ORIGIN);
        }
        if is(answer, "application/") || is(answer, "text/event-stream") {
            answer.insert(RESOURCE_POLICY, SAME_ORIGIN);
            keep_from_caches(answer);
        }
        if is_secure {
            answer.insert(header::STRICT_TRANSPORT_SECURITY, self.hsts.clone());
        }
    }
}

/// Responses are not cached unless the route says otherwise: they hold personal data.
fn keep_from_caches(answer: &mut HeaderMap) {
    if !answer.contains_key(header::CACHE_CONTROL) {
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn is(answer: &HeaderMap, kind: &str) -> bool {
    let content_type = answer.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| content_type.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_ancestors_accept_only_sources() {
        let parsed = |text: &str| text.parse::<FrameAncestors>().map(|ancestors| ancestors.0);
        assert_eq!(parsed("'self' https://Shop.example"), Ok("'self' https://shop.example".to_owned()));
        assert_eq!(parsed("self,https://*.shop.example"), Ok("'self' https://*.shop.example".to_owned()));
        assert_eq!(parsed("none"), Ok("'none'".to_owned()));
        for bad in [
            "",
            "*",
            "https:",
            "https://*",
            "none self",
            "https://a; script-src *",
            "https://a\r\nX: y",
            "https://*.*.a",
        ] {
            assert_eq!(parsed(bad), Err(NoAncestors), "{bad:?}");
        }
    }
}
