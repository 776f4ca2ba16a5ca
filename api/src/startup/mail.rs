//! The sender of mails that the settings ask for.

use std::{fs, sync::Arc};

use commands::{
    Mailer,
    process::{Context, Delivery, MailDelivery, OutcomesHandle},
};
use integrations::mail::{Credentials, Letter, LogMailer, NoMailer, Smtp, SmtpSettings};

use super::{
    AnyError,
    secret_file::{self, unreadable},
};
use crate::settings::{MailSettings, Password, Settings, SmtpLogin, SmtpServer};

/// Sends mails, and counts what becomes of them.
pub(super) fn delivery(
    settings: &Settings,
    context: &Context,
    outcomes: &OutcomesHandle,
) -> Result<Arc<dyn Delivery>, AnyError> {
    let (sessions, clock) = (context.sessions.clone(), context.clock.clone());
    Ok(Arc::new(MailDelivery::new(sessions, mailer(settings)?, clock, settings.time_zone.clone(), outcomes.clone())))
}

pub(crate) fn mailer(settings: &Settings) -> Result<Arc<dyn Mailer>, AnyError> {
    let letter = Letter::new(settings.mail_language, settings.time_zone.clone());
    tracing::info!(mail = %settings.mail, "mails to the team");
    Ok(match &settings.mail {
        MailSettings::Smtp(server) => Arc::new(Smtp::new(read(server)?, letter)?),
        MailSettings::Log => Arc::new(LogMailer(letter)),
        MailSettings::Off => Arc::new(NoMailer),
    })
}

/// The server with what is in files.
fn read(server: &SmtpServer) -> Result<SmtpSettings, AnyError> {
    let SmtpServer { host, port, security, login, ca_file, sender, recipients } = server.clone();
    let ca_pem =
        ca_file.map(|path| fs::read(&path).map_err(|error| unreadable("smtp_ca_file", &path, &error))).transpose()?;
    let credentials = login.map(credentials).transpose()?;
    Ok(SmtpSettings { host, port, security, credentials, ca_pem, sender, recipients })
}

fn credentials(login: SmtpLogin) -> Result<Credentials, AnyError> {
    let SmtpLogin { username, password } = login;
    let password = match password {
        Password::Given(password) => password,
        Password::File(path) => secret_file::read("smtp_password_file", &path)?,
    };
    Ok(Credentials { username, password })
}
