//! `POST /api/conversation/create`: the session exists from now on.

use domain::{ContextId, SessionId, VisitorId, session::Command, text::SessionName};
use event_store::Position;
use uuid::Uuid;

use super::{Execution, Sessions, customer_origin, opening};
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
        let origin = customer_origin(self.log_id(), visitor, session, "open", key.as_ref(), correlation_id);
        let command = Command::Open(opening(visitor, &name, &origin.id));
        match self.execute(session, &origin, command).await? {
            Execution::Done(done) => self.opened(session, done.position).await,
            Execution::Repeated(recorded) => self.opened(session, recorded.position).await,
        }
    }

    pub(super) async fn opened(&self, session: SessionId, position: Position) -> Result<Opened, CommandError> {
        let current = self.current(session).await?;
        let open = current.state.session().ok_or(domain::session::Rejection::NoSession)?;
        Ok(Opened { session, context: open.context, position })
    }
}
