//! `/openapi.json`, and a page to read it: `/docs/`, where the original's `/docs` leads.

mod page;

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::LOCATION, web::Data};
use utoipa::openapi::OpenApi;

pub(super) use page::{file, has_current};

use crate::auth::require::Anybody;

/// The document, made when it is first asked for.
pub(super) struct Document(LazyLock<OpenApi>);

impl Document {
    pub(super) fn new(make: fn() -> OpenApi) -> Self {
        Self(LazyLock::new(make))
    }
}

pub(super) async fn document(_: Anybody, document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().json(&*document.0)
}

pub(super) async fn redirect(_: Anybody) -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((LOCATION, "/docs/")).finish()
}
