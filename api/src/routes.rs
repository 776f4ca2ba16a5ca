//! The routes. Everything under `/api` is served under `/api/v1` as well.
//!
//! Invariant: a handler's first argument says who may call it; one without does not compile.

pub mod agents;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod bot;
pub mod chat;
pub mod chat_stream;
pub mod conversation;
pub mod customer;
pub mod events;
pub mod health;
pub mod page;
pub mod profile;
pub mod second_factor;
pub mod session_events;
pub mod sessions;

use actix_web::{
    Handler, HttpRequest, HttpResponse, Resource, Responder, Route, guard,
    http::{Method, StatusCode},
    web::{self, ServiceConfig},
};

use crate::{problem::Problem, sign_in::guard::Guarded};

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
        .service(get("/audit", audit::list))
        .service(post("/agent/login", auth::login))
        .service(post("/auth/agent/login", auth::login))
        .service(post("/agent/refresh", auth::refresh))
        .service(post("/agent/logout", auth::logout))
        .service(post("/agent/change-password", profile::change_password))
        .service(several(
            "/agent/profile",
            [on(Method::GET, profile::profile), on(Method::PUT, profile::change_profile)],
        ))
        .service(get("/agent/sign-ins", profile::sign_ins))
        .service(several("/agent/sign-ins/{id}", [on(Method::DELETE, profile::revoke)]))
        .service(post("/agent/second-factor", second_factor::prepare))
        .service(post("/agent/second-factor/enable", second_factor::enable))
        .service(post("/agent/second-factor/disable", second_factor::disable))
        .service(post("/agent/second-factor/recovery-codes", second_factor::replace_recovery_codes))
        .service(several("/api-keys", [on(Method::GET, api_keys::list), on(Method::POST, api_keys::issue)]))
        .service(several("/api-keys/{id}", [on(Method::DELETE, api_keys::revoke)]))
        .service(several("/agents", [on(Method::GET, agents::list), on(Method::POST, agents::create)]))
        .service(several(
            "/agents/{id}",
            [on(Method::GET, agents::show), on(Method::PUT, agents::change), on(Method::DELETE, agents::deactivate)],
        ))
        .service(post("/agents/{id}/reactivate", agents::reactivate))
        .service(post("/agents/{id}/reset-password", agents::reset_password))
        .service(post("/agents/{id}/reset-second-factor", second_factor::reset))
        .service(several("/agents/{id}/skills", [on(Method::PUT, agents::skills)]))
        .service(get("/bot/info", bot::info))
        .service(get("/config", bot::config))
        .service(get("/health", health::original))
        .service(get("/health/detailed", health::detailed::detailed));
}

pub(crate) fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: Guarded + 'static,
    F::Output: Responder + 'static,
{
    one(path, Method::GET, handler)
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: Guarded + 'static,
    F::Output: Responder + 'static,
{
    one(path, Method::POST, handler)
}

fn one<F, Args>(path: &str, method: Method, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: Guarded + 'static,
    F::Output: Responder + 'static,
{
    several(path, [on(method, handler)])
}

/// A method of a path, and what it does. What GET answers, HEAD is told of.
fn on<F, Args>(method: Method, handler: F) -> (Method, Route)
where
    F: Handler<Args>,
    Args: Guarded + 'static,
    F::Output: Responder + 'static,
{
    let route = match method {
        // The doors leave the body out.
        Method::GET => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
        _ => web::method(method.clone()),
    };
    (method, route.to(handler))
}

/// A path with its methods; any other is refused with a list of them.
fn several<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let allowed: Vec<Method> = routes.iter().flat_map(|(method, _)| answered(method)).collect();
    let refuse = move |request: HttpRequest| std::future::ready(wrong_method(&request, &allowed));
    let resource = routes.into_iter().fold(web::resource(path), |resource, (_, route)| resource.route(route));
    resource.default_service(web::to(refuse))
}

fn answered(method: &Method) -> Vec<Method> {
    if method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![method.clone()] }
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("there is nothing here; /docs/ lists all routes"))
}

fn wrong_method(request: &HttpRequest, allowed: &[Method]) -> Result<HttpResponse, Problem> {
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
