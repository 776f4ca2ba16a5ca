//! Coze's endpoints for one session: each call bears the session's token, and is repeated once with a new one if that is refused.

use std::{sync::Arc, time::Duration};

use domain::SessionId;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    Failure,
    codes::Class,
    config::Target,
    frames,
    http::{Http, call},
    requests,
    tokens::{Token, Tokens},
};

/// The longest that a call without a stream may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Whom to ask, and as whom.
pub(super) struct Calls {
    pub(super) http: Http,
    pub(super) tokens: Tokens,
    pub(super) target: Target,
}

impl Calls {
    /// Makes a conversation and returns its id. The shared default conversation is never used.
    pub(super) async fn create_conversation(&self, session: SessionId) -> Result<String, Failure> {
        let path = ["v1", "conversation", "create"];
        let request = self.http.request(Method::POST, &path, &[]).json(&requests::conversation(&self.target));
        let data = self.call(session, request).await?;
        frames::text(&data["id"]).ok_or_else(|| Failure::malformed("a conversation was made without an id"))
    }

    /// Deletes a conversation.
    pub(super) async fn delete_conversation(&self, session: SessionId, conversation: &str) -> Result<(), Failure> {
        let path = ["v1", "conversations", conversation];
        self.call(session, self.http.request(Method::DELETE, &path, &[])).await.map(drop)
    }

    /// A chat as it stands.
    pub(super) async fn retrieve(
        &self,
        session: SessionId,
        conversation: &str,
        chat: &str,
    ) -> Result<frames::Chat, Failure> {
        let query = [("conversation_id", conversation), ("chat_id", chat)];
        let request = self.http.request(Method::GET, &["v3", "chat", "retrieve"], &query);
        self.call(session, request).await.map(|data| frames::chat(&data))
    }

    /// A chat's messages, in no order.
    pub(super) async fn messages(
        &self,
        session: SessionId,
        conversation: &str,
        chat: &str,
    ) -> Result<Vec<frames::Message>, Failure> {
        let query = [("conversation_id", conversation), ("chat_id", chat)];
        let request = self.http.request(Method::GET, &["v3", "chat", "message", "list"], &query);
        let data = self.call(session, request).await?;
        let Value::Array(messages) = data else { return Err(Failure::malformed("a list of messages is no list")) };
        Ok(messages.iter().map(frames::message).collect())
    }

    /// Gives a chat up.
    pub(super) async fn cancel(&self, session: SessionId, conversation: &str, chat: &str) -> Result<(), Failure> {
        let request = self.http.request(Method::POST, &["v3", "chat", "cancel"], &[]);
        let request = request.json(&json!({"conversation_id": conversation, "chat_id": chat}));
        self.call(session, request).await.map(drop)
    }

    /// Whether another token may help, if none was tried yet. It then comes with the next request.
    pub(super) async fn replaces_token(&self, session: SessionId, token: &Arc<Token>, failure: &Failure) -> bool {
        let may_help = failure.class == Class::TokenInvalid && self.tokens.can_refresh();
        if may_help {
            self.tokens.forget(session, token).await;
        }
        may_help
    }

    async fn call(&self, session: SessionId, request: RequestBuilder) -> Result<Value, Failure> {
        let again = request.try_clone();
        let token = self.tokens.get(session).await?;
        let outcome = call(request.timeout(LIMIT).bearer_auth(token.secret())).await;
        match (outcome, again) {
            (Err(failure), Some(again)) if self.replaces_token(session, &token, &failure).await => {
                let token = self.tokens.get(session).await?;
                call(again.timeout(LIMIT).bearer_auth(token.secret())).await
            }
            (outcome, _) => outcome,
        }
    }
}
