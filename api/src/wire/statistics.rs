//! The original's statistics as they stand on the wire.

use std::collections::BTreeMap;

use domain::session::Status;
use projections::{AgentToday, Statistics};
use serde::Serialize;
use utoipa::ToSchema;

use super::reason_of;

/// The figures of now; `projections` says what each one counts.
#[derive(Serialize, ToSchema)]
pub struct StatisticsData {
    total_sessions: u64,
    /// Sessions by status, without zeros.
    by_status: BTreeMap<String, u64>,
    active_sessions: u64,
    /// Seconds.
    avg_waiting_time: f64,
    /// Seconds.
    max_waiting_time: f64,
    /// Seconds.
    avg_service_time: f64,
    active_agents: u64,
    /// Sessions that a person is wanted or at work in, by the reason, without zeros.
    by_escalation_reason: BTreeMap<String, u64>,
    today: TodayData,
}

/// The figures of the day.
#[derive(Serialize, ToSchema)]
pub struct TodayData {
    total_escalations: u64,
    pending: u64,
    serving: u64,
}

impl From<Statistics> for StatisticsData {
    fn from(figures: Statistics) -> Self {
        let by_status = figures.by_status.iter().map(|(status, count)| (Status::as_str(*status).to_owned(), *count));
        let reasons = figures.by_escalation_reason.iter();
        let by_reason =
            reasons.map(|(reason, count)| (reason_of(*reason).as_str().unwrap_or_default().to_owned(), *count));
        Self {
            total_sessions: figures.total_sessions,
            by_status: by_status.collect(),
            active_sessions: figures.active_sessions,
            avg_waiting_time: figures.avg_waiting_time,
            max_waiting_time: figures.max_waiting_time,
            avg_service_time: figures.avg_service_time,
            active_agents: figures.active_agents,
            by_escalation_reason: by_reason.collect(),
            today: TodayData {
                total_escalations: figures.today.total_escalations,
                pending: figures.today.pending,
                serving: figures.today.serving,
            },
        }
    }
}

/// What an agent did today, as the original wrote it; `projections` says what each figure counts.
#[derive(Serialize, ToSchema)]
pub struct AgentTodayData {
    processed_count: u64,
    /// Seconds.
    avg_response_time: f64,
    /// Seconds.
    avg_duration: f64,
    /// Nobody is asked for one.
    satisfaction_score: Option<f64>,
}

impl From<AgentToday> for AgentTodayData {
    fn from(figures: AgentToday) -> Self {
        let AgentToday { processed_count, avg_response_time, avg_duration } = figures;
        Self { processed_count, avg_response_time, avg_duration, satisfaction_score: None }
    }
}
