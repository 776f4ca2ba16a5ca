//! A desk that a proxy serves under a path, like `/desk`, whether the proxy takes the path off or not.
//!
//! Invariants: behind this no path begins with it; pages name what they load and lead to below it, and redirects are relative. So
//! no route needs to know the path.

use std::str::FromStr;

use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Uri,
        header::{CONTENT_TYPE, LOCATION},
        uri::PathAndQuery,
    },
    middleware::Next,
    web::Data,
};

use super::Middleware;

/// The path, without a slash at its end; empty where the desk has a host of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// The text is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoBasePath;

impl FromStr for BasePath {
    type Err = NoBasePath;

    fn from_str(text: &str) -> Result<Self, NoBasePath> {
        let Some(segments) = text.strip_prefix('/') else {
            return if text.is_empty() { Ok(Self::default()) } else { Err(NoBasePath) };
        };
        if segments.split('/').all(is_segment) { Ok(Self(text.to_owned())) } else { Err(NoBasePath) }
    }
}

/// Letters that no URL escapes and no proxy changes.
fn is_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain) && !matches!(text, "." | "..")
}

impl BasePath {
    /// As a URL's path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// Takes the path off a request. The answer is a redirect where the request is for the path itself without a slash.
    pub(super) fn take_off(&self, request: &mut ServiceRequest) -> Option<HttpResponse> {
        if self.0.is_empty() {
            return None;
        }
        let target = request.uri().path_and_query().map(PathAndQuery::as_str).unwrap_or_default();
        let rest = target.strip_prefix(&self.0)?;
        if rest.is_empty() || rest.starts_with('?') {
            let location = format!("{}/{rest}", self.0);
            return Some(HttpResponse::PermanentRedirect().insert_header((LOCATION, location)).finish());
        }
        let below = rest.starts_with('/').then(|| PathAndQuery::try_from(rest).ok()).flatten()?;
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(below);
        if let Ok(uri) = Uri::from_parts(parts) {
            request.match_info_mut().get_mut().update(&uri);
            request.head_mut().uri = uri;
        }
        None
    }
}

/// Inside of what compresses: pages that are served under a path.
///
/// # Errors
/// What the inner services return.
pub async fn around_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let middleware = request.app_data::<Data<Middleware>>().cloned();
    let response = next.call(request).await?.map_into_boxed_body();
    let base = middleware.filter(|middleware| !middleware.base_path.0.is_empty());
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    Ok(match base.filter(|_| is_page) {
        Some(middleware) => response.map_body(|_, body| middleware.base_path.below(body)),
        None => response,
    })
}

impl BasePath {
    /// The page with all its own addresses below the path. Pages are files of ours, in which every such address begins an attribute.
    fn below(&self, body: BoxBody) -> BoxBody {
        match body.try_into_bytes() {
            Ok(page) => BoxBody::new(String::from_utf8_lossy(&page).replace("=\"/", &format!("=\"{}/", self.0))),
            Err(stream) => stream,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_base_path_has_plain_segments() {
        for good in ["", "/desk", "/a/b-c_d.e~f"] {
            assert_eq!(good.parse(), Ok(BasePath(good.to_owned())), "{good}");
        }
        for bad in ["/", "desk", "/desk/", "//desk", "/a//b", "/a b", "/é", "/a?b", "/a#b", "/..", "/a/./b", "/%61"] {
            assert_eq!(bad.parse::<BasePath>(), Err(NoBasePath), "{bad}");
        }
    }

    #[test]
    fn the_path_is_taken_off_where_it_is_one() {
        let base: BasePath = "/desk".parse().expect("a path");
        let below = |target: &str| {
            let mut request = TestRequest::with_uri(target).to_srv_request();
            let redirect = base.take_off(&mut request);
            let location = redirect.and_then(|redirect| {
                let location = redirect.headers().get(LOCATION)?.to_str().ok()?;
                Some(location.to_owned())
            });
            location.unwrap_or_else(|| request.uri().to_string())
        };
        for (target, expected) in [
            ("/desk/api/chat?x=1", "/api/chat?x=1"),
            ("/desk/", "/"),
            ("/desk", "/desk/"),
            ("/desk?lang=de", "/desk/?lang=de"),
            ("/desk/desk/x", "/desk/x"),
            ("/desktop", "/desktop"),
            ("/api/chat", "/api/chat"),
        ] {
            assert_eq!(below(target), expected, "{target}");
        }
    }
}
