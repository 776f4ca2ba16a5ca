//! `POST /api/sessions/{name}/rating`: the customer says how well it was helped.

use actix_web::{HttpResponse, web::Path};
use commands::sessions::{Author, Request};
use domain::{
    session::rating::Score,
    text::{MessageText, SessionName},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    acting::Acting,
    idempotency::RequestKey,
    own_session::OwnSession,
    refused::{Wanted, refused},
    sessions::no_session,
};
use crate::{
    auth::require::KnownVisitor,
    body::{
        JsonBody,
        field::{optional, required},
    },
    openapi::{
        parameters::{Keyed, NamedSession},
        texts,
    },
    problem::Problem,
    request::request_id,
};

/// How well it was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingRequest {
    /// From 1, bad, to 5, good.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = u8, minimum = 1, maximum = 5)]
    score: Score,
    /// In the customer's words.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Text>)]
    comment: Option<MessageText>,
}

/// The rating is recorded.
#[derive(Serialize, ToSchema)]
pub struct RatingAnswer {
    success: bool,
    data: RatingGivenData,
    /// Where it is recorded.
    position: u64,
}

/// The rating.
#[derive(Serialize, ToSchema)]
pub struct RatingGivenData {
    #[schema(minimum = 1, maximum = 5)]
    score: u8,
}

/// Rates the last service that a rating was asked for.
///
/// Records `session.rating_given`. It is taken for a week after the rating was asked for. Rating again replaces the rating; the
/// session stays as it is.
///
/// # Errors
/// The session is not the caller's, no rating is asked for or it is too late, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/rating", operation_id = "rate_session", tag = "chat", request_body = RatingRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(NamedSession, Keyed),
    responses(
        (status = 200, body = RatingAnswer),
        (status = 409, description = "RATING_NOT_ASKED: none is asked for, or it is too late"),
    )
)]
pub async fn rate(
    visitor: KnownVisitor,
    app: Acting,
    RequestKey(key): RequestKey,
    name: Path<String>,
    body: JsonBody<RatingRequest>,
) -> Result<HttpResponse, Problem> {
    let RatingRequest { score, comment } = body.0;
    let name = SessionName::parse(name.into_inner()).map_err(|error| Problem::invalid("name", error))?;
    let OwnSession { visitor, session, .. } =
        OwnSession::find(&app.sessions, &visitor, name).await?.ok_or_else(no_session)?;
    let request = Request { session, by: Author::Customer(visitor), key, correlation_id: request_id() };
    match app.sessions.rate(request, score, comment, app.now()).await {
        Ok(done) => {
            let data = RatingGivenData { score: score.into() };
            Ok(HttpResponse::Ok().json(RatingAnswer { success: true, data, position: done.position.0 }))
        }
        Err(error) => Err(refused(&app.names, Wanted::Other, error).await),
    }
}
