//! The middleware: what stands between a stranger and the routes. Around every request, in this order: the path that a proxy serves
//! us under is taken off (`base_path`), who calls (`auth/caller.rs`), is its head too large (`limits`), does it come too often (`rate`), may this page speak to us
//! (`origins`); then the route, which ends where a store falls silent (`patience`); then what browsers may do with the answer (`headers`), the visitor's token (`visitor_token`),
//! and how its body goes out (`response_body`). Around that, a line in the log (`trace`). Below it, connections: `connection`,
//! `connection_limits`, whose `reserve` is for few, and `tls`.
//!
//! Invariant: nothing here knows a session; no route can forget any of it.

mod authority;
pub mod base_path;
pub(crate) mod connection;
pub(crate) mod connection_limits;
pub mod headers;
mod limits;
pub mod origins;
pub(crate) mod patience;
mod rate;
pub mod redirect;
pub mod refusal_lines;
mod reserve;
mod response_body;
pub mod tls;
pub mod trace;
mod visitor_token;

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::ORIGIN,
    middleware::Next,
    web::Data,
};
use base_path::BasePath;
use connection::Answering;
use headers::{FrameAncestors, Headers};
use origins::{CorsPolicy, Origins};
use rate::{RateStatus, Rates};

use crate::{
    auth::caller::{Caller, Callers},
    client_ip::TrustedProxies,
    problem::Problem,
};

/// What the middleware is told to do.
pub struct Config {
    /// Whose word on the client's address counts.
    pub trusted_proxies: TrustedProxies,
    /// Where the proxy serves this desk.
    pub base_path: BasePath,
    /// Pages elsewhere that may call the API with cookies.
    pub allowed_origins: Origins,
    /// The same, and the visitor's cookie reaches them.
    pub widget_origins: Origins,
    /// Who may show our pages in a frame.
    pub frame_ancestors: FrameAncestors,
    /// Whether all names below this host speak TLS as well.
    pub hsts_subdomains: bool,
    /// Whether the API's description is served.
    pub docs: bool,
    /// Messages a minute, per visitor and per address; 0 is no limit.
    pub chat_rate_per_minute: u32,
    /// Requests a second, per address or account; 0 is no limit.
    pub rate_per_second: u32,
}

/// What the middleware keeps, for all workers.
pub struct Middleware {
    callers: Callers,
    proxies: TrustedProxies,
    base_path: BasePath,
    cors: CorsPolicy,
    headers: Headers,
    rates: Rates,
    docs: bool,
}

impl Middleware {
    /// As the configuration says, for callers who are known by these services.
    #[must_use]
    pub fn new(config: Config, callers: Callers) -> Self {
        Self {
            rates: Rates::new(config.chat_rate_per_minute, config.rate_per_second, &callers.staff.clock),
            callers,
            proxies: config.trusted_proxies,
            base_path: config.base_path,
            cors: CorsPolicy { allowed: config.allowed_origins, widget: config.widget_origins },
            headers: Headers::new(&config.frame_ancestors, config.hsts_subdomains),
            docs: config.docs,
        }
    }

    /// Refuses the API's description where it is turned off.
    fn check_docs(&self, request: &ServiceRequest) -> Result<(), Problem> {
        let path = request.match_info().as_str();
        let is_docs = path == "/openapi.json" || path == "/docs" || path.starts_with("/docs/");
        if is_docs && !self.docs { Err(Problem::not_found("the API's description is turned off here")) } else { Ok(()) }
    }

    /// An answer instead of the route's, where there is one.
    fn refuse(&self, request: &ServiceRequest, caller: &Caller, status: &RateStatus) -> Option<HttpResponse> {
        if let Some(refused) = reserve::refuse(request, caller) {
            return Some(refused);
        }
        let early = limits::check_head(request).and_then(|()| status.check()).and_then(|()| self.check_docs(request));
        if let Err(problem) = early {
            return Some(problem.error_response());
        }
        let preflight = self.cors.preflight(request, &caller.client);
        preflight.or_else(|| self.cors.check(request, &caller.client).err().map(|problem| problem.error_response()))
    }
}

/// The middleware.
///
/// # Errors
/// What the inner services return.
pub async fn around(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let middleware =
        request.app_data::<Data<Middleware>>().cloned().expect("every server of ours is built with its middleware");
    let redirect = middleware.base_path.take_off(&mut request);
    let answering = Answering::begin(&request);
    let caller = middleware.callers.caller(middleware.proxies.client(&request, connection::is_tls(&request)));
    let origin = request.headers().get(ORIGIN).cloned();
    let status = middleware.rates.count(&request, &caller);
    let answer = middleware.refuse(&request, &caller, &status).or(redirect);
    request.extensions_mut().insert(caller.clone());
    let mut response = match answer {
        Some(answer) => request.into_response(answer),
        None => next.call(limits::with_deadline(request)).await?.map_into_boxed_body(),
    };
    status.apply_headers(response.headers_mut());
    middleware.cors.apply_headers(origin.as_ref(), response.headers_mut());
    if let Some(issued) = caller.take_issued() {
        let is_widget = origin.as_ref().is_some_and(|origin| middleware.cors.is_widget(origin));
        visitor_token::add(&issued, &caller, is_widget, response.headers_mut());
    }
    let path = response.request().match_info().as_str().to_owned();
    middleware.headers.apply_headers(&path, caller.client.is_secure, response.headers_mut());
    let (method, version) = (response.request().method().clone(), response.request().version());
    response_body::for_version(version, response.response_mut());
    let is_events = response_body::is_events(response.headers());
    Ok(response.map_body(|_, body| response_body::body(&method, body, answering, is_events)))
}
