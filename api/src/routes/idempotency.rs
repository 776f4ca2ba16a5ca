//! `Idempotency-Key`: the same request again has one effect and one answer.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderName};
use commands::IdempotencyKey;

use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request's key, if it has one.
pub struct RequestKey(pub Option<IdempotencyKey>);

impl FromRequest for RequestKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get(IDEMPOTENCY_KEY);
        let key = value.map(|value| value.to_str().ok().and_then(IdempotencyKey::parse).ok_or_else(malformed));
        ready(key.transpose().map(Self))
    }
}

fn malformed() -> Problem {
    Problem::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
}
