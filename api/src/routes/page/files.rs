//! The files of `api/page`, as they are.

use actix_web::{
    HttpResponse, ResponseError,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY},
};
use include_dir::{Dir, include_dir};

use crate::problem::Problem;

static PAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/page");

/// A file by its name.
pub(super) fn serve(name: &str) -> Result<HttpResponse, Problem> {
    let file = PAGE.get_file(name).ok_or_else(|| Problem::not_found("there is no such file"))?;
    let content_type = content_type(name).ok_or_else(|| Problem::not_found("there is no such file"))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((VARY, "Accept"))
        .body(file.contents()))
}

/// What stands in for pages that were not built; it says how to build them.
pub(super) fn not_built() -> HttpResponse {
    serve("not-built.html").unwrap_or_else(|problem| problem.error_response())
}

/// Only what pages are made of is served.
pub(super) fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        "png" => Some("image/png"),
        "mp3" => Some("audio/mpeg"),
        _other => None,
    }
}
