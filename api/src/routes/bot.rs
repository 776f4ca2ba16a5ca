//! `GET /api/bot/info` and `/api/config`: the settings that the original's front ends read.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::chat::accepted_language;
use crate::{auth::require::Anybody, openapi::words, settings::Settings};

/// The assistant as customers see it.
#[derive(Serialize, ToSchema)]
pub struct BotAnswer {
    success: bool,
    bot: BotData,
}

/// Who answers.
#[derive(Serialize, ToSchema)]
pub struct BotData {
    name: String,
    description: String,
    icon_url: String,
    /// Its first words, in the language of the page (`Accept-Language`), Chinese where that is none of ours.
    welcome: String,
    /// Questions to choose from, in that language.
    suggestions: Vec<String>,
    #[schema(value_type = words::Language)]
    language: &'static str,
    workflow_id: String,
}

/// Shows the assistant as customers see it.
///
/// Name, description, icon and welcome, in the caller's language where `Accept-Language` names one. No event is recorded.
#[utoipa::path(get, path = "/api/bot/info", operation_id = "show_bot", tag = "chat", responses((status = 200, body = BotAnswer)))]
pub async fn info(_: Anybody, request: HttpRequest, settings: Data<Settings>) -> HttpResponse {
    let language = accepted_language(&request).unwrap_or_default();
    let bot = BotData {
        name: settings.bot_name.clone(),
        description: settings.bot_description.clone(),
        icon_url: settings.bot_icon_url.clone(),
        welcome: settings.welcome(language).to_owned(),
        suggestions: settings.suggestions(language).to_vec(),
        language: language.as_str(),
        workflow_id: settings.workflow_id.clone(),
    };
    HttpResponse::Ok().json(BotAnswer { success: true, bot })
}

/// The original's front-end settings, under the names that it gave them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigAnswer {
    app_id: String,
    workflow_id: String,
    /// Always `OAUTH_JWT`.
    auth_mode: &'static str,
    /// Always true: a visitor sees nothing of another's.
    session_isolation: bool,
}

/// Shows the original's front-end settings.
///
/// What the original's pages read when they start. No event is recorded.
#[utoipa::path(get, path = "/api/config", operation_id = "show_config", tag = "chat", responses((status = 200, body = ConfigAnswer)))]
pub async fn config(_: Anybody, settings: Data<Settings>) -> HttpResponse {
    let (app_id, workflow_id) = (settings.app_id.clone(), settings.workflow_id.clone());
    HttpResponse::Ok().json(ConfigAnswer { app_id, workflow_id, auth_mode: "OAUTH_JWT", session_isolation: true })
}
