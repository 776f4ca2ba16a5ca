//! `GET /api/health/detailed`: every follower of the log with its position, and what readiness is made of, for operators.
//!
//! It is answered whatever is away: what cannot be said is null.

use std::{collections::BTreeMap, time::Instant};

use actix_web::HttpResponse;
use commands::{
    Node,
    assistants::{Assistants, Budgets},
    process::{OutcomesHandle, mail::LastFailure},
};
use event_store::{Clock, EventReader, Identity, Position, event::time_text, pages::events_between};
use futures::join;
use integrations::Faq;
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::background_work::BackgroundWork;
use super::backup_health::BackupHealth;
use super::faq_health::FaqState;
use super::health::{AlarmState, CheckpointsState, LAG, PATIENCE, ReadinessServices, ReadyAnswer, ViewsState};
use super::system_health::{AssistantHealth, CertificateHealth, DiskHealth, Machine, assistants, leases_and_outbox};
use crate::{
    auth::require::{Require, SystemRead},
    services::{Started, requested_services},
    settings::Settings,
    supervision::{Alarm, FollowerState, FollowerStatus, Supervisor},
    wire::BudgetData,
};

requested_services! {
    /// What is shown beside readiness.
    pub struct DetailedHealthServices {
        log: dyn EventReader,
        identity: Identity,
        node: Node,
        started: Started,
        supervisor: Supervisor,
        clock: dyn Clock,
        settings: Settings,
        mail_outcomes: OutcomesHandle,
        faq: Faq,
        budgets: Budgets,
        assistants: Assistants,
        background: BackgroundWork,
    }
}

/// How the process and its parts do.
#[derive(Serialize, ToSchema)]
pub struct DetailedHealthAnswer {
    success: bool,
    data: DetailedHealth,
}

/// How the process and its parts do.
#[derive(Serialize, ToSchema)]
pub struct DetailedHealth {
    /// As `/readyz` says: `ready` or `not_ready`.
    status: &'static str,
    node: NodeHealth,
    log: LogHealth,
    views: ViewsState,
    /// Everything that follows the log, in the order of its start.
    followers: Vec<FollowerHealth>,
    checkpoints: CheckpointsState,
    /// Mails to the team, since this process began.
    mail: MailHealth,
    /// What the shop answers from.
    faq: FaqState,
    /// Assistants that have used 80 percent of what they may use in a day, or all of it.
    budgets: Vec<BudgetData>,
    /// The backup that follows the log, and the last drill.
    backup: BackupHealth,
    /// Every assistant, in the order in which they are asked.
    assistants: Vec<AssistantHealth>,
    /// By process manager: whether this node holds its lease; null while their store does not answer.
    leases: Option<BTreeMap<String, bool>>,
    /// By kind of delivery: seconds that the oldest item has waited; null while the process managers' store does not answer.
    outbox_seconds: Option<BTreeMap<String, f64>>,
    /// The disk of the data directory; null where the system does not say.
    disk: Option<DiskHealth>,
    /// The certificate of desk itself; null where it serves no TLS.
    certificate: Option<CertificateHealth>,
    /// As `/readyz` lists them.
    alarms: Vec<AlarmState>,
}

/// Mails to the team, as far as this process has sent them.
#[derive(Serialize, ToSchema)]
pub struct MailHealth {
    /// Where they go: `smtp`, `log` or `off`.
    to: &'static str,
    sent: u64,
    /// Mails that were given up.
    failed: u64,
    /// The last that was given up.
    #[schema(required = true)]
    last_failure: Option<MailFailureHealth>,
}

/// A mail that was given up.
#[derive(Serialize, ToSchema)]
pub struct MailFailureHealth {
    #[schema(format = "uuid")]
    mail_id: String,
    /// Why.
    code: String,
    #[schema(format = DateTime)]
    at: String,
}

/// This process.
#[derive(Serialize, ToSchema)]
pub struct NodeHealth {
    id: String,
    /// The program's.
    version: &'static str,
    #[schema(format = DateTime)]
    started_at: String,
    uptime_seconds: u64,
}

/// The log of all events.
#[derive(Serialize, ToSchema)]
pub struct LogHealth {
    #[schema(format = "uuid")]
    id: String,
    /// Raised by a restore.
    generation: u64,
    reachable: bool,
    /// The newest position; null while the store does not answer.
    head: Option<u64>,
    /// False from an append that failed until one succeeds; it is tried every 5 seconds.
    writable: bool,
    /// Where not `writable`: why, for an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    write_failure: Option<String>,
}

/// A follower of the log.
#[derive(Serialize, ToSchema)]
pub struct FollowerHealth {
    /// `tail`, `signer`, `log_proof`, `views`, `settings`, `staff_directory`, `visitor_revocation`, `session_owners`, `dispatcher`, `heartbeat`,
    /// `outbox`, or a process manager's name.
    name: &'static str,
    /// How far it has read the log; null for what reads none.
    position: Option<u64>,
    /// Events that it has not read yet, counted up to 10,001; null where position or head are not known.
    lag: Option<u64>,
    /// `running`; `restarting`: it failed and is started again; `stopped`: an operator has to look at `alarm`.
    state: &'static str,
    /// Times that it was started again.
    restarts: u64,
    /// Where `restarting`: why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    error: Option<String>,
    /// Where `restarting`: failures without a minute of health between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false)]
    attempt: Option<u32>,
    /// Where `restarting`: when it is started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    next_start_at: Option<String>,
    /// Where `stopped`: what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = FollowerAlarm, required = false)]
    alarm: Option<FollowerAlarm>,
}

