//! `/api/sessions/{name}/tags`, `/priority` and `/api/tags`: by what staff finds a session, and when it is its turn.

use actix_web::{HttpResponse, web::Path};
use domain::{session::priority::PriorityClass, text::Tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    acting::Acting,
    idempotency::RequestKey,
    min_position::CaughtUpViews,
    refused::{Wanted, refused},
    sessions::tags_after,
};
use crate::{
    auth::require::{Require, SessionRead, SessionWrite},
    body::{
        JsonBody,
        field::{SettableClass, optional, required},
    },
    openapi::{
        parameters::{Keyed, StaffsSession},
        texts, words,
    },
    problem::Problem,
};

/// Which tags a session gets and loses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagsRequest {
    /// Those that it is to have: at most 20.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<texts::TagName>>, max_items = 20)]
    add: Option<Vec<Tag>>,
    /// Those that it is not to have, also where they stand in `add`: at most 20.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<texts::TagName>>, max_items = 20)]
    remove: Option<Vec<Tag>>,
}

/// The tags of a session.
#[derive(Serialize, ToSchema)]
pub struct TagsAnswer {
    success: bool,
    data: TagsData,
    /// Where it is recorded.
    position: u64,
}

/// The tags of a session, in order.
#[derive(Serialize, ToSchema)]
pub struct TagsData {
    tags: Vec<String>,
}

/// Adds tags to a session and removes some.
///
/// Records `session.tags_changed`. A tag that is there already, or is not there to be removed, changes nothing.
///
/// # Errors
/// They would be too many, the session is not there, the caller may not, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/tags", operation_id = "change_tags", tag = "workbench", security(("bearer" = [])),
    request_body = TagsRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = TagsAnswer),
        (status = 409, description = "TOO_MANY_TAGS: a session has at most 20; AMBIGUOUS_SESSION"),
    )
)]
pub async fn change_tags(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<TagsRequest>,
) -> Result<HttpResponse, Problem> {
    let TagsRequest { add, remove } = body.0;
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    let done = app.sessions.change_tags(request, add.unwrap_or_default(), remove.unwrap_or_default()).await;
    let done = match done {
        Ok(done) => done,
        Err(error) => return Err(refused(&app.names, Wanted::Other, error).await),
    };
    let tags = tags_after(&app.shown, done.session, done.position, done.is_repeat).await?;
    Ok(HttpResponse::Ok().json(TagsAnswer { success: true, data: TagsData { tags }, position: done.position.0 }))
}

/// All tags.
#[derive(Serialize, ToSchema)]
pub struct AllTagsAnswer {
    success: bool,
    data: Vec<TagData>,
    /// How far the views had read the log.
    position: u64,
}

/// A tag.
#[derive(Serialize, ToSchema)]
pub struct TagData {
    tag: String,
    /// How many sessions have it.
    sessions: u64,
}

/// Lists all tags that any session has, most used first.
///
/// With the number of sessions of each. No event is recorded.
///
/// # Errors
/// The caller may not, or the views are away.
#[utoipa::path(
    get, path = "/api/tags", operation_id = "list_tags", tag = "workbench", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = AllTagsAnswer),
    )
)]
pub async fn list_tags(_: Require<SessionRead>, views: CaughtUpViews) -> Result<HttpResponse, Problem> {
    let mut reading = views.reading().await?;
    let tags = reading.tags().await?.into_iter();
    let data = tags.map(|count| TagData { tag: count.tag, sessions: count.sessions }).collect();
    Ok(HttpResponse::Ok().json(AllTagsAnswer { success: true, data, position: reading.position().0 }))
}

/// Which class a session gets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityRequest {
    /// Danger is declared by its rule alone.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = words::SettableClass)]
    class: SettableClass,
}

/// The class of a session.
#[derive(Serialize, ToSchema)]
pub struct PriorityAnswer {
    success: bool,
    data: PriorityData,
    /// Where it is recorded.
    position: u64,
}

/// The class of a session.
#[derive(Serialize, ToSchema)]
pub struct PriorityData {
    #[schema(value_type = words::PriorityClass)]
    class: &'static str,
}

/// Sets a session's class in the queue.
///
/// Records `session.priority_changed`. The class that it has already records nothing; danger is declared by its rule alone, and
/// nobody lowers it.
///
/// # Errors
/// The session is in danger or closed, it is not there, the caller may not, or log or views are away.
#[utoipa::path(
    put, path = "/api/sessions/{name}/priority", operation_id = "set_priority", tag = "workbench", security(("bearer" = [])),
    request_body = PriorityRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = PriorityAnswer),
        (status = 409, description = "DANGER_IS_BY_RULE: nobody lowers it; INVALID_STATUS: it is closed; AMBIGUOUS_SESSION"),
    )
)]
pub async fn set_priority(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<PriorityRequest>,
) -> Result<HttpResponse, Problem> {
    let SettableClass(class) = body.0.class;
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    match app.sessions.set_priority(request, class).await {
        Ok(done) => Ok(answer(class, done.position.0)),
        Err(error) => Err(refused(&app.names, Wanted::Other, error).await),
    }
}

fn answer(class: PriorityClass, position: u64) -> HttpResponse {
    let data = PriorityData { class: class.as_str() };
    HttpResponse::Ok().json(PriorityAnswer { success: true, data, position })
}
