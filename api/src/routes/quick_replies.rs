//! `/api/quick-replies`: texts that agents send often, the shop's and each agent's own.
//!
//! Invariants: the shop's are changed by supervisors and by whoever publishes settings, an agent's own by that agent alone; a stale
//! version changes nothing.

pub mod data;
mod render;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use commands::{
    CommandError, Customers, QuickReplies,
    settings::quick_replies::{Collection, QuickReplyRequest as By, SavedQuickReply},
};
use domain::{
    AgentId, Language, QuickReplyId,
    agent::Permission,
    settings::{Rejection, quick_reply::variables},
    text::QuickReplyCategory,
};
use event_store::Position;
use jiff::tz::TimeZone;
use projections::{Audience, QuickReplyView, Reading, Views, ViewsError};
use serde_json::json;

use data::{
    CategoriesAnswer, CategoryData, QuickRepliesAnswer, QuickRepliesData, QuickReplyAnswer, QuickReplyData,
    QuickReplyRequest, RemovedAnswer, RemovedData, RenderAnswer, RenderData, RenderRequest,
};
use render::Values;

use super::{
    idempotency::RequestKey,
    if_match::{SeenVersion, tagged},
    min_position::{CaughtUpViews, PATIENCE},
    sessions::{SessionServices, found, no_session},
};
use crate::{
    agent_names::NameLookup,
    auth::{
        require::{Require, SessionRead, SessionWrite},
        staff::Staff,
    },
    body::{JsonBody, field::QuickReplyScope},
    openapi::{
        parameters::{Keyed, Seen},
        texts, words,
    },
    problem::Problem,
    query::QueryFields,
    request::request_id,
    services::requested_services,
    wire::People,
};

requested_services! {
    /// What changes quick replies and shows them.
    pub struct QuickReplyServices {
        replies: QuickReplies,
        views: Views,
    }
}

/// Lists the quick replies of the shop and the caller's own.
///
/// Those of the first set first. No event is recorded.
///
/// # Errors
/// A filter does not parse, the caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/quick-replies", operation_id = "list_quick_replies", tag = "workbench", security(("bearer" = [])),
    params(
        ("category" = Option<texts::ReplyCategory>, Query, description = "Only those of this category"),
        ("language" = Option<words::Language>, Query, description = "Only those in this language"),
        ("scope" = Option<words::QuickReplyScope>, Query, description = "Only the shop's, or only the caller's own"),
        ("q" = Option<String>, Query, min_length = 1, description = "Only those with this in title or content, in either case"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = QuickRepliesAnswer),
    )
)]
pub async fn list(
    caller: Require<SessionRead>,
    views: CaughtUpViews,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let filter = Filter::parse(&query)?;
    let mut reading = views.reading().await?;
    let mut all = seen_by(&mut reading, caller.staff.agent).await?;
    all.retain(|view| filter.takes(view));
    let people = people_of(&mut reading, &all).await?;
    let items: Vec<QuickReplyData> = all.into_iter().map(|view| QuickReplyData::new(view, &people)).collect();
    let data = QuickRepliesData { total: items.len(), items };
    Ok(HttpResponse::Ok().json(QuickRepliesAnswer { success: true, data, position: reading.position().0 }))
}

/// What is asked for.
struct Filter {
    category: Option<QuickReplyCategory>,
    language: Option<Language>,
    scope: Option<QuickReplyScope>,
    /// In lower case.
    text: Option<String>,
}

impl Filter {
    fn parse(query: &QueryFields) -> Result<Self, Problem> {
        let scope = query.text("scope")?.map(|text| {
            QuickReplyScope::parse(text).ok_or_else(|| Problem::invalid("scope", "must be shared or personal"))
        });
        let category = query
            .text("category")?
            .map(|text| QuickReplyCategory::parse(text).map_err(|error| Problem::invalid("category", error)));
        Ok(Self {
            category: category.transpose()?,
            language: query.language("language")?,
            scope: scope.transpose()?,
            text: query.text("q")?.map(str::to_lowercase),
        })
    }

