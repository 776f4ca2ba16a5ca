//! What can have happened to an account. Field names are the stored JSON's: `codec` writes them, `tests/golden` freezes
//! them. Fields that are `serde(skip)` are the sealed part.

mod api_key;
mod second_factor;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    agent::permission::Role,
    codec::sealed,
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
    SecondFactorOffered(SecondFactorOffered),
    SecondFactorEnabled(SecondFactorEnabled),
    SecondFactorUsed(SecondFactorUsed),
    RecoveryCodesReplaced(RecoveryCodesReplaced),
    SecondFactorDisabled(SecondFactorDisabled),
    ApiKeyIssued(ApiKeyIssued),
    ApiKeyRevoked(ApiKeyRevoked),
}

/// The account began to exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// What it may do.
    pub role: Role,
    /// What it knows about.
    pub skills: Vec<Skill>,
    /// What it speaks.
    pub languages: Vec<Language>,
    /// How many conversations it takes at a time.
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
    /// What they are now.
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

/// It may do other things from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleChanged {
    /// What it may do.
    pub role: Role,
}

/// It knows about other things from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillsChanged {
    /// All of them.
    pub skills: Vec<Skill>,
}

/// It speaks other languages from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguagesChanged {
    /// All of them.
    pub languages: Vec<Language>,
}

/// It takes more or fewer conversations at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityChanged {
    /// How many.
    pub capacity: u32,
}

/// Nobody signs in with it any more, and every sign-in of it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deactivated {}

/// It can sign in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reactivated {}

/// It has a password, or another one.
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
    /// The one whose it is.
    Owner,
    /// Somebody else, so that it has to be changed before anything else is done.
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

/// Somebody came in with the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// This sign-in: all tokens that come of it name it.
    pub sign_in: SignInId,
    /// The browser or program, if it said which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// When.
    pub at: Timestamp,
    /// When its refresh token ends unless it is renewed.
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
    /// What the program calls itself, cut to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl fmt::Debug for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whereabouts(…)")
    }
}

/// A sign-in's refresh token was exchanged for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRenewed {
    /// Which.
    pub sign_in: SignInId,
    /// The new token's number; the first is 0.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// When the new token ends.
    pub expires_at: Timestamp,
}

/// Whoever signed in has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOut {
    /// Which.
    pub sign_in: SignInId,
}

/// A sign-in was ended from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRevoked {
    /// Which.
    pub sign_in: SignInId,
    /// Why.
    pub reason: RevokedReason,
}

/// Why a sign-in was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedReason {
    /// Somebody wanted it: the actor.
    Asked,
    /// A refresh token came a second time: it may have been stolen.
    TokenReused,
    /// The password is another one.
    PasswordSet,
}

/// Somebody tried to sign in and could not: the first of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInsFailed {
    /// The hour's beginning.
    pub hour: Timestamp,
    /// From where the first came.
    #[serde(skip, default = "sealed")]
    pub origin: Personal<Whereabouts>,
}
