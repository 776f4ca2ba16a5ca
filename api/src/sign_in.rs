//! Who is calling: a visitor by token, or staff that is signed in.

pub mod api_keys;
pub mod device;
pub mod first;
pub mod guard;
pub mod identity;
pub mod passwords;
pub mod second_factor;
pub mod staff;
pub mod staff_directory;
pub mod staff_tokens;
pub mod visitor;

use actix_web::{HttpRequest, http::header};

/// The token of `Authorization: Bearer`.
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