    fn takes(&self, view: &QuickReplyView) -> bool {
        let holds = |text: &str| {
            let words = &view.words;
            [words.title.as_str(), words.content.as_str()].iter().any(|said| said.to_lowercase().contains(text))
        };
        let scope = if view.owner.is_some() { QuickReplyScope::Personal } else { QuickReplyScope::Shared };
        self.category.as_ref().is_none_or(|category| category.as_str() == view.category)
            && self.language.is_none_or(|language| language == view.language)
            && self.scope.is_none_or(|wanted| wanted == scope)
            && self.text.as_deref().is_none_or(holds)
    }
}

/// Lists what quick replies are grouped by, and how many are in each group.
///
/// The shop's and the caller's own. No event is recorded.
///
/// # Errors
/// The caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/quick-replies/categories", operation_id = "list_quick_reply_categories", tag = "workbench",
    security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = CategoriesAnswer),
    )
)]
pub async fn categories(caller: Require<SessionRead>, views: CaughtUpViews) -> Result<HttpResponse, Problem> {
    let mut reading = views.reading().await?;
    let data = CategoryData::of(&seen_by(&mut reading, caller.staff.agent).await?);
    Ok(HttpResponse::Ok().json(CategoriesAnswer { success: true, data, position: reading.position().0 }))
}

/// Writes a quick reply.
///
/// Records `settings.quick_reply_saved` for the shop's, `settings.personal_quick_reply_saved` for one's own. The shop's need a
/// supervisor.
///
/// # Errors
/// A field is not taken, there is no room for another, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/quick-replies", operation_id = "create_quick_reply", tag = "workbench", security(("bearer" = [])),
    request_body = QuickReplyRequest,
    params(Keyed),
    responses(
        (status = 200, body = QuickReplyAnswer, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "TOO_MANY_QUICK_REPLIES"),
    )
)]
pub async fn create(
    caller: Require<SessionWrite>,
    key: RequestKey,
    app: QuickReplyServices,
    body: JsonBody<QuickReplyRequest>,
) -> Result<HttpResponse, Problem> {
    let collection = match body.0.scope.unwrap_or(QuickReplyScope::Personal) {
        QuickReplyScope::Shared => Collection::Shared,
        QuickReplyScope::Personal => Collection::Of(caller.staff.agent),
    };
    may_change(&caller.staff, collection)?;
    let saved = app.replies.create(collection, &by(&caller.staff, key), body.0.says()).await?;
    shown(&app, saved).await
}

/// Writes a quick reply anew.
///
/// All of it but the scope, which stays. Records `settings.quick_reply_saved` or `settings.personal_quick_reply_saved`.
/// `If-Match` is the version that the author saw.
///
/// # Errors
/// There is none, it has another version than `If-Match` says, a field is not taken, the caller may not, or the log is away.
#[utoipa::path(
    put, path = "/api/quick-replies/{id}", operation_id = "change_quick_reply", tag = "workbench", security(("bearer" = [])),
    request_body = QuickReplyRequest,
    params(
        ("id" = String, Path, description = "Its id"),
        Seen,
        Keyed,
    ),
    responses(
        (status = 200, body = QuickReplyAnswer, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "SCOPE_STAYS: another scope is written as another quick reply"),
        (status = 412, description = "CHANGED_MEANWHILE: `current` is the quick reply as it is now"),
        (status = 428, description = "PRECONDITION_REQUIRED: If-Match is missing"),
    )
)]
pub async fn change(
    caller: Require<SessionWrite>,
    key: RequestKey,
    app: QuickReplyServices,
    SeenVersion(seen): SeenVersion,
    id: Path<String>,
    body: JsonBody<QuickReplyRequest>,
) -> Result<HttpResponse, Problem> {
    let (collection, reply) = addressed(&app, &caller.staff, &id).await?;
    let scope = if collection.owner().is_some() { QuickReplyScope::Personal } else { QuickReplyScope::Shared };
    if body.0.scope.is_some_and(|wanted| wanted != scope) {
        let detail = "a quick reply keeps its scope; write another one";
        return Err(Problem::new(StatusCode::CONFLICT, "SCOPE_STAYS", detail).with("field", "scope"));
    }
    let by = by(&caller.staff, key);
    match app.replies.change((collection, reply), &by, body.0.says(), seen).await {
        Ok(saved) => shown(&app, saved).await,
        Err(error) => Err(refused(&app, collection, reply, error).await),
    }
}

