//! The doors: what stands between a stranger and the routes. Around every request, in this order: who is it (`address`), is
//! its head too large (`limits`), does it come too often (`rate`), may this page speak to us (`origins`); then the route; then
//! what browsers may do with the answer (`headers`, `cookie`), and how its body goes out (`answer`). Below that, connections:
//! `wire` and `tls`.
//!
//! Invariant: nothing here knows a session; no route can forget any of it.

pub mod address;
mod answer;
mod authority;
pub mod cookie;
pub mod headers;
mod limits;
pub mod origins;
mod rate;
pub mod redirect;
pub mod tls;
pub(crate) mod wire;

use std::sync::Arc;

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::ORIGIN,
    middleware::Next,
    web::Data,
};
use address::Client;
use event_store::Clock;
use headers::Headers;
use origins::Guests;
use rate::{Rates, Standing};
use wire::Answering;

use crate::settings::Settings;

/// What the doors keep, for all workers.
pub struct Doors {
    proxies: address::TrustedProxies,
    guests: Guests,
    headers: Headers,
    rates: Rates,
}

impl Doors {
    /// As the settings say; limits go by this clock.
    #[must_use]
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        Self {
            proxies: settings.trusted_proxies.clone(),
            guests: Guests { allowed: settings.allowed_origins.clone(), widget: settings.widget_origins.clone() },
            headers: Headers::new(&settings.frame_ancestors),
            rates: Rates::new(settings.chat_rate_per_minute, settings.rate_per_second, clock),
        }
    }

    fn of(request: &HttpRequest) -> &Data<Self> {
        request.app_data::<Data<Self>>().expect("every server of ours is built with doors")
    }

    /// An answer instead of the route's, where there is one.
    fn refuse(&self, request: &ServiceRequest, client: &Client, standing: &Standing) -> Option<HttpResponse> {
        let early = limits::check_head(request).and_then(|()| standing.check());
        if let Err(problem) = early {
            return Some(problem.error_response());
        }
        let preflight = self.guests.preflight(request, client);
        preflight.or_else(|| self.guests.check(request, client).err().map(|problem| problem.error_response()))
    }
}

/// Whether a request came over TLS.
#[must_use]
pub fn is_secure(request: &HttpRequest) -> bool {
    request.extensions().get::<Client>().is_some_and(|client| client.is_secure)
}

/// The middleware.
///
/// # Errors
/// What the inner services return.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let doors = Doors::of(request.request()).clone();
    let answering = Answering::begin(&request);
    let client = doors.proxies.client(&request);
    let is_secure = client.is_secure;
    let origin = request.headers().get(ORIGIN).cloned();
    let standing = doors.rates.count(&request, &client);
    let refused = doors.refuse(&request, &client, &standing);
    request.extensions_mut().insert(client);
    let mut response = match refused {
        Some(answer) => request.into_response(answer),
        None => next.call(limits::with_deadline(request)).await?.map_into_boxed_body(),
    };
    standing.tell(response.headers_mut());
    doors.guests.tell(origin.as_ref(), response.headers_mut());
    let path = response.request().match_info().as_str().to_owned();
    doors.headers.tell(&path, is_secure, response.headers_mut());
    let method = response.request().method().clone();
    Ok(response.map_body(|_, body| answer::body(&method, body, answering)))
}
