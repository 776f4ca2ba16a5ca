//! Pages that need no build: the demo shop at `/` (the original's JSON for everything else than a browser), the chat alone at
//! `/embed`, and their files. What is built in `web/` is in `built.rs`.

mod built;
mod files;

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::header::{ACCEPT, VARY},
    web::Path,
};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use built::{to_workbench, widget, workbench};
use files::{not_built, serve};

use crate::{auth::require::Anybody, problem::Problem};

/// What the original said at its root.
#[derive(Serialize, ToSchema)]
pub struct RootAnswer {
    service: &'static str,
    status: &'static str,
    version: &'static str,
    auth_mode: &'static str,
    frontend: &'static str,
    frontend_url: &'static str,
    /// Paths by what they are for.
    endpoints: BTreeMap<&'static str, &'static str>,
    /// Where the API is described.
    docs: BTreeMap<&'static str, &'static str>,
}

impl RootAnswer {
    fn new() -> Self {
        Self {
            service: "Fiido Desk",
            status: "running",
            version: env!("CARGO_PKG_VERSION"),
            auth_mode: "OAUTH_JWT",
            frontend: "available",
            frontend_url: "/",
            endpoints: BTreeMap::from([
                ("chat", "/api/chat"),
                ("chat_stream", "/api/chat/stream"),
                ("bot_info", "/api/bot/info"),
                ("config", "/api/config"),
                ("health", "/api/health"),
                ("conversation_new", "/api/conversation/new"),
                ("conversation_clear", "/api/conversation/clear"),
            ]),
            docs: BTreeMap::from([("swagger", "/docs"), ("redoc", "/docs"), ("openapi", "/openapi.json")]),
        }
    }
}

/// Shows what this server is.
///
/// Browsers, which ask for `text/html`, get the demo page; everybody else the original's JSON with the paths of the API. No event
/// is recorded.
#[utoipa::path(
    get, path = "/", operation_id = "show_service", tag = "chat",
    responses((status = 200, content((RootAnswer = "application/json"), (String = "text/html"))))
)]
pub async fn root(_: Anybody, request: HttpRequest) -> HttpResponse {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return with_widget("index.html");
    }
    HttpResponse::Ok().insert_header((VARY, "Accept")).json(RootAnswer::new())
}

/// The chat alone.
pub(super) async fn embed(_: Anybody) -> HttpResponse {
    with_widget("embed.html")
}

/// A page that is of no use without the widget.
fn with_widget(name: &str) -> HttpResponse {
    if built::has_widget() { serve(name).unwrap_or_else(|problem| problem.error_response()) } else { not_built() }
}

pub(super) async fn file(_: Anybody, name: Path<String>) -> Result<HttpResponse, Problem> {
    serve(&name)
}

pub(super) async fn favicon(_: Anybody) -> Result<HttpResponse, Problem> {
    serve("favicon.svg")
}
