//! The OpenAPI document, made from the code, and a page to read it.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    web::{Path, ServiceConfig, redirect},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, ResponseBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, serve};

use crate::{problem::Problem, routes};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Fiido Desk", description = "AI customer service. Everything under /api is served under /api/v1 as well. Customers are known by the cookie `desk_visitor` or the token in `X-Visitor-Token`, sent back as `Authorization: Bearer`."),
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
        routes::health::process,
        routes::health::ready,
        routes::page::root,
    ),
    modifiers(&Bearer, &RateLimited),
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The doors may answer any request so.
struct RateLimited;

impl Modify for RateLimited {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("RATE_LIMITED: too many requests; `Retry-After` says when to go on, `RateLimit` what is left")
            .content("application/problem+json", body)
            .build();
        for path in document.paths.paths.values_mut() {
            let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
            for operation in operations.into_iter().flatten() {
                operation.responses.responses.insert("429".to_owned(), response.clone().into());
            }
        }
    }
}

/// Registers `/openapi.json` and `/docs/`; the original's `/docs` leads there.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(routes::get("/openapi.json", document))
        .service(redirect("/docs", "/docs/"))
        .service(routes::get("/docs/{file:.*}", page));
}

async fn document() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}

async fn page(file: Path<String>) -> Result<HttpResponse, Problem> {
    let file = serve(&file, Arc::new(Config::from("/openapi.json"))).ok().flatten();
    let file = file.ok_or_else(|| Problem::not_found("there is no such file"))?;
    Ok(HttpResponse::Ok().content_type(file.content_type).body(file.bytes.into_owned()))
}
