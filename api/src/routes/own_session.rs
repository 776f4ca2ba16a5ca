//! The session that a customer names: looked up as the name was sent, for sessions that are older than the rule, and else in NFC,
//! which new ones have.
//!
//! Invariant: two ways to write one name lead to one session, and no session's id changes.

use commands::Sessions;
use domain::{SessionId, VisitorId, text::SessionName};
use event_store::StreamVersion;

use crate::{auth::require::KnownVisitor, problem::Problem};

/// A customer's session, there or not.
pub(super) struct OwnSession {
    pub(super) visitor: VisitorId,
    pub(super) name: SessionName,
    pub(super) session: SessionId,
}

impl OwnSession {
    fn of(visitor: VisitorId, name: SessionName) -> Self {
        Self { visitor, session: SessionId::of(visitor, name.as_str()), name }
    }

    /// The caller's of this name, if the caller is anyone.
    ///
    /// # Errors
    /// The log is away.
    pub(super) async fn find(
        sessions: &Sessions,
        visitor: &KnownVisitor,
        name: SessionName,
    ) -> Result<Option<Self>, Problem> {
        let composed = name.composed();
        if composed != name
            && let Some(own) = visitor.find(Some(name.as_str())).map(|visitor| Self::of(visitor, name))
            && sessions.current(own.session).await?.version != StreamVersion::NONE
        {
            return Ok(Some(own));
        }
        Ok(visitor.find(Some(composed.as_str())).map(|visitor| Self::of(visitor, composed)))
    }

    /// As [`Self::find`], or a new visitor's, whose token goes out with the answer.
    ///
    /// # Errors
    /// The log is away.
    pub(super) async fn find_or_create(
        sessions: &Sessions,
        visitor: &KnownVisitor,
        name: SessionName,
    ) -> Result<Self, Problem> {
        let composed = name.composed();
        let found = Self::find(sessions, visitor, name).await?;
        Ok(found.unwrap_or_else(|| Self::of(visitor.find_or_create(None), composed)))
    }
}
