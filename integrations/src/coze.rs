//! Coze as an assistant: chatflows (`/v1/workflows/chat`) and bots (`/v3/chat`) at api.coze.com, api.coze.cn and in a Coze Studio.
//!
//! A question goes through `asking`: token, conversation, chat, its stream.
//!
//! Invariants: each session has a conversation of its own, made before its first message, and with an OAuth app a token of its own;
//! pieces put together are the answer, byte for byte; nothing but an assistant's answer in plain text is ever handed out; no token, key or
//! customer's word is in a log line or in an error's `Display`.

mod asking;
mod calls;
mod codes;
mod config;
mod conversations;
mod failure;
mod frames;
mod http;
mod jwt;
mod opening;
mod reading;
mod recovery;
mod reply;
mod requests;
mod running;
mod token_info;
mod tokens;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use commands::{
    Clock,
    assistant::{Answering, Assistant, AssistantError, Piece, Question},
    process::ConversationStore,
};
use domain::{SessionId, session::event::Asked};

use asking::Asking;
use calls::Calls;
use config::Target;
use conversations::Conversations;
use failure::Failure;
use http::Http;
use reading::Reading;
use tokens::Tokens;

use crate::{http_client::http_client, sse::SseParser};

pub use config::{CozeAuth, CozeConfig, CozeConfigError, OAuthApp};
pub use token_info::{SessionToken, TokenInfo};

/// Answers with Coze.
#[derive(Clone)]
pub struct Coze {
    calls: Arc<Calls>,
    conversations: Conversations,
}

impl Coze {
    /// Coze with these settings. Asks nothing yet.
    ///
    /// # Errors
    /// A setting cannot be used.
    pub fn new(config: &CozeConfig, clock: Arc<dyn Clock>) -> Result<Self, CozeConfigError> {
        let base = config::base(config)?;
        let (target, identity) = (Target::of(config)?, config::identity(config, &base)?);
        let client = http_client(config.connect_timeout).map_err(CozeConfigError::Client)?;
        let http = Http::new(client, base);
        let tokens = Tokens::new(http.clone(), identity, clock);
        Ok(Self { calls: Arc::new(Calls { http, tokens, target }), conversations: Conversations::new() })
    }

    /// The tokens that sessions have.
    #[must_use]
    pub fn token_info(&self) -> TokenInfo {
        TokenInfo::of(self.calls.tokens.seen())
    }

    /// How often this process has asked for a token: given, and not.
    #[must_use]
    pub fn token_exchanges(&self) -> (u64, u64) {
        self.calls.tokens.exchanges()
    }

    /// Replaces a session's token, whether or not it has one. Does nothing with a personal token.
    ///
    /// # Errors
    /// Coze gives none.
    pub async fn refresh_token(&self, session: SessionId) -> Result<(), AssistantError> {
        self.calls.tokens.refresh(session).await.map_err(|failure| *failure.error)
    }

    /// Deletes a session's conversation; one that is not there is deleted already.
    ///
    /// # Errors
    /// It may still be there.
    pub async fn delete_conversation(&self, session: SessionId, conversation: &str) -> Result<(), AssistantError> {
        match self.calls.delete_conversation(session, conversation).await {
            Err(failure) if !failure.means_absent() => Err(*failure.error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Assistant for Coze {
    fn name(&self) -> &str {
        "coze"
    }

    fn answer(&self, question: Question) -> Answering {
        let mut asking = Asking::new(Arc::clone(&self.calls), self.conversations.clone(), question);
        Box::pin(async_stream::try_stream! {
            while let Some(piece) = asking.next().await? {
                yield piece;
            }
        })
    }
}

#[async_trait]
impl ConversationStore for Coze {
    fn assistant(&self) -> &str {
        self.name()
    }

    async fn delete(&self, session: SessionId, conversation: &str) -> Result<(), AssistantError> {
        self.delete_conversation(session, conversation).await
    }
}

/// The pieces that a chat's stream with this body gives, and how it fails if it does. Pure: for fuzzing and recorded streams.
#[must_use]
pub fn read_stream(body: &[u8]) -> (Vec<Piece>, Option<AssistantError>) {
    let mut reading = Reading::new(Asked::default());
    let failure = read_events(body, &mut reading).err().map(|failure| *failure.error);
    (std::iter::from_fn(|| reading.pop()).collect(), failure)
}

fn read_events(mut body: &[u8], reading: &mut Reading) -> Result<(), Failure> {
    let mut parser = SseParser::new(body.len());
    while let Some(event) = parser.next(&mut body)? {
        reading.event(&event)?;
    }
    if let Some(event) = parser.finish() {
        reading.event(&event)?;
    }
    reading.end()
}
