//! The OpenAPI document, made from the code: what belongs to no single route. The paths come from the table of routes.

pub(crate) mod frames;
mod in_place;
pub(crate) mod parameters;
pub(crate) mod plain;
mod refusals;
pub(crate) mod rights;
mod samples;
mod streams;
pub(crate) mod texts;
pub(crate) mod words;

#[cfg(test)]
mod compatibility;
#[cfg(test)]
mod released;
#[cfg(test)]
mod structure;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use self::{
    parameters::Parameters,
    refusals::Refusals,
    rights::{Right, Rights},
};
use crate::{auth::visitor::COOKIE, envelope::Envelope, problem::ProblemBody};

/// What the document says of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fiido Desk",
        contact(name = "Fiido Desk"),
        description = "AI customer service. Everything under /api is served under /api/v1 as well. Customers are known by a cookie whose name begins with `desk_visitor`, or the token in `X-Visitor-Token`, sent back as `Authorization: Bearer`. HEAD is told what GET would answer. A method that a path has not is refused with 405 and `Allow`."
    ),
    components(schemas(
        ProblemBody,
        Envelope,
        texts::Anything,
        texts::Cursor,
        texts::Key,
        texts::Moment,
        texts::Version,
        texts::Watched,
        words::CustomerType,
        words::AuditOrder,
        words::SessionOrder,
        words::StreamScope
    ))
)]
struct Whole;

/// The document of these paths, to which these have a right.
pub(crate) fn document(paths: utoipa::openapi::OpenApi, rights: &[Right]) -> utoipa::openapi::OpenApi {
    let mut document = Whole::openapi();
    document.merge(paths);
    let completed: [&dyn Modify; 4] = [&Tokens, &Parameters, &Refusals, &Rights(rights)];
    completed.into_iter().for_each(|part| part.modify(&mut document));
    document
}

/// How a caller says who it is.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |what: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
            SecurityScheme::Http(scheme.description(Some(what)).build())
        };
        let cookie = ApiKeyValue::with_description(COOKIE, "The same, as a browser keeps it");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", bearer("The access token of staff"));
        components.add_security_scheme("visitor", bearer("A customer's token, out of `X-Visitor-Token`"));
        components.add_security_scheme("visitor_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}