/// Removes a quick reply.
///
/// Records `settings.quick_reply_removed`. Messages that were made of it stay as they are. `If-Match` is the version that the
/// caller saw.
///
/// # Errors
/// There is none, it has another version than `If-Match` says, the caller may not, or the log is away.
#[utoipa::path(
    delete, path = "/api/quick-replies/{id}", operation_id = "remove_quick_reply", tag = "workbench",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Its id"),
        Seen,
        Keyed,
    ),
    responses(
        (status = 200, body = RemovedAnswer),
        (status = 412, description = "CHANGED_MEANWHILE: `current` is the quick reply as it is now"),
        (status = 428, description = "PRECONDITION_REQUIRED: If-Match is missing"),
    )
)]
pub async fn remove(
    caller: Require<SessionWrite>,
    key: RequestKey,
    app: QuickReplyServices,
    SeenVersion(seen): SeenVersion,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (collection, reply) = addressed(&app, &caller.staff, &id).await?;
    let by = by(&caller.staff, key);
    match app.replies.remove((collection, reply), &by, seen).await {
        Ok(SavedQuickReply { reply, version, position }) => {
            let data = RemovedData { id: reply.to_string(), version };
            Ok(HttpResponse::Ok().json(RemovedAnswer { success: true, data, position: position.0 }))
        }
        Err(error) => Err(refused(&app, collection, reply, error).await),
    }
}

/// Fills a quick reply in for a session.
///
/// Fills `{{customer.name}}`, `{{customer.email}}`, `{{agent.name}}`, `{{session.id}}`, `{{session.name}}`, and whatever the
/// shop's page passed along, like `{{order.number}}`. Nothing is sent; the look at the session is recorded
/// (`access.session_viewed`). Again, it gives the text of that moment.
///
/// # Errors
/// There is no such quick reply or session, the caller may not, or views or log are away.
#[utoipa::path(
    post, path = "/api/quick-replies/{id}/render", operation_id = "render_quick_reply", tag = "workbench",
    security(("bearer" = [])), request_body = RenderRequest,
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = RenderAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn render(
    caller: Require<SessionRead>,
    app: SessionServices,
    (customers, names): (Data<Customers>, Data<NameLookup>),
    id: Path<String>,
    body: JsonBody<RenderRequest>,
) -> Result<HttpResponse, Problem> {
    let agent = caller.staff.agent;
    let reply = id.parse().map_err(|_| no_reply())?;
    let mut reading = app.views().reading().await?;
    let all = seen_by(&mut reading, agent).await?;
    let view = all.into_iter().find(|view| view.reply == reply).ok_or_else(no_reply)?;
    let session = found(&app, &caller.staff, body.0.session).await?;
    let row = reading.session(session).await?.ok_or_else(no_session)?;
    let agent_name = names.of(agent).await.name;
    let values = Values::read(&customers, row, agent_name).await?;
    let rendered = variables::render(view.words.content.as_str(), |name| values.of(name));
    let data = RenderData { text: rendered.text, missing: rendered.missing.into_iter().collect() };
    Ok(HttpResponse::Ok().json(RenderAnswer { success: true, data, position: reading.position().0 }))
}

