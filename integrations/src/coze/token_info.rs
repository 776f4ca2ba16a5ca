//! What administrators see of the tokens, with the original's names.

use std::collections::BTreeMap;

use serde::Serialize;

use super::tokens::TokenSeen;

/// The tokens that sessions have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenInfo {
    /// How many.
    pub total_sessions: usize,
    /// By the session's id.
    pub sessions: BTreeMap<String, SessionToken>,
}

/// A session's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionToken {
    /// Whether its time is not over.
    pub is_valid: bool,
    /// When it is, in seconds since 1970.
    pub expires_at: i64,
    /// Shows that there is one and nothing of it: the original's field, for clients that read it.
    pub token_preview: &'static str,
}

impl TokenInfo {
    pub(super) fn of(seen: Vec<TokenSeen>) -> Self {
        let token = |seen: &TokenSeen| SessionToken {
            is_valid: seen.is_valid,
            expires_at: seen.expires_at.as_second(),
            token_preview: "***",
        };
        let sessions: BTreeMap<_, _> = seen.iter().map(|seen| (seen.session.to_string(), token(seen))).collect();
        Self { total_sessions: sessions.len(), sessions }
    }
}
