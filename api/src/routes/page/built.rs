//! What is built in `web/`: the widget's script, and the workbench. Both are part of the program, if they were built before it.
//!
//! Invariant: a file under `assets/` never changes under its name, so browsers keep it; everything else is asked for anew.

use std::sync::LazyLock;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, LOCATION},
    web::Path,
};
use sha2::{Digest as _, Sha256};

use super::files::{content_type, not_built};
use crate::{auth::require::Anybody, problem::Problem, routes::docs::has_current};

/// Names below `web/dist`, and contents.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));
const WIDGET: &str = "widget/widget.js";
const WORKBENCH: &str = "workbench/index.html";
/// Of the widget: a shop's page need not wait for it more than once.
static WIDGET_TAG: LazyLock<EntityTag> = LazyLock::new(|| {
    let content = find(WIDGET).unwrap_or_default();
    EntityTag::new_weak(hex::encode(&Sha256::digest(content)[..16]))
});
/// Five minutes, and a day more while the newer one is fetched.
const SOON: &str = "public, max-age=300, stale-while-revalidate=86400";
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, content)| *content)
}

/// Whether the widget is part of this program.
pub(super) fn has_widget() -> bool {
    find(WIDGET).is_some()
}

/// The script that shops embed.
pub(in crate::routes) async fn widget(_: Anybody, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let content = find(WIDGET).ok_or_else(|| missing("the widget"))?;
    let is_current = has_current(&request, &WIDGET_TAG);
    let mut response = if is_current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, SOON)).insert_header((ETAG, WIDGET_TAG.to_string()));
    if is_current {
        return Ok(response.finish());
    }
    Ok(response.content_type("text/javascript; charset=utf-8").body(content))
}

fn missing(what: &str) -> Problem {
    Problem::not_found(format!(
        "{what} was not built before this program: npm ci && npm run build in web/, then build it again"
    ))
}

/// Leads to the workbench's own folder.
pub(in crate::routes) async fn to_workbench(_: Anybody) -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((LOCATION, "workbench/")).finish()
}

/// A file of the workbench, or its page for every other path: which view that is, the page itself knows.
pub(in crate::routes) async fn workbench(_: Anybody, path: Path<String>) -> Result<HttpResponse, Problem> {
    let file = find(&format!("workbench/{path}")).zip(content_type(&path));
    match (file, find(WORKBENCH)) {
        (Some((content, content_type)), _) => Ok(sent(content, content_type, caching(&path))),
        (None, _) if path.starts_with("assets/") => Err(Problem::not_found("there is no such file")),
        (None, Some(page)) => Ok(sent(page, "text/html; charset=utf-8", "no-cache")),
        (None, None) => Ok(not_built()),
    }
}

fn caching(path: &str) -> &'static str {
    if path.starts_with("assets/") { FOR_GOOD } else { "no-cache" }
}

fn sent(content: &'static [u8], content_type: &'static str, caching: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).insert_header((CACHE_CONTROL, caching)).body(content)
}
