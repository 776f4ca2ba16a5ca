//! The routes. Everything under `/api` is served under `/api/v1` as well.

pub mod bot;
pub mod chat;
pub mod chat_stream;
pub mod conversation;
pub mod customer;
pub mod events;
pub mod health;
pub mod page;
pub mod session_events;
pub mod sessions;

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder,
    http::{Method, StatusCode},
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
        .service(get("/healthz", health::process))
        .service(get("/readyz", health::ready))
        .configure(crate::openapi::configure)
        .configure(page::configure)
        .default_service(web::to(not_found));
}

fn api(config: &mut ServiceConfig) {
    config
        .service(post("/chat", chat::chat))
        .service(post("/chat/stream", chat_stream::stream))
        .service(post("/conversation/create", conversation::create))
        .service(post("/conversation/new", conversation::new))
        .service(post("/conversation/clear", conversation::clear))
        .service(get("/customer", customer::show))
        .service(post("/customer/identify", customer::identify))
        .service(post("/customer/sign-out", customer::sign_out))
        .service(get("/sessions", sessions::list))
        // before {name}: a session that somebody calls "stats" is reached by its id
        .service(get("/sessions/stats", sessions::stats))
        .service(get("/sessions/{name}", sessions::show))
        .service(get("/sessions/{name}/events", session_events::stream))
        .service(get("/events", events::stream))
        .service(get("/bot/info", bot::info))
        .service(get("/config", bot::config))
        .service(get("/health", health::original));
}

pub(crate) fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    one(path, Method::GET, handler)
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    one(path, Method::POST, handler)
}

/// Every path has one method.
fn one<F, Args>(path: &str, method: Method, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = web::method(method.clone()).to(handler);
    let refuse = move |request: HttpRequest| std::future::ready(wrong_method(&request, &method));
    web::resource(path).route(route).default_service(web::to(refuse))
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("there is nothing here; /docs/ lists all routes"))
}

fn wrong_method(request: &HttpRequest, allowed: &Method) -> Result<HttpResponse, Problem> {
    let detail = format!("{} is not possible here; /docs/ lists all routes", request.method());
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail).allowing(allowed))
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
