//! Whether the process lives, whether it can serve, and the original's health answer.

use std::time::Duration;

use actix_web::{HttpResponse, web::Data};
use event_store::{Position, ReadError, event::time_text, pages::events_between};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    app::App,
    problem::{Problem, ProblemBody},
};

/// How long the store may take to say where its head is.
const PATIENCE: Duration = Duration::from_secs(2);
/// Views further behind than this are not ready: at 10,000 events a second a second's work.
const LAG: u64 = 10_000;

/// The process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "process_health", tag = "operator", responses((status = 200, body = Value)))]
pub async fn process() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// The process can serve: the store answers, the views keep up, nothing has raised an alarm.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readiness", tag = "operator",
    responses((status = 200, body = Value), (status = 503, body = Value))
)]
pub async fn ready(app: Data<App>) -> HttpResponse {
    let asked = timeout(PATIENCE, head_and_lag(&app)).await.ok().and_then(Result::ok);
    let (head, lag) = asked.unzip();
    let alarms = alarms(&app);
    let ready = lag.is_some_and(|lag| lag <= LAG) && alarms.is_empty();
    let body = json!({
        "status": if ready { "ready" } else { "not_ready" },
        "store": {"reachable": head.is_some(), "head": head},
        "views": {"position": app.views.position(), "lag": lag, "generation": app.views.generation()},
        "checkpoints": checkpoints(&app),
        "alarms": alarms,
    });
    if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

/// Where the log ends, and how many events behind the views are; counted no further than it takes to be late.
async fn head_and_lag(app: &App) -> Result<(Position, u64), ReadError> {
    let reader = app.reader();
    let head = reader.head().await?;
    let lag = events_between(&*reader, app.views.position(), head, LAG + 1).await?;
    Ok((head, lag))
}

fn alarms(app: &App) -> Vec<Value> {
    let views = app.views.alarm().map(|alarm| json!({"part": "views", "position": alarm.position, "what": alarm.what}));
    let tail = app.tail.stopped().map(|error| json!({"part": "tail", "what": error.to_string()}));
    let checkpoints = app.checkpoints.borrow().alarm.clone();
    let checkpoints =
        checkpoints.map(|alarm| json!({"part": "checkpoints", "position": alarm.position, "what": alarm.what}));
    views.into_iter().chain(tail).chain(checkpoints).collect()
}

/// A folder that cannot be written is shown and logged, and no reason to stop serving.
fn checkpoints(app: &App) -> Value {
    let status = app.checkpoints.borrow().clone();
    let newest = status.newest.map(
        |newest| json!({"size": newest.size, "position": newest.position, "signed_at": time_text(newest.signed_at)}),
    );
    json!({"newest": newest, "trouble": status.trouble})
}

/// The original's health answer.
///
/// # Errors
/// The store does not answer.
#[utoipa::path(
    get, path = "/api/health", operation_id = "health", tag = "operator",
    responses((status = 200, body = Value), (status = 503, body = ProblemBody, content_type = "application/problem+json"))
)]
pub async fn original(app: Data<App>) -> Result<HttpResponse, Problem> {
    let _head: Position = timeout(PATIENCE, app.reader().head())
        .await
        .map_err(|_| Problem::unavailable("STORE_UNAVAILABLE", "the event store does not answer", PATIENCE))??;
    let (_, total) = app.views.list(None, 1, 0).await?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "healthy",
        "coze_connected": true,
        "workflow_id": app.settings.workflow_id,
        "app_id": app.settings.app_id,
        "auth_mode": "OAUTH_JWT",
        "session_isolation": true,
        "token_info": {"total_sessions": total, "sessions": {}},
    })))
}
