//! The end of every request: where a store falls silent, whoever waits for it, for a view or for an answer is told so.
//!
//! What was begun goes on: an append is the log's own task, so the same request under the same key finds what came of it.

use actix_web::{
    Error, ResponseError as _,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};

use crate::store_pulse::{StorePulse, silent};

/// Around one route, once it is found.
///
/// # Errors
/// What the route returns.
pub(crate) async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let pulse = request.app_data::<Data<StorePulse>>().cloned().expect("every server of ours registers its pulse");
    let asked = request.request().clone();
    tokio::select! {
        answer = next.call(request) => Ok(answer?.map_into_boxed_body()),
        () = pulse.falls_silent() => {
            let problem = silent();
            tracing::warn!(request.id = %crate::request::current_request_id(), "request not answered: a store is silent");
            Ok(ServiceResponse::new(asked, problem.error_response()))
        }
    }
}
