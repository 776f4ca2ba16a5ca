//! Where mails go without a mail server.

use async_trait::async_trait;
use commands::mailer::{Mail, MailError, Mailer};
use domain::session::event::MailFailure;

use super::Letter;

/// Writes mails to the log, with all that they say: for a developer's own machine.
#[derive(Debug, Clone)]
pub struct LogMailer(pub Letter);

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let (subject, text) = (self.0.subject(mail), self.0.text(mail));
        tracing::info!(mail.id = %mail.id, session.id = %mail.session, subject, text, "a mail to the team");
        Ok(())
    }
}

/// Sends nothing: no mail server is configured.
#[derive(Debug, Clone, Copy)]
pub struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _: &Mail) -> Result<(), MailError> {
        Err(MailError::permanent(MailFailure::NotConfigured, "not_configured"))
    }
}
