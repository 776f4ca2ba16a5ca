//! The id of a request, which goes through log, events and answer.

use actix_web::http::header::HeaderName;
use uuid::Uuid;

tokio::task_local! {
    static REQUEST_ID: Uuid;
}

/// Given back with every answer, and taken from the caller where it is a uuid.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

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

/// Runs this for the request of this id.
pub(crate) async fn with_id<F: Future>(id: Uuid, request: F) -> F::Output {
    REQUEST_ID.scope(id, request).await
}
