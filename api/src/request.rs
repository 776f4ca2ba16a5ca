//! Around every request: an id that goes through log, events and answer; one log line; the visitor's cookie.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue, SET_COOKIE},
    middleware::Next,
};
use uuid::Uuid;

use crate::{doors, sign_in::visitor::IssuedToken};

tokio::task_local! {
    static REQUEST_ID: Uuid;
}

/// Given back with every answer, and taken from the caller where it is a uuid.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Where a visitor's token is given besides the cookie.
pub const VISITOR_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-visitor-token");

/// The id of the request that this code runs for.
#[must_use]
pub fn request_id() -> Uuid {
    REQUEST_ID.try_with(|id| *id).unwrap_or_default()
}

/// As text.
#[must_use]
pub fn current_request_id() -> String {
    request_id().to_string()
}

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
    let mut response = REQUEST_ID.scope(id, next.call(request)).await?;
    let id_value = HeaderValue::from_str(&id.to_string()).expect("a uuid is a header value");
    response.headers_mut().insert(REQUEST_ID_HEADER, id_value);
    add_token(&mut response);
    log(&response, id, started);
    Ok(response)
}

fn add_token<B>(response: &mut ServiceResponse<B>) {
    let issued = response.request().extensions_mut().remove::<IssuedToken>();
    let Some(issued) = issued else { return };
    if let Ok(token) = HeaderValue::from_str(&issued.token) {
        response.headers_mut().insert(VISITOR_TOKEN_HEADER, token);
    }
    let cookie = issued.cookie(doors::is_secure(response.request()));
    match doors::cookie::set_cookie(cookie, response.request()) {
        Ok(cookie) => response.headers_mut().append(SET_COOKIE, cookie),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the visitor's cookie could not be set");
        }
    }
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
