//! `GET /api/metrics`: what Prometheus collects, for operators and programs with `system:read`; and the same on a port of its own
//! (`server/metrics_port.rs`).

mod background;
mod sampling;

use actix_web::HttpResponse;

use super::health::ReadinessServices;
use crate::{
    auth::require::{Require, SystemRead},
    metrics::CONTENT_TYPE,
};

pub use background::BackgroundWork;
pub use sampling::ScrapeServices;

/// Shows the metrics of this node as OpenMetrics text, for Prometheus and programs that read the same.
///
/// `docs/metrics.md` says what each is. What could not be asked for is left out, so the answer comes within seconds whatever is
/// away. No event is recorded.
#[utoipa::path(
    get, path = "/api/metrics", operation_id = "show_metrics", tag = "operation", security(("bearer" = [])),
    responses((status = 200, body = String, content_type = "application/openmetrics-text"))
)]
pub async fn show(_: Require<SystemRead>, readiness: ReadinessServices, services: ScrapeServices) -> HttpResponse {
    scrape(readiness, services).await
}

/// The same without asking who: for a port that only operators reach.
pub(crate) async fn scrape(readiness: ReadinessServices, services: ScrapeServices) -> HttpResponse {
    HttpResponse::Ok().content_type(CONTENT_TYPE).body(services.render(&readiness).await)
}
