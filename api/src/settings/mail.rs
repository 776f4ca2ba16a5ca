//! Where mails to the team go: to a mail server, to the log of a developer's machine, or nowhere.
//!
//! Invariants: half a configuration is refused at the start, by name; without TLS nothing goes further than this machine, unless
//! `--dev` allows it.

use std::{fmt, net::IpAddr, path::PathBuf};

use integrations::mail::{MailAddress, Security, Sender};

use super::{Declared, Fault};

/// Where mails to the team go.
#[derive(Clone, Debug)]
pub enum MailSettings {
    /// To a mail server.
    Smtp(SmtpServer),
    /// To the log, with all that they say.
    Log,
    /// Nowhere: each is recorded as failed.
    Off,
}

/// A mail server; what is in files is read at the start.
#[derive(Clone)]
pub struct SmtpServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who signs in, and with what.
    pub login: Option<SmtpLogin>,
    /// Certificates that are trusted instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// In whose name.
    pub sender: Sender,
    /// To whom.
    pub recipients: Vec<MailAddress>,
}

/// Who signs in to a mail server.
#[derive(Clone)]
pub struct SmtpLogin {
    /// Who.
    pub username: String,
    /// With what.
    pub password: Password,
}

/// A password, or where it is.
#[derive(Clone)]
pub enum Password {
    /// Never printed.
    Given(String),
    /// In a file.
    File(PathBuf),
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const HOST: &str = "set together with smtp_username and email_recipients, for example to smtp.qq.com (which the original \
                    used where nothing was set): without it there is no mail";
const RECIPIENTS: &str = "set together with smtp_host: the team's addresses, with commas between them";
const FROM: &str = "set, or smtp_username be an address: mails need a sender";
const PASSWORD: &str = "set together with smtp_username, here or as smtp_password_file, and not both";
const IN_THE_CLEAR: &str = "implicit or starttls: without TLS mails and password can be read on the way, so it is for a mail \
                            server on this machine alone, or for --dev";

impl MailSettings {
    /// What the settings of mail say together.
    pub(super) fn of(declared: &Declared) -> Result<Self, Fault> {
        let Some(host) = declared.smtp_host.clone() else {
            if declared.smtp_username.is_some() || !declared.email_recipients.0.is_empty() {
                return Err(("smtp_host", HOST));
            }
            return Ok(if declared.dev { Self::Log } else { Self::Off });
        };
        let security = security(declared, &host)?;
        let recipients = declared.email_recipients.0.clone();
        if recipients.is_empty() {
            return Err(("email_recipients", RECIPIENTS));
        }
        let named = declared.smtp_username.as_deref().and_then(|name| name.parse().ok());
        let address = declared.email_from.clone().or(named).ok_or(("email_from", FROM))?;
        let sender = Sender { address, name: declared.email_from_name.clone() };
        let (login, ca_file) = (login(declared)?, declared.smtp_ca_file.clone());
        Ok(Self::Smtp(SmtpServer { host, port: declared.smtp_port, security, login, ca_file, sender, recipients }))
    }
}

impl MailSettings {
    /// In one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Smtp(_) => "smtp",
            Self::Log => "log",
            Self::Off => "off",
        }
    }
}

fn login(declared: &Declared) -> Result<Option<SmtpLogin>, Fault> {
    let given = declared.smtp_password.clone().map(Password::Given);
    let file = declared.smtp_password_file.clone().map(Password::File);
    match (declared.smtp_username.clone(), given, file) {
        (None, None, None) => Ok(None),
        (Some(username), Some(password), None) | (Some(username), None, Some(password)) => {
            Ok(Some(SmtpLogin { username, password }))
        }
        (_, _, _) => Err(("smtp_password", PASSWORD)),
    }
}

/// As the original decided it, unless `smtp_security` says so: TLS from the first byte on port 465, otherwise STARTTLS.
fn security(declared: &Declared, host: &str) -> Result<Security, Fault> {
    let security = match &declared.smtp_security {
        Some(SmtpSecurity(security)) => *security,
        None if declared.smtp_port == 465 => Security::Implicit,
        None if declared.smtp_use_tls => Security::StartTls,
        None => Security::None,
    };
    if security == Security::None && !declared.dev && !is_this_machine(host) {
        return Err(("smtp_security", IN_THE_CLEAR));
    }
    Ok(security)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// How the connection to a mail server is protected, as it is written in settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmtpSecurity(pub Security);

impl std::str::FromStr for SmtpSecurity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "implicit" => Ok(Self(Security::Implicit)),
            "starttls" => Ok(Self(Security::StartTls)),
            "none" => Ok(Self(Security::None)),
            _unknown => Err(()),
        }
    }
}

