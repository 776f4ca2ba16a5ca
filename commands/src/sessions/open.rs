//! `POST /api/conversation/create`: the session exists from now on.

use std::sync::Arc;

use domain::{ContextId, SessionId, VisitorId, session::Command, text::SessionName};
use event_store::Position;
use uuid::Uuid;

use super::{Execution, Sessions, customer_metadata, opening};
use crate::{error::CommandError, event_id::IdempotencyKey};

/// A visitor wants a session to exist.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Whose.
    pub visitor: VisitorId,
    /// What the client calls it.
    pub name: SessionName,
    /// The client's key.
    pub key: Option<IdempotencyKey>,
    /// The request.
    pub correlation_id: Uuid,
}

/// The session that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub session: SessionId,
    /// Its current context.
    pub context: ContextId,
    /// Where the log stood.
    pub position: Position,
}

impl Sessions {
    /// Opens the session unless it exists.
    ///
    /// # Errors
    /// The log did not take it.
    pub async fn open(&self, request: OpenSession) -> Result<Opened, CommandError> {
        let OpenSession { visitor, name, key, correlation_id } = request;
        let session = SessionId::of(visitor, name.as_str());
        let metadata = customer_metadata(self.log_id(), visitor, session, "open", key.as_ref(), correlation_id);
        let command = Command::Open(opening(visitor, &name, &metadata.id));
        let execution = self.execute(session, &metadata, command).await?;
        self.opened(session, execution).await
    }

    /// The session as the command left it when it came first, whatever happened since.
    pub(super) async fn opened(&self, session: SessionId, execution: Execution) -> Result<Opened, CommandError> {
        let left = match execution {
            Execution::Done(done) => done.state,
            Execution::Repeated(recorded) => Arc::new(self.as_of(session, recorded.version).await?),
        };
        let open = left.state.session().ok_or(domain::session::Rejection::NoSession)?;
        Ok(Opened { session, context: open.context, position: left.position })
    }
}
