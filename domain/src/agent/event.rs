//! The events of an account. Field names are those of the stored JSON: `codec` writes it, `tests/golden` freezes it. Fields
//! marked `serde(skip)` are the personal part.

mod api_key;
mod second_factor;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        permission::Role,
        presence::{Presence, PresenceCause},
    },
    codec::sealed,
    erasure::ErasureCause,
    id::{DeviceId, SignInId},
    language::Language,
    personal::Personal,
    text::{EmailAddress, PersonName, Skill, Username},
};

pub use api_key::{ApiKeyDigest, ApiKeyIssued, ApiKeyLabel, ApiKeyRevoked};
pub use second_factor::{
    Offer, RecoveryCodes, RecoveryCodesReplaced, RecoveryDigest, SecondFactorDisabled, SecondFactorEnabled,
    SecondFactorOffered, SecondFactorUsed, TotpSecret,
};

/// One event of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    Created(Created),
    Renamed(Renamed),
    RoleChanged(RoleChanged),
    SkillsChanged(SkillsChanged),
    LanguagesChanged(LanguagesChanged),
    CapacityChanged(CapacityChanged),
    Deactivated(Deactivated),
    Reactivated(Reactivated),
    PasswordSet(PasswordSet),
    SignedIn(SignedIn),
    SignInRenewed(SignInRenewed),
    SignedOut(SignedOut),
    SignInRevoked(SignInRevoked),
    SignInsFailed(SignInsFailed),
    PresenceChanged(PresenceChanged),
    SecondFactorOffered(SecondFactorOffered),
    SecondFactorEnabled(SecondFactorEnabled),
    SecondFactorUsed(SecondFactorUsed),
    RecoveryCodesReplaced(RecoveryCodesReplaced),
    SecondFactorDisabled(SecondFactorDisabled),
    ApiKeyIssued(ApiKeyIssued),
    ApiKeyRevoked(ApiKeyRevoked),
    DataErased(DataErased),
}

/// The account was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// What it may do.
    pub role: Role,
    /// What it knows about.
    pub skills: Vec<Skill>,
    /// What it speaks.
    pub languages: Vec<Language>,
    /// How many sessions it takes at a time.
    pub capacity: u32,
    /// Who it is.
    #[serde(skip, default = "sealed")]
    pub person: Personal<Person>,
}

/// The sealed part of [`Created`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What it signs in with; it never changes, the account's id is made of it.
    pub username: Username,
    /// What customers and colleagues see.
    pub name: PersonName,
    /// Where mail goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}

/// Name or address changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The new values.
    #[serde(skip, default = "sealed")]
    pub names: Personal<Names>,
}

/// The sealed part of [`Renamed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// What customers and colleagues see.
    pub name: PersonName,
    /// Where mail goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}

/// Its role changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleChanged {
    /// What it may do.
    pub role: Role,
}

/// Its skills changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillsChanged {
    /// All of them.
    pub skills: Vec<Skill>,
}

/// Its languages changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguagesChanged {
    /// All of them.
    pub languages: Vec<Language>,
}

/// Its capacity changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityChanged {
    /// How many.
    pub capacity: u32,
}

/// Nobody can sign in with it any more, and all its sign-ins are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deactivated {}

/// Its owner can sign in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reactivated {}

/// Its password was set or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSet {
    /// Who chose it.
    pub by: PasswordOrigin,
    /// How it is checked.
    #[serde(skip, default = "sealed")]
    pub secret: Personal<PasswordSecret>,
}

/// Who chose a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordOrigin {
    /// The owner of the account.
    Owner,
    /// An administrator; the owner has to change it before doing anything else.
    Administrator,
}

/// The sealed part of [`PasswordSet`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSecret {
    /// Argon2id, in its textual form with salt and costs.
    pub hash: PasswordHash,
}

/// A password's hash: never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Its owner signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// The sign-in; all its tokens name it.
    pub sign_in: SignInId,
    /// The browser or program, if it said which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// When.
    pub at: Timestamp,
    /// When its refresh token expires unless it is renewed.
    pub expires_at: Timestamp,
    /// From where.
    #[serde(skip, default = "sealed")]
    pub origin: Personal<Whereabouts>,
}

/// The sealed part of [`SignedIn`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whereabouts {
    /// The network address.
    pub address: String,
    /// The `User-Agent`, cut to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl fmt::Debug for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whereabouts(…)")
    }
}

/// A refresh token was exchanged for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRenewed {
    /// Which.
    pub sign_in: SignInId,
    /// The new token's number; the first is 0.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// When the new token expires.
    pub expires_at: Timestamp,
}

/// Its owner signed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOut {
    /// Which.
    pub sign_in: SignInId,
}

/// A sign-in was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRevoked {
    /// Which.
    pub sign_in: SignInId,
    /// Why.
    pub reason: RevokedReason,
}

/// Why a sign-in was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedReason {
    /// The actor asked for it.
    Asked,
    /// A refresh token was used twice: it may have been stolen.
    TokenReused,
    /// The password changed.
    PasswordSet,
}

/// Somebody failed to sign in: the first time in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInsFailed {
    /// The beginning of the hour.
    pub hour: Timestamp,
    /// From where, the first time.
    #[serde(skip, default = "sealed")]
    pub origin: Personal<Whereabouts>,
}

/// Whether it is there for customers changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceChanged {
    /// How it is now.
    pub presence: Presence,
    /// Why.
    pub cause: PresenceCause,
}

/// The keys of personal data are about to be destroyed: what they seal cannot be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataErased {
    /// Which keys.
    pub key_ids: Vec<String>,
    /// Why.
    pub cause: ErasureCause,
}
