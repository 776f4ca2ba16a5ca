//! `GET /api/sessions/{name}/customer`: who the customer of a session is, and how it was with that customer before.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use commands::Customers;
use domain::customer::{Customer, event::Profile};
use projections::{Audience, EpisodeView, SessionView, VisitorView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    min_position::CaughtUpViews,
    sessions::{SessionServices, found, no_session},
};
use crate::{
    auth::require::{Require, SessionRead},
    openapi::parameters::StaffsSession,
    problem::Problem,
    settings::Settings,
    wire::{CustomerOfSession, EpisodeData, People},
};

/// Episodes that are told, the newest first.
const EPISODES: u32 = 50;

/// The customer of a session.
#[derive(Serialize, ToSchema)]
pub struct SessionCustomerAnswer {
    success: bool,
    data: CustomerOfSession,
    /// How far the views had read the log.
    position: u64,
}

/// Shows who the customer of a session is.
///
/// With what the shop said of the customer, and the newest 50 episodes over all its sessions. `access.session_viewed` is
/// recorded.
///
/// # Errors
/// The session is not there, the caller may not, or log or views are away.
#[utoipa::path(
    get, path = "/api/sessions/{name}/customer", operation_id = "show_session_customer", tag = "sessions",
    security(("bearer" = [])),
    params(
        StaffsSession,
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = SessionCustomerAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn show(
    caller: Require<SessionRead>,
    views: CaughtUpViews,
    app: SessionServices,
    customers: Data<Customers>,
    settings: Data<Settings>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let session = found(&app, &caller.staff, name.into_inner()).await?;
    let mut reading = views.reading().await?;
    let view = reading.session(session).await?.ok_or_else(no_session)?;
    let known = customers.current(view.visitor).await?;
    let seen = reading.visitor(view.visitor).await?.ok_or_else(no_session)?;
    let episodes = reading.episodes_of(view.visitor, EPISODES).await?;
    let agents = episodes.iter().flat_map(|episode| episode.agents.iter().copied());
    let people = People::read(&mut reading, agents, Audience::Staff, &settings.time_zone).await?;
    let data = customer(view, known.state.customer(), seen, episodes, &people);
    Ok(HttpResponse::Ok().json(SessionCustomerAnswer { success: true, data, position: reading.position().0 }))
}

/// What the shop said goes before what the customer wrote.
fn customer(
    view: SessionView,
    known: Option<&Customer>,
    seen: VisitorView,
    episodes: Vec<EpisodeView>,
    people: &People,
) -> CustomerOfSession {
    let profile = known.and_then(|known| known.profile.as_ref());
    let email = profile.and_then(|Profile { email, .. }| email.as_ref()).map(|email| email.as_str().to_owned());
    CustomerOfSession {
        visitor: view.visitor.to_string(),
        customer_id: profile.map(|profile| profile.sub.as_str().to_owned()),
        name: profile.and_then(|profile| profile.name.as_ref()).map(|name| name.as_str().to_owned()),
        email: email.or(view.email),
        language: seen.language.unwrap_or_default().as_str(),
        vip: known.is_some_and(|known| known.vip),
        parameters: seen.parameters,
        first_seen_at: event_store::event::time_text(seen.first_seen_at),
        sessions: seen.sessions,
        episodes: episodes.into_iter().map(|episode| EpisodeData::new(episode, people)).collect(),
    }
}