/// What an operator has to look at.
#[derive(Serialize, ToSchema)]
pub struct FollowerAlarm {
    /// Where in the log, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    position: Option<u64>,
    what: String,
}

/// Shows every follower of the log with its position, and the alarms.
///
/// With the log's head, the views, the checkpoints, mails and the FAQ; `docs/health.md` explains it. No event is recorded.
#[utoipa::path(
    get, path = "/api/health/detailed", operation_id = "show_detailed_health", tag = "operation", security(("bearer" = [])),
    responses((status = 200, body = DetailedHealthAnswer))
)]
pub async fn show(
    _may: Require<SystemRead>,
    readiness: ReadinessServices,
    app: DetailedHealthServices,
) -> HttpResponse {
    let ReadyAnswer { status, store, views, checkpoints, alarms } = ReadyAnswer::of(&readiness).await;
    let followers = followers(&app, store.head.map(Position)).await;
    let node = NodeHealth {
        id: app.node.id.clone(),
        version: env!("CARGO_PKG_VERSION"),
        started_at: time_text(app.started.at),
        uptime_seconds: app.started.instant.elapsed().as_secs(),
    };
    let log = LogHealth {
        id: app.identity.log_id.to_string(),
        generation: app.identity.generation,
        reachable: store.reachable,
        head: store.head,
        writable: store.writable,
        write_failure: readiness.write_failure(),
    };
    let (mail, faq, budgets) = (MailHealth::of(&app), FaqState::of(&app.faq), budgets(&app.budgets));
    let backup = BackupHealth::of(&app.settings.data_dir);
    let (work, machine) =
        join!(leases_and_outbox(&app.background, &app.node, &*app.clock), Machine::look(&app.settings));
    let (leases, outbox_seconds) = work;
    let data = DetailedHealth {
        status,
        node,
        log,
        views,
        followers,
        checkpoints,
        mail,
        faq,
        budgets,
        backup,
        assistants: assistants(&app.assistants),
        leases,
        outbox_seconds,
        disk: machine.disk,
        certificate: machine.certificate,
        alarms,
    };
    HttpResponse::Ok().json(DetailedHealthAnswer { success: true, data })
}

fn budgets(budgets: &Budgets) -> Vec<BudgetData> {
    budgets.all().into_iter().map(|(assistant, state)| BudgetData::of(assistant, &state)).collect()
}

async fn followers(app: &DetailedHealthServices, head: Option<Position>) -> Vec<FollowerHealth> {
    let mut followers = Vec::new();
    for status in app.supervisor.status() {
        let lag = match (status.position, head) {
            (Some(position), Some(head)) => lag(&*app.log, position, head).await,
            (None, _) | (_, None) => None,
        };
        followers.push(FollowerHealth::of(status, lag, app.clock.now()));
    }
    followers
}

async fn lag(reader: &dyn EventReader, position: Position, head: Position) -> Option<u64> {
    timeout(PATIENCE, events_between(reader, position, head, LAG + 1)).await.ok()?.ok()
}

impl MailHealth {
    fn of(app: &DetailedHealthServices) -> Self {
        let outcomes = app.mail_outcomes.watch().borrow().clone();
        let last_failure = outcomes.last_failure.map(MailFailureHealth::from);
        Self { to: app.settings.mail.kind(), sent: outcomes.sent, failed: outcomes.failed, last_failure }
    }
}

impl From<LastFailure> for MailFailureHealth {
    fn from(LastFailure { mail, code, at }: LastFailure) -> Self {
        Self { mail_id: mail.to_string(), code, at: time_text(at) }
    }
}

impl FollowerHealth {
    fn of(status: FollowerStatus, lag: Option<u64>, now: Timestamp) -> Self {
        let FollowerStatus { name, position, state, restarts } = status;
        let running = Self {
            name,
            position: position.map(|position| position.0),
            lag,
            state: "running",
            restarts,
            error: None,
            attempt: None,
            next_start_at: None,
            alarm: None,
        };
        match state {
            FollowerState::Running => running,
            FollowerState::Restarting { error, attempt, next } => Self {
                state: "restarting",
                error: Some(error),
                attempt: Some(attempt),
                next_start_at: Some(time_text(now + next.saturating_duration_since(Instant::now()))),
                ..running
            },
            FollowerState::Stopped { alarm } => {
                Self { state: "stopped", alarm: alarm.map(FollowerAlarm::from), ..running }
            }
        }
    }
}

impl From<Alarm> for FollowerAlarm {
    fn from(Alarm { position, what }: Alarm) -> Self {
        Self { position: position.map(|position| position.0), what }
    }
}
