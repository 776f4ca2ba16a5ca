//! `GET /api/bot/info` and `/api/config`: what the original told its front ends.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use crate::{app::App, sign_in::guard::Anybody};

/// The assistant as customers see it.
#[utoipa::path(get, path = "/api/bot/info", operation_id = "bot_info", tag = "customer", responses((status = 200, body = Value)))]
pub async fn info(_: Anybody, app: Data<App>) -> HttpResponse {
    let bot = &app.settings.bot;
    HttpResponse::Ok().json(json!({
        "success": true,
        "bot": {
            "name": bot.name,
            "description": bot.description,
            "icon_url": bot.icon_url,
            "welcome": bot.welcome,
            "workflow_id": app.settings.workflow_id,
        },
    }))
}

/// The original's front-end settings.
#[utoipa::path(get, path = "/api/config", operation_id = "config", tag = "customer", responses((status = 200, body = Value)))]
pub async fn config(_: Anybody, app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "appId": app.settings.app_id,
        "workflowId": app.settings.workflow_id,
        "authMode": "OAUTH_JWT",
        "sessionIsolation": true,
    }))
}
