//! Events about mail: to the team about a session, and the address that the customer gave.

use serde::{Deserialize, Serialize};

use crate::{codec::sealed, id::MailId, personal::Personal, text::EmailAddress};

/// Why a mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// A person was asked for while nobody works, or in danger.
    Escalation,
    /// A member of staff asked for it.
    ByHand,
}

/// A mail about the session goes to the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailRequested {
    /// The mail.
    pub mail: MailId,
    /// Why.
    pub kind: MailKind,
}

/// The mail server took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSent {
    /// The mail.
    pub mail: MailId,
    /// Attempts until then.
    pub attempts: u32,
}

/// Why a mail was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailFailure {
    /// No mail server or no recipient is configured.
    NotConfigured,
    /// The server cannot be reached, or says "later".
    Unavailable,
    /// The server refused the credentials.
    Refused,
    /// The server refused a recipient or the mail itself.
    Rejected,
    /// The server's answer could not be understood.
    Malformed,
}

/// The mail was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailFailed {
    /// The mail.
    pub mail: MailId,
    /// Attempts until then.
    pub attempts: u32,
    /// Why.
    pub code: MailFailure,
}

/// What the shop knows of the customer in this session changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanged {
    /// The new values.
    #[serde(skip, default = "sealed")]
    pub contact: Personal<ContactDetails>,
}

/// The sealed part of [`ProfileChanged`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactDetails {
    /// Where the shop writes to.
    pub email: EmailAddress,
}
