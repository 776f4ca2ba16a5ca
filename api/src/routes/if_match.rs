//! `If-Match`: the version of a thing that its author saw.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponseBuilder,
    dev::Payload,
    http::{StatusCode, header},
};
use serde_json::Value;

use crate::problem::Problem;

/// The header, not yet asked for: whether the thing is there is answered first.
pub struct IfMatch(Option<String>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.headers().get(header::IF_MATCH);
        ready(Ok(Self(text.map(|value| value.to_str().unwrap_or_default().trim().to_owned()))))
    }
}

impl IfMatch {
    /// The version, with quotes or without.
    ///
    /// # Errors
    /// There is no such header, or it is no version.
    pub fn version(&self) -> Result<u32, Problem> {
        let Some(text) = &self.0 else {
            let detail = "send If-Match with the version that you saw, as in the ETag";
            return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "IF_MATCH_REQUIRED", detail));
        };
        text.trim_matches('"').parse().map_err(|_| Problem::invalid("If-Match", "must be a version like \"1\""))
    }
}

/// Somebody changed the thing since; the problem brings it as it is now.
pub fn changed_meanwhile(detail: impl Into<String>, current: Value) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "CHANGED_MEANWHILE", detail).with("current", current)
}

/// Adds the version of what is answered.
pub fn tagged(mut response: HttpResponseBuilder, version: u32) -> HttpResponseBuilder {
    response.insert_header((header::ETAG, format!("\"{version}\"")));
    response
}
