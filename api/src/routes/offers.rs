//! `POST /api/sessions/{name}/offers/{id}/decline`: a waiting session that was offered is not taken. Taking it is a takeover.

use actix_web::{HttpResponse, web::Path};
use domain::OfferId;

use super::{
    acting::{Acting, CommandAnswer},
    hand_off::NoFields,
    idempotency::RequestKey,
    refused::Wanted,
};
use crate::{
    auth::require::{Require, SessionWrite},
    body::JsonBody,
    openapi::parameters::{Keyed, StaffsSession},
    problem::Problem,
};

/// Declines a waiting session that one was offered.
///
/// Records `session.offer_expired`; the session is offered to the next. An offer that is over already is left as it is.
///
/// # Errors
/// It was offered to somebody else, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/offers/{id}/decline", operation_id = "decline_offer", tag = "hand-off",
    security(("bearer" = [])), request_body = NoFields,
    params(
        StaffsSession,
        ("id" = String, Path, description = "The offer's id"),
        Keyed,
    ),
    responses(
        (status = 200, body = CommandAnswer),
        (status = 403, description = "NOT_ASKED: it was offered to somebody else"),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn decline(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    path: Path<(String, String)>,
    _: JsonBody<NoFields>,
) -> Result<HttpResponse, Problem> {
    let (name, offer) = path.into_inner();
    let request = app.by_staff(&caller.staff, name, key).await?;
    let offer: OfferId = offer.parse().map_err(|_| Problem::not_found("there is no such offer"))?;
    let done = app.sessions.decline_offer(request, offer).await;
    app.answer(Some(&caller.staff), Wanted::Other, done, None).await
}
