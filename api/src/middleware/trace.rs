//! Around every request: an id that goes through log, events and answer, one log line, and what metrics count of it.

use std::{
    net::IpAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use uuid::Uuid;

use super::{connection, refusal_lines::RefusalLines};
use crate::{
    auth::caller::Caller,
    metrics::Metrics,
    request::{REQUEST_ID_HEADER, with_id},
};

/// The middleware.
///
/// # Errors
/// What the inner services return.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
    let id = given.and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_else(Uuid::new_v4);
    let started = Instant::now();
    let mut response = with_id(id, next.call(request)).await?;
    let id_value = HeaderValue::from_str(&id.to_string()).expect("a uuid is a header value");
    response.headers_mut().insert(REQUEST_ID_HEADER, id_value);
    let route = response.request().match_pattern();
    log(&response, route.as_deref(), id, started);
    Ok(counted(response, route.as_deref(), started.elapsed()))
}

/// Counts the answer; a stream counts as open until its body is dropped, and its duration is none of a request's.
fn counted(
    response: ServiceResponse<impl MessageBody + 'static>,
    route: Option<&str>,
    took: Duration,
) -> ServiceResponse<BoxBody> {
    let metrics = response.request().app_data::<Data<Metrics>>().cloned();
    let metrics = metrics.expect("every server of ours registers its metrics");
    let (method, status) = (response.request().method().clone(), response.status().as_u16());
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_stream = kind.is_some_and(|kind| kind.starts_with(b"text/event-stream"));
    let response = response.map_into_boxed_body();
    if is_stream {
        return response.map_body(|_, body| metrics.requests.streams(route, &method, status, body));
    }
    metrics.requests.answered(route, &method, status, took);
    response
}

/// The route's pattern, not the path: session names are personal. Who was refused a right, and from where somebody could not
/// sign in, stands in the line as well.
fn log<B>(response: &ServiceResponse<B>, route: Option<&str>, id: Uuid, started: Instant) {
    let request = response.request();
    let route = route.unwrap_or("(none)");
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    if matches!(route, "/healthz" | "/readyz") && status.as_u16() < 400 {
        return;
    }
    let mut left_out = None;
    if is_flood(request, status)
        && let Some(caller) = caller(request)
    {
        let lines = request.app_data::<Data<RefusalLines>>().expect("every server of ours bounds these lines");
        let Some(before) = lines.next(caller.client.address, Instant::now()) else { return };
        left_out = Some(before).filter(|before| *before > 0);
    }
    let Blamed { actor, address } = Blamed::of(request, route, status);
    let (actor, status) = (actor.as_deref(), status.as_u16());
    let address = address.map(tracing::field::display);
    tracing::info!(request.id = %id, method = %request.method(), route, status, duration_ms, actor, address, left_out, "request");
}

/// Whether a request was refused before anything was done, so that there may be any number of its kind.
fn is_flood(request: &HttpRequest, status: StatusCode) -> bool {
    match status.as_u16() {
        400 | 405 | 408 | 411 | 413 | 414 | 415 | 417 | 429 | 431 => true,
        503 => connection::is_reserved(request),
        _another => false,
    }
}

/// Whom a line names.
#[derive(Default)]
struct Blamed {
    actor: Option<String>,
    address: Option<IpAddr>,
}

impl Blamed {
    fn of(request: &HttpRequest, route: &str, status: StatusCode) -> Self {
        let is_forbidden = status == StatusCode::FORBIDDEN;
        let is_failed_sign_in = SIGN_IN.contains(&route) && status.is_client_error();
        match caller(request) {
            Some(caller) if is_forbidden => Self { actor: caller.actor(request), address: Some(caller.client.address) },
            Some(caller) if is_failed_sign_in => Self { actor: None, address: Some(caller.client.address) },
            Some(_) | None => Self::default(),
        }
    }
}

const SIGN_IN: [&str; 4] =
    ["/api/agent/login", "/api/v1/agent/login", "/api/auth/agent/login", "/api/v1/auth/agent/login"];

fn caller(request: &HttpRequest) -> Option<Rc<Caller>> {
    request.extensions().get::<Rc<Caller>>().cloned()
}
