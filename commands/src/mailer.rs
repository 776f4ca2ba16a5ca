//! The port to whoever sends mails to the team. What a mail says is put together when it is sent; how it looks is the
//! sender's business.
//!
//! Invariant: an error holds nothing personal, so that it may be recorded and logged.

use std::{borrow::Cow, fmt};

use async_trait::async_trait;
use domain::{
    MailId, SessionId,
    session::{
        Status,
        event::{EscalationReason, MailFailure},
    },
};
use jiff::Timestamp;
use uuid::Uuid;

/// A mail to the team about one session.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Makes the `Message-ID`: the same mail again has the same one.
    pub id: MailId,
    /// The id of the request that it came of, for whoever looks for it in logs and events.
    pub request: Uuid,
    /// The session.
    pub session: SessionId,
    /// What the client calls it.
    pub session_name: String,
    /// The customer's address, if it gave one.
    pub customer_email: Option<String>,
    /// Why a person is needed; `None` if nothing but a member of staff asked for the mail.
    pub reason: Option<EscalationReason>,
    /// Whether the safety rule fired.
    pub is_danger: bool,
    /// When a person became necessary.
    pub triggered_at: Timestamp,
    /// Who has the session now.
    pub status: Status,
    /// What was said last, oldest first.
    pub messages: Vec<MailLine>,
    /// Now.
    pub sent_at: Timestamp,
}

/// One message of the session.
#[derive(Clone, PartialEq, Eq)]
pub struct MailLine {
    /// Whose.
    pub author: MailAuthor,
    /// When it was recorded.
    pub at: Timestamp,
    /// What it says.
    pub text: String,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailAuthor {
    /// The customer.
    Customer,
    /// The assistant.
    Assistant,
    /// A person of the shop.
    Agent,
    /// The server.
    System,
}

impl MailAuthor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Assistant, Self::Agent, Self::System];
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("session", &self.session).finish_non_exhaustive()
    }
}

impl fmt::Debug for MailLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailLine").field("author", &self.author).field("at", &self.at).finish_non_exhaustive()
    }
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail. It may arrive although this fails, and then arrives again under the same `Message-ID`.
    ///
    /// # Errors
    /// The other side did not take it, or may not have.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Why a mail was not sent: what is recorded, and the very code for operators (`connection`, `smtp_451`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct MailError {
    /// Whether it may be taken later.
    pub is_passing: bool,
    /// As it is recorded.
    pub failure: MailFailure,
    /// One word in lower case.
    pub code: Cow<'static, str>,
}

impl MailError {
    /// One that passes.
    #[must_use]
    pub fn retry(failure: MailFailure, code: impl Into<Cow<'static, str>>) -> Self {
        Self { is_passing: true, failure, code: code.into() }
    }

    /// One that does not.
    #[must_use]
    pub fn permanent(failure: MailFailure, code: impl Into<Cow<'static, str>>) -> Self {
        Self { is_passing: false, failure, code: code.into() }
    }
}
