//! The figures of `GET /api/sessions/stats`, by their definitions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Oracle, Told,
    sessions::{agent, escalation, live_since, waiting_since},
    status,
};

/// All figures of one moment; times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::Statistics`, each defined at the line that finds it")]
pub struct Figures {
    pub total_sessions: u64,
    pub active_sessions: u64,
    pub by_status: BTreeMap<String, u64>,
    pub avg_waiting_time: f64,
    pub max_waiting_time: f64,
    pub avg_service_time: f64,
    pub active_agents: u64,
    pub by_escalation_reason: BTreeMap<String, u64>,
    pub todays_escalations: u64,
    pub pending: u64,
    pub serving: u64,
}

impl Figures {
    /// The figures as of `now`, for the day that began at `day_start`.
    #[must_use]
    pub fn of(oracle: &Oracle, now: Timestamp, day_start: Timestamp) -> Self {
        let sessions: Vec<Vec<&Told>> = oracle.by_session().into_values().collect();
        // Where clocks differ something may have begun later than now; it has lasted for no time then.
        let lasted = |since: Timestamp| now.duration_since(since).as_micros().max(0);
        let waits: Vec<i128> = sessions.iter().filter_map(|events| waiting_since(events)).map(lasted).collect();
        let services: Vec<i128> = sessions.iter().filter_map(|events| live_since(events)).map(lasted).collect();
        let by_status = counted(sessions.iter().filter_map(|events| status(events)).map(str::to_owned));
        let of = |status: &str| by_status.get(status).copied().unwrap_or(0);
        let total_sessions = sessions.len() as u64;
        Self {
            total_sessions,
            active_sessions: total_sessions - of("closed"),
            avg_waiting_time: mean(&waits),
            max_waiting_time: seconds(waits.iter().copied().max().unwrap_or(0)),
            avg_service_time: mean(&services),
            active_agents: serving_agents(&sessions).len() as u64,
            by_escalation_reason: counted(sessions.iter().filter_map(|events| reason_of_service(events))),
            todays_escalations: escalations(oracle, day_start, now),
            pending: of("pending_manual"),
            serving: of("manual_live"),
            by_status,
        }
    }
}

fn serving_agents(sessions: &[Vec<&Told>]) -> BTreeSet<String> {
    sessions.iter().filter_map(|events| agent(events)).collect()
}

/// Of a session that waits or is served: why a person was asked for, if one was.
fn reason_of_service(events: &[&Told]) -> Option<String> {
    let concerns_people = matches!(status(events), Some("pending_manual" | "manual_live"));
    escalation(events).filter(|_| concerns_people).map(|escalation| escalation.reason)
}

/// Over or not.
fn escalations(oracle: &Oracle, from: Timestamp, to: Timestamp) -> u64 {
    let is_of_then = |told: &&Told| told.what == "escalated" && (from..=to).contains(&told.at);
    oracle.by_session().values().flatten().copied().filter(is_of_then).count() as u64
}

fn counted(values: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// Summed up before anything is rounded.
#[expect(clippy::cast_precision_loss, reason = "counts of sessions")]
pub(super) fn mean(micros: &[i128]) -> f64 {
    if micros.is_empty() { 0.0 } else { seconds(micros.iter().sum()) / micros.len() as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of some years")]
pub(super) fn seconds(micros: i128) -> f64 {
    micros as f64 / 1e6
}
