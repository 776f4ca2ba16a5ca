//! Requests on connections of the reserve: only staff is served there, what keeps staff signed in, and whoever asks how this node
//! does.

use std::time::Duration;

use actix_web::{
    HttpResponse, ResponseError as _,
    dev::ServiceRequest,
    http::{ConnectionType, Method},
};

use super::connection;
use crate::{auth::caller::Caller, problem::Problem};

/// When whoever was refused may try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// What anybody is answered.
static SERVED: [(Method, &str); 6] = [
    (Method::GET, "/healthz"),
    (Method::GET, "/readyz"),
    (Method::GET, "/api/health"),
    (Method::GET, "/api/v1/health"),
    (Method::POST, "/api/agent/refresh"),
    (Method::POST, "/api/v1/agent/refresh"),
];

/// The refusal of a request on such a connection, unless it is for those who come; the connection ends with it.
pub(super) fn refuse(request: &ServiceRequest, caller: &Caller) -> Option<HttpResponse> {
    let is_staffs = || matches!(caller.staff(request.request()), Ok(Some(_)));
    if !connection::is_reserved(request.request()) || is_served(request) || is_staffs() {
        return None;
    }
    let detail = "too many connections are open; try again";
    let mut answer = Problem::unavailable("TOO_MANY_CONNECTIONS", detail, RETRY_AFTER).error_response();
    answer.head_mut().set_connection_type(ConnectionType::Close);
    Some(answer)
}

fn is_served(request: &ServiceRequest) -> bool {
    SERVED.iter().any(|(method, path)| request.method() == method && request.match_info().as_str() == *path)
}
