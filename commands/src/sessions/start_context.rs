//! `POST /api/conversation/new` and `/clear`: the assistant forgets; with `clear`, the customer's screen does as well.

use domain::{ContextId, SessionId, VisitorId, session::Command, text::SessionName};
use event_store::Position;
use uuid::Uuid;

use super::{Opened, Sessions, customer_metadata, opening};
use crate::{error::CommandError, event_id::IdempotencyKey};

/// A visitor wants a fresh start.
#[derive(Debug, Clone)]
pub struct StartContext {
    /// Whose session.
    pub visitor: VisitorId,
    /// Which.
    pub name: SessionName,
    /// Whether earlier messages are to be hidden from the visitor.
    pub clear: bool,
    /// The client's key.
    pub key: Option<IdempotencyKey>,
    /// The request.
    pub correlation_id: Uuid,
}

/// The context that is in force now; an unused one is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextOutcome {
    /// The session.
    pub session: SessionId,
    /// The context.
    pub context: ContextId,
    /// Where the log stood.
    pub position: Position,
}

impl Sessions {
    /// Starts a context unless the current one is unused.
    ///
    /// # Errors
    /// The log did not take it.
    pub async fn start_context(&self, request: StartContext) -> Result<ContextOutcome, CommandError> {
        let StartContext { visitor, name, clear, key, correlation_id } = request;
        let session = SessionId::of(visitor, name.as_str());
        let route = if clear { "clear" } else { "start_context" };
        let metadata = customer_metadata(self.log_id(), visitor, session, route, key.as_ref(), correlation_id);
        let opening = opening(visitor, &name, &metadata.id);
        let context = ContextId(metadata.id.derive_id("new context"));
        let execution = self.execute(session, &metadata, Command::StartContext { opening, context, clear }).await?;
        let Opened { session, context, position } = self.opened(session, execution).await?;
        Ok(ContextOutcome { session, context, position })
    }
}
