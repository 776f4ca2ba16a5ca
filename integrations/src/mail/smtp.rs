//! Sends mails through a mail server (RFC 5321), one connection for each: there are few of them.
//!
//! A recipient that is refused does not keep the mail from the others; the mail failed if nobody may have it. A server's
//! permanent refusal (5xx) ends it, unless it is about who we are: credentials can be put right.

use std::{error::Error as _, io, time::Duration};

use async_trait::async_trait;
use commands::mailer::{Mail, MailError, Mailer};
use domain::session::event::MailFailure;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials as Login, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
    commands::{Data, Mail as MailFrom, Rcpt},
    extension::ClientId,
};
use tokio::time::timeout;

use super::{
    Letter, MailAddress,
    message::{Sender, compose},
};

/// The longest that sending a mail may take, as the original's.
const LIMIT: Duration = Duration::from_secs(30);
/// A mail that was taken is sent, whether or not the server says goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// Refusals that say "who are you?" and pass when an operator has put the credentials right.
const UNAUTHENTICATED: [&str; 4] = ["530", "534", "535", "538"];

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (port 465).
    Implicit,
    /// TLS after a greeting in the clear; a server that cannot do so gets no mail.
    StartTls,
    /// None.
    None,
}

/// Who signs in to the server.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub username: String,
    /// Never printed.
    pub password: String,
}

/// A mail server, and whom it is to reach.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name, which its certificate must bear, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who signs in; nobody where the server takes mail from this machine without.
    pub credentials: Option<Credentials>,
    /// Certificates in PEM that are trusted instead of the public ones.
    pub ca_pem: Option<Vec<u8>>,
    /// In whose name.
    pub sender: Sender,
    /// To whom.
    pub recipients: Vec<MailAddress>,
}

/// The settings of a mail server cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("certificates or name of the mail server")]
pub struct SmtpError(#[source] Error);

/// A mail server.
pub struct Smtp {
    settings: SmtpSettings,
    letter: Letter,
    hello: ClientId,
    tls: Option<TlsParameters>,
    limit: Duration,
}

impl Smtp {
    /// A mail server that gets mails written like this.
    ///
    /// # Errors
    /// The certificates cannot be read, or the host is no name.
    pub fn new(settings: SmtpSettings, letter: Letter) -> Result<Self, SmtpError> {
        let tls = match settings.security {
            Security::Implicit | Security::StartTls => Some(tls(&settings).map_err(SmtpError)?),
            Security::None => None,
        };
        let hello = ClientId::Domain(settings.sender.domain().to_owned());
        Ok(Self { settings, letter, hello, tls, limit: LIMIT })
    }

    /// With another time limit.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// A connection on which mail may be sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let SmtpSettings { host, port, security, credentials, .. } = &self.settings;
        let from_the_start = self.tls.clone().filter(|_| *security == Security::Implicit);
        let server = (host.as_str(), *port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, from_the_start, None)
            .await
            .map_err(failed)?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            if !connection.can_starttls() {
                return Err(MailError::retry(MailFailure::Unavailable, "no_starttls"));
            }
            connection.starttls(tls.clone(), &self.hello).await.map_err(failed)?;
        }
        if let Some(Credentials { username, password }) = credentials {
            let login = Login::new(username.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &login).await.map_err(failed)?;
        }
        Ok(connection)
    }

    async fn transmit(&self, message: &[u8]) -> Result<AsyncSmtpConnection, MailError> {
        let mut connection = self.connect().await?;
        let sender = self.settings.sender.address.0.clone();
        connection.command(MailFrom::new(Some(sender), Vec::new())).await.map_err(failed)?;
        self.name_recipients(&mut connection).await?;
        connection.command(Data).await.map_err(failed)?;
        connection.message(message).await.map_err(failed)?;
        Ok(connection)
    }

    async fn name_recipients(&self, connection: &mut AsyncSmtpConnection) -> Result<(), MailError> {
        let mut refusals = Vec::new();
        for MailAddress(address) in &self.settings.recipients {
            match connection.command(Rcpt::new(address.clone(), Vec::new())).await {
                Ok(_) => {}
                Err(error) if error.status().is_some() => refusals.push(failed(error)),
                Err(error) => return Err(failed(error)),
            }
        }
        let is_taken = refusals.len() < self.settings.recipients.len();
        let passes = refusals.iter().position(|refusal| refusal.is_passing).unwrap_or(0);
        match refusals.get(passes) {
            Some(refusal) if is_taken => {
                let (refused, code) = (refusals.len(), &*refusal.code);
                tracing::warn!(refused, code, "the mail server refuses some of email_recipients");
                Ok(())
            }
            Some(refusal) => Err(refusal.clone()),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = compose(&self.letter, &self.settings.sender, &self.settings.recipients, mail);
        let sent = timeout(self.limit, self.transmit(&message)).await;
        let mut connection =
            sent.unwrap_or_else(|_elapsed| Err(MailError::retry(MailFailure::Unavailable, "timed_out")))?;
        drop(timeout(GOODBYE, connection.quit()).await);
        Ok(())
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, Error> {
    let mut tls = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca_pem {
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(Certificate::from_pem(pem)?);
    }
    tls.build()
}

fn failed(error: Error) -> MailError {
    let Some(status) = error.status().map(|status| status.to_string()) else {
        let (failure, code) = cause(&error);
        return MailError::retry(failure, code);
    };
    let code = format!("smtp_{status}");
    if UNAUTHENTICATED.contains(&status.as_str()) {
        return MailError::retry(MailFailure::Refused, code);
    }
    if error.is_permanent() {
        return MailError::permanent(MailFailure::Rejected, code);
    }
    MailError::retry(MailFailure::Unavailable, code)
}

/// Why there is no answer that means anything.
fn cause(error: &Error) -> (MailFailure, &'static str) {
    if is_tls(error) {
        return (MailFailure::Unavailable, "tls");
    }
    if error.is_response() {
        return (MailFailure::Malformed, "bad_response");
    }
    (MailFailure::Unavailable, if error.is_client() { "unsupported" } else { "connection" })
}

/// Whether TLS failed: the certificate is not trusted, or the other side speaks something else.
fn is_tls(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        source = cause.source();
    }
    false
}
