//! `GET /api/metrics`: what Prometheus collects, for operators and programs with `system:read`; and the same on a port of its own
//! (`server/metrics_port.rs`).

mod sampling;

use actix_web::{HttpRequest, HttpResponse, http::header::VARY};

use super::health::ReadinessServices;
use crate::{
    auth::require::{Require, SystemRead},
    metrics::format::Format,
};

pub use sampling::ScrapeServices;

/// Shows the metrics of this node, for Prometheus and programs that read the same.
///
/// As OpenMetrics text where `Accept` names it, otherwise as plain text. `docs/metrics.md` says what each is. What could not be asked for is left out, so the answer comes within seconds whatever is
/// away. No event is recorded.
#[utoipa::path(
    get, path = "/api/metrics", operation_id = "show_metrics", tag = "operation", security(("bearer" = [])),
    responses((status = 200, content((String = "text/plain"), (String = "application/openmetrics-text"))))
)]
pub async fn show(
    _: Require<SystemRead>,
    request: HttpRequest,
    readiness: ReadinessServices,
    services: ScrapeServices,
) -> HttpResponse {
    scrape(request, readiness, services).await
}

/// The same without asking who: for a port that only operators reach.
pub(crate) async fn scrape(
    request: HttpRequest,
    readiness: ReadinessServices,
    services: ScrapeServices,
) -> HttpResponse {
    let format = Format::asked_for(request.headers());
    let metrics = format.of(services.render(&readiness).await);
    HttpResponse::Ok().content_type(format.content_type()).insert_header((VARY, "Accept")).body(metrics)
}
