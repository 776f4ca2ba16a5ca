//! `GET /api/sessions/queue`: who waits for a person, in the order in which they are to be taken.
//!
//! Invariant: the order is computed when it is read, from one state of the views; nobody is moved by being looked at.

use actix_web::{HttpResponse, web::Data};
use event_store::Clock;
use projections::Audience;
use serde::Serialize;
use utoipa::ToSchema;

use super::{min_position::CaughtUpViews, sessions::page_of, shift};
use crate::{
    auth::require::{Require, SessionRead},
    openapi::texts,
    problem::Problem,
    query::QueryFields,
    settings::Settings,
    wire::{People, QueueEntryData, people},
};

/// A page of the queue.
#[derive(Serialize, ToSchema)]
pub struct QueueAnswer {
    success: bool,
    data: QueueData,
    /// How far the views had read the log.
    position: u64,
}

/// The page and where it stands.
#[derive(Serialize, ToSchema)]
pub struct QueueData {
    queue: Vec<QueueEntryData>,
    total: u64,
    limit: u32,
    offset: u64,
    has_more: bool,
}

/// Lists the sessions that wait for a person, the next one first.
///
/// With each one's place, class and expected time. No event is recorded.
///
/// # Errors
/// The caller is no staff, the filter does not parse, or the views are away.
#[utoipa::path(
    get, path = "/api/sessions/queue", operation_id = "show_queue", tag = "hand-off", security(("bearer" = [])),
    params(
        ("group" = Option<texts::SkillName>, Query, description = "Only those for this group"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "By default 50"),
        ("offset" = Option<u64>, Query, description = "Rows to leave out"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = QueueAnswer),
    )
)]
pub async fn show(
    _: Require<SessionRead>,
    views: CaughtUpViews,
    clock: Data<dyn Clock>,
    settings: Data<Settings>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let (limit, offset) = page_of(&query)?;
    let group = shift::group(&query)?;
    let mut reading = views.reading().await?;
    let now = clock.now();
    let queue = reading.queue(group.as_ref(), now, limit, offset).await?;
    let agents = people::agents_of_rows(queue.entries.iter().map(|entry| &entry.session));
    let people = People::read(&mut reading, agents, Audience::Staff, &settings.time_zone).await?;
    let rows: Vec<QueueEntryData> =
        queue.entries.into_iter().map(|entry| QueueEntryData::new(entry, &people, now)).collect();
    let has_more = offset.saturating_add(rows.len() as u64) < queue.total;
    let data = QueueData { queue: rows, total: queue.total, limit, offset, has_more };
    Ok(HttpResponse::Ok().json(QueueAnswer { success: true, data, position: reading.position().0 }))
}
