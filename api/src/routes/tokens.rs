//! `GET /api/token/info` and `POST /api/token/refresh`: Coze's tokens, in the original's shape, for administrators.
//!
//! Invariant: of a token nothing is shown but when it ends; sessions stand here by their ids, never by what clients call them.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::SessionId;
use futures::{StreamExt as _, stream};
use integrations::{Coze, coze::TokenInfo};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::require::{Require, SettingsWrite},
    problem::Problem,
};

/// Coze, where it is one of the assistants.
#[derive(Clone, Default)]
pub struct CozeTokens(pub Option<Coze>);

/// Tokens that are replaced at the same time.
const AT_ONCE: usize = 8;

/// The tokens of sessions.
#[derive(Serialize, ToSchema)]
pub struct CozeTokensData {
    total_sessions: usize,
    /// By the session's id.
    #[schema(value_type = std::collections::BTreeMap<String, CozeTokenData>)]
    sessions: serde_json::Value,
}

/// A session's token.
#[derive(Serialize, ToSchema)]
pub struct CozeTokenData {
    is_valid: bool,
    /// In seconds since 1970.
    expires_at: i64,
    /// Always `***`.
    token_preview: String,
}

/// New tokens are there.
#[derive(Serialize, ToSchema)]
pub struct RefreshAnswer {
    success: bool,
    message: &'static str,
    token_info: CozeTokensData,
}

impl From<TokenInfo> for CozeTokensData {
    fn from(info: TokenInfo) -> Self {
        let sessions = serde_json::to_value(&info.sessions).unwrap_or_default();
        Self { total_sessions: info.total_sessions, sessions }
    }
}

fn coze(tokens: &CozeTokens) -> Result<&Coze, Problem> {
    let absent = || {
        let detail = "Coze is none of the assistants that are set up";
        Problem::new(StatusCode::NOT_FOUND, "COZE_NOT_SET_UP", detail)
    };
    tokens.0.as_ref().ok_or_else(absent)
}

/// Shows the tokens that sessions have at Coze, of this node.
///
/// Without the tokens themselves. No event is recorded.
///
/// # Errors
/// Coze is not set up.
#[utoipa::path(
    get, path = "/api/token/info", operation_id = "show_tokens", tag = "operation", security(("bearer" = [])),
    responses((status = 200, body = CozeTokensData), (status = 404, description = "COZE_NOT_SET_UP: Coze is none of the assistants"))
)]
pub async fn info(_: Require<SettingsWrite>, tokens: Data<CozeTokens>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(CozeTokensData::from(coze(&tokens)?.token_info())))
}

/// Replaces every token that a session has at Coze, on this node.
///
/// No event is recorded; a repeat replaces them again.
///
/// # Errors
/// Coze is not set up, or gives none.
#[utoipa::path(
    post, path = "/api/token/refresh", operation_id = "refresh_tokens", tag = "operation", security(("bearer" = [])),
    responses(
        (status = 200, body = RefreshAnswer),
        (status = 500, description = "TOKEN_REFRESH_FAILED: Coze gives none"),
        (status = 404, description = "COZE_NOT_SET_UP: Coze is none of the assistants"),
    )
)]
pub async fn refresh(_: Require<SettingsWrite>, tokens: Data<CozeTokens>) -> Result<HttpResponse, Problem> {
    let coze = coze(&tokens)?;
    let info = coze.token_info();
    let sessions = info.sessions.keys().filter_map(|id| id.parse().ok()).map(SessionId);
    let mut refreshed = stream::iter(sessions).map(|session| coze.refresh_token(session)).buffer_unordered(AT_ONCE);
    while let Some(outcome) = refreshed.next().await {
        outcome.map_err(|error| {
            let code = error.error_code.unwrap_or_else(|| format!("{:?}", error.code));
            let detail = format!("Coze gives no token: {code}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "TOKEN_REFRESH_FAILED", detail)
        })?;
    }
    let token_info = coze.token_info().into();
    Ok(HttpResponse::Ok().json(RefreshAnswer { success: true, message: "Token 刷新成功", token_info }))
}