/// Addresses with commas between them; none of them twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients(pub Vec<MailAddress>);

impl std::str::FromStr for Recipients {
    type Err = <MailAddress as std::str::FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut addresses: Vec<MailAddress> = Vec::new();
        for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let address = part.parse()?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(Self(addresses))
    }
}

impl fmt::Display for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(server) => server.fmt(f),
            Self::Log => f.write_str("to the log (--dev, and no smtp_host)"),
            Self::Off => f.write_str("off (no smtp_host): each is recorded as failed"),
        }
    }
}

impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let security = match self.security {
            Security::Implicit => "TLS",
            Security::StartTls => "STARTTLS",
            Security::None => "no TLS",
        };
        let login = if self.login.is_some() { "signed in" } else { "without signing in" };
        let recipients = self.recipients.len();
        let (host, port) = (&self.host, self.port);
        write!(f, "SMTP, {host}:{port}, {security}, {login}, from {}, to {recipients} recipients", self.sender.address)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, Settings};

    const WHOLE: [(&str, &str); 4] = [
        ("SMTP_HOST", "smtp.example.com"),
        ("SMTP_USERNAME", "desk@example.com"),
        ("SMTP_PASSWORD", "hunter2"),
        ("EMAIL_RECIPIENTS", "a@example.com, b@example.com,a@example.com"),
    ];

    fn mail(variables: &[(&str, &str)]) -> Result<String, String> {
        let mut layers = Layers::default();
        layers.environment(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let settings = Settings::parse(&layers).map_err(|error| error.to_string())?;
        Ok(settings.mail.to_string())
    }

    fn with(more: &[(&str, &str)]) -> Result<String, String> {
        let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
        let kept = WHOLE.iter().filter(|(name, _)| !replaced(name));
        mail(&kept.chain(more).copied().collect::<Vec<_>>())
    }

    #[test]
    fn the_originals_variables_say_where_mail_goes() {
        let expected = |rest: &str| {
            Ok(format!("SMTP, smtp.example.com:{rest}, signed in, from desk@example.com, to 2 recipients"))
        };
        assert_eq!(mail(&WHOLE), expected("465, TLS"));
        assert_eq!(with(&[("SMTP_PORT", "587")]), expected("587, STARTTLS"));
        assert_eq!(with(&[("SMTP_USE_TLS", "false")]), expected("465, TLS"), "465 is TLS, as it was for the original");
        assert_eq!(with(&[("SMTP_PORT", "2525"), ("DESK_SMTP_SECURITY", "implicit")]), expected("2525, TLS"));
        assert_eq!(mail(&[]), Ok("off (no smtp_host): each is recorded as failed".to_owned()));
        assert_eq!(mail(&[("DESK_DEV", "true")]), Ok("to the log (--dev, and no smtp_host)".to_owned()));
    }

    #[test]
    fn without_tls_mail_goes_to_this_machine_alone_unless_dev() {
        let clear = [("SMTP_PORT", "25"), ("SMTP_USE_TLS", "false")];
        let refused = with(&clear).expect_err("it would be readable on the way");
        assert!(refused.starts_with("setting smtp_security (default) must be implicit or starttls"), "{refused}");
        for host in ["localhost", "127.0.0.1", "::1"] {
            let taken = with(&[&clear[..], &[("SMTP_HOST", host)]].concat()).expect("it stays on this machine");
            assert!(taken.contains("no TLS"), "{taken}");
        }
        assert!(with(&[&clear[..], &[("DESK_DEV", "true")]].concat()).is_ok());
    }

    #[test]
    fn half_a_configuration_is_refused_by_name_and_without_the_password() {
        for (change, named) in [
            (("SMTP_HOST", ""), "smtp_host"),
            (("EMAIL_RECIPIENTS", ""), "email_recipients"),
            (("EMAIL_RECIPIENTS", "a@example.com\r\nBcc: x@example.com"), "email_recipients"),
            (("SMTP_USERNAME", "desk"), "email_from"),
            (("SMTP_PASSWORD", ""), "smtp_password"),
            (("DESK_SMTP_PASSWORD_FILE", "/p"), "smtp_password"),
            (("SMTP_PORT", "70000"), "smtp_port"),
            (("DESK_SMTP_SECURITY", "ssl"), "smtp_security"),
            (("DESK_MAIL_LANGUAGE", "fr"), "mail_language"),
        ] {
            let refused = with(&[change]).expect_err(named);
            assert!(refused.starts_with(&format!("setting {named} ")), "{change:?}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
