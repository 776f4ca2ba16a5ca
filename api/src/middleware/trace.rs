//! Around every request: an id that goes through log, events and answer, one log line, and what metrics count of it.

use std::time::{Duration, Instant};

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CONTENT_TYPE, HeaderValue},
    middleware::Next,
    web::Data,
};
use uuid::Uuid;

use crate::{
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

/// The route's pattern, not the path: session names are personal.
fn log<B>(response: &ServiceResponse<B>, route: Option<&str>, id: Uuid, started: Instant) {
    let request = response.request();
    let route = route.unwrap_or("(none)");
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    if matches!(route, "/healthz" | "/readyz") && status < 400 {
        return;
    }
    tracing::info!(request.id = %id, method = %request.method(), route, status, duration_ms, "request");
}
