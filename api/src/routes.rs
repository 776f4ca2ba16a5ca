//! The routes. Everything under `/api` is served under `/api/v1` as well.

pub mod bot;
pub mod chat;
pub mod chat_stream;
pub mod conversation;
pub mod events;
pub mod health;
pub mod page;
pub mod session_events;
pub mod sessions;

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route,
    http::StatusCode,
    web::{self, ServiceConfig},
};

use crate::problem::Problem;

/// Where the API is served.
const PREFIXES: [&str; 2] = ["/api/v1", "/api"];

/// Registers every route.
pub fn configure(config: &mut ServiceConfig) {
    for prefix in PREFIXES {
        config.service(web::scope(prefix).configure(api).default_service(web::to(not_found)));
    }
    config
        .service(one("/healthz", web::get().to(health::process)))
        .service(one("/readyz", web::get().to(health::ready)))
        .configure(crate::openapi::configure)
        .configure(page::configure)
        .default_service(web::to(not_found));
}

fn api(config: &mut ServiceConfig) {
    config
        .service(one("/chat", web::post().to(chat::chat)))
        .service(one("/chat/stream", web::post().to(chat_stream::stream)))
        .service(one("/conversation/create", web::post().to(conversation::create)))
        .service(one("/conversation/new", web::post().to(conversation::new)))
        .service(one("/conversation/clear", web::post().to(conversation::clear)))
        .service(one("/sessions", web::get().to(sessions::list)))
        // before {name}: a session that somebody calls "stats" is reached by its id
        .service(one("/sessions/stats", web::get().to(sessions::stats)))
        .service(one("/sessions/{name}", web::get().to(sessions::show)))
        .service(one("/sessions/{name}/events", web::get().to(session_events::stream)))
        .service(one("/events", web::get().to(events::stream)))
        .service(one("/bot/info", web::get().to(bot::info)))
        .service(one("/config", web::get().to(bot::config)))
        .service(one("/health", web::get().to(health::original)));
}

fn one(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(web::to(wrong_method))
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("there is nothing here; /docs/ lists all routes"))
}

async fn wrong_method(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let detail = format!("{} is not possible here; /docs/ lists all routes", request.method());
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail))
}

/// What more than one route needs.
mod shared {
    use actix_web::{HttpRequest, http::header::HeaderName};
    use commands::IdempotencyKey;
    use domain::text::SessionName;

    use crate::problem::Problem;

    const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

    /// The key of `Idempotency-Key`, if the request has one.
    pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
        let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = value.to_str().ok().and_then(IdempotencyKey::parse);
        key.map(Some).ok_or_else(|| Problem::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    }

    /// A session's name out of a field of this name.
    pub(super) fn session_name(field: &'static str, name: String) -> Result<SessionName, Problem> {
        SessionName::parse(name).map_err(|error| Problem::invalid(field, error))
    }
}
