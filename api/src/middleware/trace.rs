//! Around every request: an id that goes through log, events and answer, and one log line.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::HeaderValue,
    middleware::Next,
};
use uuid::Uuid;

use crate::request::{REQUEST_ID_HEADER, with_id};

/// The middleware.
///
/// # Errors
/// What the inner services return.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
    let id = given.and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_else(Uuid::new_v4);
    let started = Instant::now();
    let mut response = with_id(id, next.call(request)).await?;
    let id_value = HeaderValue::from_str(&id.to_string()).expect("a uuid is a header value");
    response.headers_mut().insert(REQUEST_ID_HEADER, id_value);
    log(&response, id, started);
    Ok(response)
}

/// The route's pattern, not the path: session names are personal.
fn log<B>(response: &ServiceResponse<B>, id: Uuid, started: Instant) {
    let request = response.request();
    let route = request.match_pattern().unwrap_or_else(|| "(none)".to_owned());
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    if matches!(route.as_str(), "/healthz" | "/readyz") && status < 400 {
        return;
    }
    tracing::info!(request.id = %id, method = %request.method(), route, status, duration_ms, "request");
}
