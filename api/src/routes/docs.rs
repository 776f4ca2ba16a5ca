//! `/openapi.json`, and a page to read it: `/docs/`, where the original's `/docs` leads.

mod page;

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::LOCATION, web::Data};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

pub(super) use page::{file, has_current};

use crate::{auth::require::Anybody, openapi::plain::plain, settings::Settings};

/// The document, made when it is first asked for.
pub(super) struct Document(LazyLock<Value, Box<dyn FnOnce() -> Value + Send>>);

impl Document {
    pub(super) fn new(make: fn() -> OpenApi) -> Self {
        Self(LazyLock::new(Box::new(move || plain(&make()))))
    }
}

/// The document as text: the same from every desk of one version.
pub(super) fn text_of(document: &OpenApi) -> String {
    let document = plain(document);
    serde_json::to_string_pretty(&document).expect("a document is JSON") + "\n"
}

pub(super) async fn document(_: Anybody, document: Data<Document>, settings: Data<Settings>) -> HttpResponse {
    let mut document = document.0.clone();
    let path = settings.base_path.as_str();
    let public =
        settings.public_origin.as_ref().map(|origin| format!("{}{}", origin.as_str(), path.trim_end_matches('/')));
    document["servers"] = std::iter::once(path.to_owned()).chain(public).map(|url| json!({"url": url})).collect();
    HttpResponse::Ok().json(document)
}

pub(super) async fn redirect(_: Anybody) -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((LOCATION, "docs/")).finish()
}
