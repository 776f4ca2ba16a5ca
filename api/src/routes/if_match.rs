//! `If-Match`: a version of something that the caller saw, as `ETag` showed it.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponseBuilder,
    dev::Payload,
    http::{StatusCode, header},
};

use crate::problem::Problem;

/// The version that the caller saw: with quotes or without; `None` where there is no such header, or `*`.
pub(super) fn if_match(request: &HttpRequest) -> Result<Option<u32>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_matches('"').parse().map_err(|_| Problem::invalid("If-Match", "must be a version"))?;
    Ok(Some(version))
}

/// Tells the version of what is answered.
pub(super) fn tagged(mut response: HttpResponseBuilder, version: u32) -> HttpResponseBuilder {
    response.insert_header((header::ETAG, format!("\"{version}\"")));
    response
}

/// The version that the caller saw, where nothing is changed without one.
pub struct SeenVersion(pub u32);

impl FromRequest for SeenVersion {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if_match(request).and_then(|version| version.map(Self).ok_or_else(required)))
    }
}

fn required() -> Problem {
    let detail = "If-Match is required: the version that was seen, as ETag or `version` showed it";
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "PRECONDITION_REQUIRED", detail)
}
