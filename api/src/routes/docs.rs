//! `/openapi.json`, and a page to read it: `/docs/`, where the original's `/docs` leads.

mod page;

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::LOCATION, web::Data};
use utoipa::openapi::{OpenApi, Server};

pub(super) use page::{file, has_current};

use crate::{auth::require::Anybody, settings::Settings};

/// The document, made when it is first asked for.
pub(super) struct Document(LazyLock<OpenApi>);

impl Document {
    pub(super) fn new(make: fn() -> OpenApi) -> Self {
        Self(LazyLock::new(make))
    }
}

pub(super) async fn document(_: Anybody, document: Data<Document>, settings: Data<Settings>) -> HttpResponse {
    let mut document = document.0.clone();
    document.servers = Some(vec![Server::new(settings.base_path.as_str())]);
    HttpResponse::Ok().json(document)
}

pub(super) async fn redirect(_: Anybody) -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((LOCATION, "docs/")).finish()
}
