//! `/openapi.json`, and a page to read it: `/docs/`, where the original's `/docs` leads.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpResponse,
    http::header::LOCATION,
    web::{Data, Path},
};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, serve};

use crate::{problem::Problem, sign_in::guard::Anybody};

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

pub(super) async fn page(_: Anybody, file: Path<String>) -> Result<HttpResponse, Problem> {
    let file = serve(&file, Arc::new(Config::from("/openapi.json"))).ok().flatten();
    let file = file.ok_or_else(|| Problem::not_found("there is no such file"))?;
    Ok(HttpResponse::Ok().content_type(file.content_type).body(file.bytes.into_owned()))
}