fn by(staff: &Staff, key: RequestKey) -> By {
    By { agent: staff.agent, key: key.0, correlation_id: request_id() }
}

/// The shop's are for supervisors, and for whoever publishes what the shop goes by.
fn may_change(staff: &Staff, collection: Collection) -> Result<(), Problem> {
    let is_own = collection.owner().is_some();
    if is_own || staff.may(Permission::SessionSupervise) || staff.may(Permission::SettingsWrite) {
        return Ok(());
    }
    let detail = "the shop's quick replies are changed by supervisors and administrators; write one of your own";
    let needed = Permission::SessionSupervise.as_str();
    Err(Problem::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", detail).with("permission", needed))
}

/// The quick reply that a path names, if the caller may change it. Those of others do not exist for the caller.
async fn addressed(app: &QuickReplyServices, staff: &Staff, id: &str) -> Result<(Collection, QuickReplyId), Problem> {
    let reply = id.parse().map_err(|_| no_reply())?;
    let collection = app.replies.find(reply, staff.agent).await?.ok_or_else(no_reply)?;
    may_change(staff, collection)?;
    Ok((collection, reply))
}

fn no_reply() -> Problem {
    Problem::not_found("there is no such quick reply")
}

/// The shop's quick replies and this agent's own.
async fn seen_by(reading: &mut Reading, agent: AgentId) -> Result<Vec<QuickReplyView>, ViewsError> {
    let mut all = reading.quick_replies().await?;
    all.retain(|view| view.owner.is_none_or(|owner| owner == agent));
    Ok(all)
}

/// The owners' names; there are no times in quick replies.
async fn people_of(reading: &mut Reading, views: &[QuickReplyView]) -> Result<People, ViewsError> {
    People::read(reading, views.iter().filter_map(|view| view.owner), Audience::Staff, &TimeZone::UTC).await
}

/// A quick reply as a command left it, or as it is by now.
async fn shown(app: &QuickReplyServices, saved: SavedQuickReply) -> Result<HttpResponse, Problem> {
    let SavedQuickReply { reply, version: _, position } = saved;
    let data = current(app, reply, position).await?.ok_or_else(no_reply)?;
    let version = data.version();
    Ok(tagged(HttpResponse::Ok(), version).json(QuickReplyAnswer { success: true, data, position: position.0 }))
}

/// As the views have it once they have read so far.
async fn current(
    app: &QuickReplyServices,
    reply: QuickReplyId,
    position: Position,
) -> Result<Option<QuickReplyData>, Problem> {
    if let Err(behind) = app.views.wait_for(position, PATIENCE).await {
        if behind.have_stopped {
            return Err(Problem::history_unreadable());
        }
        let detail = format!("it is recorded at position {position}; the views have read to {}", behind.position);
        return Err(Problem::unavailable("VIEWS_BEHIND", detail, std::time::Duration::from_secs(1)));
    }
    let mut reading = app.views.reading().await?;
    let Some(view) = reading.quick_replies().await?.into_iter().find(|view| view.reply == reply) else {
        return Ok(None);
    };
    let people = people_of(&mut reading, std::slice::from_ref(&view)).await?;
    Ok(Some(QuickReplyData::new(view, &people)))
}

/// What a command to a quick reply was refused with; a stale version brings it as it is now.
async fn refused(
    app: &QuickReplyServices,
    collection: Collection,
    reply: QuickReplyId,
    error: CommandError,
) -> Problem {
    let CommandError::Settings(Rejection::QuickReplyChanged { .. }) = &error else { return error.into() };
    let detail = error.to_string();
    let now = async {
        let position = app.replies.current(collection).await?.position;
        current(app, reply, position).await
    };
    match now.await {
        Ok(data) => {
            Problem::new(StatusCode::PRECONDITION_FAILED, "CHANGED_MEANWHILE", detail).with("current", json!(data))
        }
        Err(problem) => problem,
    }
}
