//! What the shop's page last passed along with a customer's message.
//!
//! Invariant: it is opened for the one who asks and kept nowhere.

use domain::{SessionId, session::Event};
use event_store::StreamVersion;
use journal::Decoded;
use serde_json::{Map, Value};

use super::{Sessions, stream_of};
use crate::error::CommandError;

/// So many of a session's newest events are looked at: a page passes parameters along with every message, or with none.
const LOOKED_AT: u64 = 200;

impl Sessions {
    /// The parameters of the customer's newest message that has any; empty where there are none, or none any more.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn last_parameters(&self, session: SessionId) -> Result<Map<String, Value>, CommandError> {
        let version = self.current(session).await?.version;
        let after = StreamVersion(version.0.saturating_sub(LOOKED_AT));
        for decoded in self.journal().whole_stream(&stream_of(session), after).await?.iter().rev() {
            if let Some((_, Event::CustomerMessageSent(_))) = decoded.event().session() {
                self.journal().open(decoded).await?;
                if let Some(parameters) = parameters(decoded).filter(|parameters| !parameters.is_empty()) {
                    return Ok(parameters.clone());
                }
            }
        }
        Ok(Map::new())
    }
}

fn parameters(decoded: &Decoded) -> Option<&Map<String, Value>> {
    match decoded.opened_event().session()?.1 {
        Event::CustomerMessageSent(sent) => Some(&sent.words.known()?.parameters),
        _other => None,
    }
}
