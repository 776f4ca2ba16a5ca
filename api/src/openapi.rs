//! The OpenAPI document, made from the code, and a page to read it.

pub(crate) mod frames;
mod parameters;
mod refusals;
pub(crate) mod texts;
pub(crate) mod words;

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    web::{Path, ServiceConfig, redirect},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_swagger_ui::{Config, serve};

use self::{parameters::Parameters, refusals::Refusals};
use crate::{
    envelope::Envelope,
    problem::{Problem, ProblemBody},
    routes,
    sign_in::{guard::Anybody, visitor::COOKIE},
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Fiido Desk", description = "AI customer service. Everything under /api is served under /api/v1 as well. Customers are known by the cookie `desk_visitor` or the token in `X-Visitor-Token`, sent back as `Authorization: Bearer`. HEAD is told what GET would answer. A method that a path has not is refused with 405 and `Allow`."),
    paths(
        routes::chat::chat,
        routes::chat_stream::stream,
        routes::conversation::create,
        routes::conversation::new,
        routes::conversation::clear,
        routes::customer::show,
        routes::customer::identify,
        routes::customer::sign_out,
        routes::sessions::list,
        routes::sessions::stats,
        routes::sessions::show,
        routes::session_events::stream,
        routes::events::stream,
        routes::audit::list,
        routes::auth::login,
        routes::auth::refresh,
        routes::auth::logout,
        routes::profile::change_password,
        routes::profile::profile,
        routes::profile::change_profile,
        routes::profile::sign_ins,
        routes::profile::revoke,
        routes::agents::list,
        routes::agents::create,
        routes::agents::show,
        routes::agents::change,
        routes::agents::deactivate,
        routes::agents::reactivate,
        routes::agents::reset_password,
        routes::agents::skills,
        routes::second_factor::prepare,
        routes::second_factor::enable,
        routes::second_factor::disable,
        routes::second_factor::replace_recovery_codes,
        routes::second_factor::reset,
        routes::api_keys::list,
        routes::api_keys::issue,
        routes::api_keys::revoke,
        routes::bot::info,
        routes::bot::config,
        routes::health::original,
        routes::health::detailed::detailed,
        routes::health::process,
        routes::health::ready,
        routes::page::root,
    ),
    components(schemas(ProblemBody, Envelope, texts::Anything, texts::Cursor, texts::Key, texts::Moment)),
    modifiers(&Tokens, &Parameters, &Refusals),
)]
pub struct Document;

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

/// Registers `/openapi.json` and `/docs/`; the original's `/docs` leads there.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(routes::get("/openapi.json", document))
        .service(redirect("/docs", "/docs/"))
        .service(routes::get("/docs/{file:.*}", page));
}

async fn document(_: Anybody) -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}

async fn page(_: Anybody, file: Path<String>) -> Result<HttpResponse, Problem> {
    let file = serve(&file, Arc::new(Config::from("/openapi.json"))).ok().flatten();
    let file = file.ok_or_else(|| Problem::not_found("there is no such file"))?;
    Ok(HttpResponse::Ok().content_type(file.content_type).body(file.bytes.into_owned()))
}
