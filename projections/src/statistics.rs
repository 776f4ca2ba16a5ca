//! Statistics in the original's shape, each figure with its definition over events; and the one table that they need beside
//! the sessions: all escalations.
//!
//! Invariant: all figures of one answer come from one state of the views.

use async_trait::async_trait;
use domain::session::{Event, Status, event::EscalationReason};
use event_store::sql::{SqlError, Transaction, Value};
use jiff::Timestamp;
use journal::Decoded;
use serde::de::DeserializeOwned;

use crate::{error::ViewsError, projection::Projection, reading::Reading, rows, views::Views};

/// The figures of `GET /api/sessions/stats`. Status, escalation and agent are those that the session's events add up to.
/// Durations are seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statistics {
    /// Sessions with an `opened`.
    pub total_sessions: u64,
    /// Sessions by status, in the original's order, without zeros. The last of `opened`, `escalated`,
    /// `escalation_cancelled`, `after_hours_notice_given`, `agent_took_over`, `transferred`, `released`,
    /// `returned_to_queue`, `closed`, `reopened` says the status.
    pub by_status: Vec<(Status, u64)>,
    /// Sessions that are not `closed`.
    pub active_sessions: u64,
    /// Mean over all sessions in `pending_manual` of: now − the event that first put it there since the assistant last had it,
    /// so that a return to the queue does not begin anew. One that waits for opening time in `after_hours_email` counts
    /// from then on. 0 without any; a wait that began later than now, as clocks may differ, counts as none.
    pub avg_waiting_time: f64,
    /// The longest of those waits. 0 without any.
    pub max_waiting_time: f64,
    /// Mean over all sessions in `manual_live` of: now − the `agent_took_over` that made it live, at least 0: a transfer does
    /// not begin anew. 0 without any.
    pub avg_service_time: f64,
    /// Different agents who have a session in `manual_live`.
    pub active_agents: u64,
    /// Sessions in `pending_manual` or `manual_live` by the reason of their last `escalated`, without zeros; a session taken
    /// over without an escalation counts nowhere.
    pub by_escalation_reason: Vec<(EscalationReason, u64)>,
    /// Figures of the current day.
    pub today: Today,
}

/// Figures of the current day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Today {
    /// `escalated` events recorded from the day's start up to now, over or not.
    pub total_escalations: u64,
    /// Sessions that are in `pending_manual` now.
    pub pending: u64,
    /// Sessions that are in `manual_live` now.
    pub serving: u64,
}

const BY_STATUS: &str = "select status, count(*) from session group by status";
const BY_REASON: &str = "select escalation_reason, count(*) from session
    where status in ('pending_manual', 'manual_live') and escalation_reason is not null group by escalation_reason";
const WAITING: &str = include_str!("sql/statistics_waiting.sql");
const SERVICE: &str = include_str!("sql/statistics_service.sql");
const ESCALATIONS: &str = "select count(*) from escalation where at >= $1 and at <= $2";

const REASONS: [EscalationReason; 5] = [
    EscalationReason::Keyword,
    EscalationReason::FailLoop,
    EscalationReason::Sentiment,
    EscalationReason::Vip,
    EscalationReason::Manual,
];

impl Views {
    /// [`Reading::statistics`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn statistics(&self, now: Timestamp, day_start: Timestamp) -> Result<Statistics, ViewsError> {
        self.reading().await?.statistics(now, day_start).await
    }
}

impl Reading {
    /// The figures as of now, for the day that began at `day_start`.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn statistics(&mut self, now: Timestamp, day_start: Timestamp) -> Result<Statistics, ViewsError> {
        let (now, day_start) = (now.as_microsecond(), day_start.as_microsecond());
        let snapshot = &mut self.rows;
        let by_status = counts(snapshot, BY_STATUS, &Status::ALL).await?;
        let by_escalation_reason = counts(snapshot, BY_REASON, &REASONS).await?;
        let waiting = seconds(snapshot, WAITING, now).await?;
        let service = seconds(snapshot, SERVICE, now).await?;
        let escalations = snapshot.fetch(ESCALATIONS, &[day_start.into(), now.into()]).await?;
        let of = |status: Status| by_status.iter().find(|(of, _)| *of == status).map_or(0, |(_, count)| *count);
        let total_sessions = by_status.iter().map(|(_, count)| count).sum();
        Ok(Statistics {
            total_sessions,
            active_sessions: total_sessions - of(Status::Closed),
            avg_waiting_time: waiting[0],
            max_waiting_time: waiting[1],
            avg_service_time: service[0],
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            active_agents: service[1] as u64,
            by_escalation_reason,
            today: Today {
                total_escalations: escalations.first().map_or(Ok(0), |row| row.count(0))?,
                pending: of(Status::PendingManual),
                serving: of(Status::ManualLive),
            },
            by_status,
        })
    }
}

/// Counts by the values of an enum, in the enum's order, without zeros.
async fn counts<T: DeserializeOwned + PartialEq + Copy>(
    snapshot: &mut Transaction,
    sql: &str,
    order: &[T],
) -> Result<Vec<(T, u64)>, SqlError> {
    let mut counts = Vec::new();
    for row in snapshot.fetch(sql, &[]).await? {
        counts.push((rows::coded::<T>(&row, 0)?, row.count(1)?));
    }
    counts.sort_by_key(|(value, _)| order.iter().position(|of| of == value));
    Ok(counts)
}

/// Two figures of one row.
async fn seconds(snapshot: &mut Transaction, sql: &str, now: i64) -> Result<[f64; 2], SqlError> {
    let rows = snapshot.fetch(sql, &[now.into()]).await?;
    let Some(row) = rows.first() else { return Ok([0.0; 2]) };
    Ok([row.float(0)?, row.float(1)?])
}

/// Folds the escalations of sessions.
#[derive(Debug)]
pub struct EscalationsProjection;

const SCHEMA: &[&str] = &[include_str!("sql/escalation.sql")];
const INDEXES: &[&str] = &[
    // The day's escalations.
    "create index if not exists escalation_by_time on escalation (at)",
    // A session's, for its episodes.
    "create index if not exists escalation_by_session on escalation (session, position)",
];
const PLAIN: &[&str] = &["session", "reason"];
const INSERT: &str = "insert into escalation (position, session, at, reason)";
const KEEP: &str = "on conflict (position) do nothing";

#[async_trait]
impl Projection for EscalationsProjection {
    fn name(&self) -> &'static str {
        "statistics"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let rows: Vec<(&Decoded, String, String)> = events.iter().filter_map(escalation).collect();
        let values: Vec<Vec<Value<'_>>> = rows
            .iter()
            .map(|(event, session, reason)| {
                vec![event.position().0.into(), (&**session).into(), event.at_us().into(), (&**reason).into()]
            })
            .collect();
        rows::insert(tx, INSERT, KEEP, &values).await
    }
}

fn escalation(decoded: &Decoded) -> Option<(&Decoded, String, String)> {
    let (session, Event::Escalated(escalated)) = decoded.event().session()? else { return None };
    Some((decoded, session.to_string(), rows::code(&escalated.reason)))
}
