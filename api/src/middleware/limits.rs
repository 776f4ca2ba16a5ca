//! Limits of a single request: how large its head, how long its body may take. How large a body may be is known where
//! bodies are read (`body.rs`); how long a head may take, where bytes come in (`connection.rs`).

use std::{io, time::Duration};

use actix_web::{
    HttpMessage as _,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::StatusCode,
};
use async_stream::stream;
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// Path, names and values of a head together. Browsers keep the cookies of one site far below.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// How long a body may take to arrive: the largest one needs 13 kB a second.
const BODY_TIME: Duration = Duration::from_secs(20);

/// Refuses a head that is too large.
pub(super) fn check_head(request: &ServiceRequest) -> Result<(), Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if target + headers <= MAX_HEAD_BYTES {
        return Ok(());
    }
    let detail = format!("the request's path and headers must have at most {MAX_HEAD_BYTES} bytes together");
    Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEAD_TOO_LARGE", detail))
}

/// The request, whose body fails once its time is over.
pub(super) fn with_deadline(mut request: ServiceRequest) -> ServiceRequest {
    let payload = request.take_payload();
    let payload = if matches!(payload, Payload::None) { payload } else { until(Instant::now() + BODY_TIME, payload) };
    request.set_payload(payload);
    request
}

fn until(deadline: Instant, mut payload: Payload) -> Payload {
    let payload = stream! {
        loop {
            match timeout_at(deadline, payload.next()).await {
                Ok(Some(chunk)) => yield chunk,
                Ok(None) => return,
                Err(_elapsed) => {
                    yield Err(PayloadError::Io(io::ErrorKind::TimedOut.into()));
                    return;
                }
            }
        }
    };
    Payload::Stream { payload: Box::pin(payload) }
}
