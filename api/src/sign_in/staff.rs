//! Staff, until there are accounts: whoever holds the token kept in `admin-token` in the data directory.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use sha2::{Digest, Sha256};

use crate::{app::App, problem::Problem, sign_in::visitor::bearer};

/// The administrator's token, kept as its hash: comparing hashes tells nothing by its timing.
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// The token with this text.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    fn matches(&self, token: &str) -> bool {
        <[u8; 32]>::from(Sha256::digest(token)) == self.0
    }
}

/// The caller is staff.
pub struct Staff;

impl FromRequest for Staff {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let detail =
            "this route is for staff: send Authorization: Bearer with the token in admin-token in the data directory";
        ready(if is_staff(request) { Ok(Self) } else { Err(Problem::unauthorized(detail)) })
    }
}

/// Whether the caller is staff.
#[must_use]
pub fn is_staff(request: &HttpRequest) -> bool {
    let app = request.app_data::<Data<App>>().expect("every server of ours is built with an App");
    bearer(request).is_some_and(|token| app.admin_token.matches(token))
}
