//! Whether the process lives, whether it can serve, and the original's health answer.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{HttpResponse, web::Data};
use commands::assistants::Assistants;
use event_store::{
    EventReader, Position, ReadError, checkpoint, event::time_text, pages::events_between, write_health::WriteHealth,
};
use journal::Tail;
use projections::Views;
use serde::Serialize;
use tokio::{sync::watch, time::timeout};
use utoipa::ToSchema;

use crate::{auth::require::Anybody, problem::Problem, services::requested_services, settings::Settings};

/// How long the store may take to say where its head is.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// Views further behind than this are not ready: at 10,000 events a second a second's work.
pub(super) const LAG: u64 = 10_000;
const READY: &str = "ready";
/// What anybody is told; operators are told why.
const TROUBLE: &str = "notes cannot be written; the log and GET /api/health/detailed say why";

requested_services! {
    /// What readiness is made of.
    pub struct ReadinessServices {
        log: dyn EventReader,
        tail: Tail,
        views: Views,
        checkpoints: watch::Receiver<checkpoint::Status>,
        write_health: WriteHealth,
    }
}

/// Whether the process lives.
#[derive(Serialize, ToSchema)]
pub struct ProcessAnswer {
    /// Always `ok`.
    status: &'static str,
}

/// Answers while the process lives.
///
/// For what restarts a process that does not answer. Asks no store; no event is recorded.
#[utoipa::path(get, path = "/healthz", operation_id = "check_process", tag = "operation", responses((status = 200, body = ProcessAnswer)))]
pub async fn process(_: Anybody) -> HttpResponse {
    lives()
}

/// That the process lives.
pub(crate) fn lives() -> HttpResponse {
    HttpResponse::Ok().json(ProcessAnswer { status: "ok" })
}

/// Whether the process can serve, and what of it cannot.
#[derive(Serialize, ToSchema)]
pub struct ReadyAnswer {
    /// `ready` or `not_ready`.
    pub(super) status: &'static str,
    pub(super) store: StoreState,
    pub(super) views: ViewsState,
    pub(super) checkpoints: CheckpointsState,
    /// What somebody has to look at.
    pub(super) alarms: Vec<AlarmState>,
}

/// The event store.
#[derive(Serialize, ToSchema)]
pub struct StoreState {
    /// Whether it answers.
    pub(super) reachable: bool,
    /// False where it answers and has an event that cannot be read; `alarms` names it.
    pub(super) readable: bool,
    /// False from an append that failed until one succeeds; the detailed health says why.
    pub(super) writable: bool,
    /// The newest position; null while it does not answer.
    pub(super) head: Option<u64>,
}

/// The views.
#[derive(Serialize, ToSchema)]
pub struct ViewsState {
    position: u64,
    /// Events that they have not read yet; null while the head is not known.
    lag: Option<u64>,
    generation: u64,
}

/// The signing of checkpoints.
#[derive(Serialize, ToSchema)]
pub struct CheckpointsState {
    newest: Option<CheckpointState>,
    /// Why notes cannot be written at present; no reason to stop serving.
    trouble: Option<String>,
}

/// A checkpoint.
#[derive(Serialize, ToSchema)]
pub struct CheckpointState {
    /// Events.
    size: u64,
    position: u64,
    #[schema(format = DateTime)]
    signed_at: String,
}

/// What has gone wrong.
#[derive(Serialize, ToSchema)]
pub struct AlarmState {
    /// `views`, `tail`, `checkpoints` or `clock`, of which the last two are shown and do not make the process unready; or
    /// `start`, while a start waits for its servers.
    part: &'static str,
    /// Where in the log, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    position: Option<u64>,
    what: String,
}

