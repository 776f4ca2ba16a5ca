//! Redirects plain HTTP to the same host and path over https, where a person may have typed it. A program that asks the API so has
//! sent its token for everybody on the way to read, and would go on doing so: it is refused.
//!
//! Invariant: a redirect leads to a well-formed host and to the very path that was asked for.

use std::net::SocketAddr;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HOST},
    },
    web::{self, ServiceConfig},
};

use super::authority::Authority;
use crate::problem::Problem;

/// The port with TLS.
#[derive(Debug, Clone, Copy)]
pub struct SecurePort(pub u16);

impl SecurePort {
    /// The port of the listener with TLS.
    #[must_use]
    pub fn of(listen: SocketAddr) -> Self {
        Self(listen.port())
    }
}

/// Answers every request there is.
pub fn configure(config: &mut ServiceConfig) {
    config.default_service(web::to(come_back));
}

async fn come_back(request: HttpRequest, port: web::Data<SecurePort>) -> HttpResponse {
    if request.path().contains("/api/") {
        let detail = "the API is served over https alone; what was sent was not looked at, and others may have read it";
        return Problem::new(StatusCode::FORBIDDEN, "TLS_REQUIRED", detail).error_response();
    }
    match target(&request, port.0) {
        Some(target) => HttpResponse::PermanentRedirect().insert_header((header::LOCATION, target)).finish(),
        None => Problem::bad_request("the Host header names no host").error_response(),
    }
}

fn target(request: &HttpRequest, port: u16) -> Option<String> {
    let mut hosts = request.headers().get_all(HOST);
    let host = hosts.next()?.to_str().ok().filter(|_| hosts.next().is_none())?;
    // A request to a proxy names the host twice.
    if request.uri().authority().is_some_and(|authority| authority.as_str() != host) {
        return None;
    }
    let host = Authority::parse(host)?.host;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    path.starts_with('/').then(|| format!("https://{host}{port}{path}"))
}
