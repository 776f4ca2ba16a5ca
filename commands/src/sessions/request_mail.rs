//! Staff asks for a mail about a session to the team.

use std::sync::Arc;

use domain::{
    MailId, SessionId,
    session::{Command, Event, event::MailKind},
};
use event_store::{Actor, Position, RecordedEvent};
use journal::{Decoded, JournalError};
use uuid::Uuid;

use super::{CommandMetadata, Execution, Sessions};
use crate::{
    error::CommandError,
    event_id::{CommandId, IdempotencyKey},
};

/// A mail that staff asks for.
#[derive(Debug, Clone)]
pub struct RequestMail {
    /// Who asks.
    pub actor: Actor,
    /// About which session.
    pub session: SessionId,
    /// Also where another mail about it is under way.
    pub force: bool,
    /// The client's key.
    pub key: Option<IdempotencyKey>,
    /// The request.
    pub correlation_id: Uuid,
}

/// The mail that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedMail {
    /// It.
    pub mail: MailId,
    /// Where the log stood.
    pub position: Position,
}

impl Sessions {
    /// Records that a mail is wanted, once per key. Where one is under way already, that is the answer, unless forced.
    ///
    /// # Errors
    /// There is no such session, or the log did not take it.
    pub async fn request_mail(&self, request: RequestMail) -> Result<RequestedMail, CommandError> {
        let RequestMail { actor, session, force, key, correlation_id } = request;
        let current = self.current(session).await?;
        let under_way = current.state.session().and_then(|session| session.mails.last().copied());
        if let (Some(mail), false) = (under_way, force) {
            return Ok(RequestedMail { mail, position: current.position });
        }
        let id = match &key {
            Some(key) => CommandId::keyed(self.log_id(), &actor, "request_mail", session.0, key),
            None => CommandId::random(self.log_id()),
        };
        let mail = MailId(id.derive_id("mail"));
        let metadata = CommandMetadata { actor, correlation_id, causation_id: None, id };
        match self.execute(session, &metadata, Command::RequestMail { mail, kind: MailKind::ByHand }).await? {
            Execution::Done(done) => Ok(RequestedMail { mail, position: done.position }),
            Execution::Repeated(first) => requested(first),
        }
    }
}

/// The mail that the same request asked for before.
fn requested(first: Arc<RecordedEvent>) -> Result<RequestedMail, CommandError> {
    let decoded = Decoded::decode(first).map_err(JournalError::from)?;
    match decoded.event().session() {
        Some((_, Event::MailRequested(requested))) => {
            Ok(RequestedMail { mail: requested.mail, position: decoded.position() })
        }
        _other => Err(CommandError::KeyReused),
    }
}