/// Answers whether the process can serve.
///
/// 200 while the store answers and takes events, the views keep up and nothing has raised an alarm, otherwise 503 with the
/// reason. For load balancers. No event is recorded.
#[utoipa::path(
    get, path = "/readyz", operation_id = "check_readiness", tag = "operation",
    responses((status = 200, body = ReadyAnswer), (status = 503, body = ReadyAnswer, description = "It cannot"))
)]
pub async fn ready(_: Anybody, app: ReadinessServices) -> HttpResponse {
    let body = ReadyAnswer::of(&app).await.for_anybody();
    if body.is_ready() { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

impl ReadinessServices {
    /// Why events cannot be written, in words that are for operators alone.
    pub(super) fn write_failure(&self) -> Option<String> {
        self.write_health.failure().map(|failure| failure.what)
    }
}

impl ReadyAnswer {
    pub(super) async fn of(app: &ReadinessServices) -> Self {
        let Log { head, lag, is_damaged } = Log::look(app).await;
        let alarms = alarms(app);
        let readable = !is_damaged && app.tail.stopped().is_none() && app.views.alarm().is_none();
        let writable = app.write_health.failure().is_none();
        let is_closed = alarms.iter().any(|alarm| closes(alarm.part));
        let is_ready = lag.is_some_and(|lag| lag <= LAG) && writable && !is_closed;
        Self {
            status: if is_ready { READY } else { "not_ready" },
            store: StoreState { reachable: head.is_some(), readable, writable, head: head.map(|head| head.0) },
            views: ViewsState { position: app.views.position().0, lag, generation: app.views.generation() },
            checkpoints: checkpoints(app),
            alarms,
        }
    }

    /// While a start waits for its servers, and nothing is known of the rest.
    pub(crate) fn waiting(awaited: Vec<String>) -> Self {
        Self {
            status: "not_ready",
            store: StoreState { reachable: false, readable: true, writable: false, head: None },
            views: ViewsState { position: 0, lag: None, generation: 0 },
            checkpoints: CheckpointsState { newest: None, trouble: None },
            alarms: awaited.into_iter().map(|what| AlarmState { part: "start", position: None, what }).collect(),
        }
    }

    /// Without what the system said about folders and disks, which is for operators alone.
    fn for_anybody(mut self) -> Self {
        self.checkpoints.trouble = self.checkpoints.trouble.map(|_| TROUBLE.to_owned());
        self
    }

    pub(super) fn is_ready(&self) -> bool {
        self.status == READY
    }
}

/// What the log says at this moment.
struct Log {
    /// Where it ends; `None` while it does not answer.
    head: Option<Position>,
    /// How many events behind the views are; counted no further than it takes to be late.
    lag: Option<u64>,
    /// It answers, and what the views have not read yet cannot be read.
    is_damaged: bool,
}

impl Log {
    const AWAY: Self = Self { head: None, lag: None, is_damaged: false };

    async fn look(app: &ReadinessServices) -> Self {
        let asked = async {
            let head = app.log.head().await?;
            let lag = events_between(&*app.log, app.views.position(), head, LAG + 1).await;
            match lag {
                Ok(lag) => Ok(Self { head: Some(head), lag: Some(lag), is_damaged: false }),
                Err(away @ ReadError::Unavailable(_)) => Err(away),
                Err(ReadError::Gap { .. } | ReadError::Damaged { .. }) => {
                    Ok(Self { head: Some(head), lag: None, is_damaged: true })
                }
            }
        };
        timeout(PATIENCE, asked).await.ok().and_then(Result::ok).unwrap_or(Self::AWAY)
    }
}

fn alarms(app: &ReadinessServices) -> Vec<AlarmState> {
    let alarm = |part, position: Position, what| AlarmState { part, position: Some(position.0), what };
    let views = app.views.alarm().map(|raised| alarm("views", raised.position, raised.what));
    let tail = app.tail.stopped().map(|error| AlarmState { part: "tail", position: None, what: error.to_string() });
    let checkpoints = app.checkpoints.borrow().alarm.clone();
    let checkpoints = checkpoints.map(|raised| alarm("checkpoints", raised.position, raised.what));
    let clock = app.checkpoints.borrow().clock.clone().map(|raised| alarm("clock", raised.position, raised.what));
    views.into_iter().chain(tail).chain(checkpoints).chain(clock).collect()
}

/// Whether an alarm of this part is a reason to stop serving: a log that does not prove itself has to be looked at, and serves.
fn closes(part: &str) -> bool {
    !matches!(part, "checkpoints" | "clock")
}

/// A folder that cannot be written is shown and logged, and no reason to stop serving.
fn checkpoints(app: &ReadinessServices) -> CheckpointsState {
    let status = app.checkpoints.borrow().clone();
    let newest = status.newest.map(|newest| CheckpointState {
        size: newest.size.0,
        position: newest.position.0,
        signed_at: time_text(newest.signed_at),
    });
    CheckpointsState { newest, trouble: status.trouble }
}

/// The original's health answer.
#[derive(Serialize, ToSchema)]
pub struct HealthAnswer {
    /// Always `healthy`: otherwise there is no such answer.
    status: &'static str,
    /// False while Coze is one of the assistants and takes no questions.
    coze_connected: bool,
    workflow_id: String,
    app_id: String,
    auth_mode: &'static str,
    session_isolation: bool,
    token_info: TokenInfo,
}

/// What the original told of its sessions.
#[derive(Serialize, ToSchema)]
pub struct TokenInfo {
    total_sessions: u64,
    /// Always empty: session names are personal.
    sessions: BTreeMap<String, String>,
}

/// Shows the original's health answer.
///
/// In the original's shape; its list of sessions is always empty. No event is recorded.
///
/// # Errors
/// The store does not answer.
#[utoipa::path(
    get, path = "/api/health", operation_id = "show_health", tag = "operation",
    responses((status = 200, body = HealthAnswer), (status = 503))
)]
pub async fn original(
    _: Anybody,
    log: Data<dyn EventReader>,
    views: Data<Views>,
    settings: Data<Settings>,
    assistants: Data<Assistants>,
) -> Result<HttpResponse, Problem> {
    let _head: Position = timeout(PATIENCE, log.head())
        .await
        .map_err(|_| Problem::unavailable("STORE_UNAVAILABLE", "the event store does not answer", PATIENCE))??;
    let (_, total_sessions) = views.list(None, 1, 0).await?;
    Ok(HttpResponse::Ok().json(HealthAnswer {
        status: "healthy",
        coze_connected: assistants.named("coze").is_none_or(|coze| coze.takes_questions()),
        workflow_id: settings.workflow_id.clone(),
        app_id: settings.app_id.clone(),
        auth_mode: "OAUTH_JWT",
        session_isolation: true,
        token_info: TokenInfo { total_sessions, sessions: BTreeMap::new() },
    }))
}
