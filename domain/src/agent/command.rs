//! Commands to an account or an API key. Time, ids and hashes arrive in the command.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::{
    agent::{
        event::{ApiKeyDigest, PasswordHash, PasswordOrigin, RecoveryDigest, RevokedReason, TotpSecret, Whereabouts},
        permission::{Permission, Role},
        presence::Presence,
    },
    id::{DeviceId, SignInId},
    language::Language,
    text::{EmailAddress, PersonName, Skill, Username},
};

/// What somebody wants; [`super::decide()`] decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Create the account.
    Create(Box<NewAccount>),
    /// Change what is given.
    Change(Box<Changes>),
    /// Let nobody sign in with it any more, and end every sign-in.
    Deactivate,
    /// Let its owner sign in again.
    Reactivate,
    /// Set the password.
    SetPassword {
        /// How it will be checked.
        hash: PasswordHash,
        /// Who chose it.
        by: PasswordOrigin,
        /// The sign-in that stays; all others are revoked.
        keep: Option<SignInId>,
    },
    /// Begin a sign-in: the password was right.
    SignIn(SignInRequest),
    /// Exchange a refresh token.
    Renew(Renewal),
    /// End one's own sign-in.
    SignOut {
        /// Which.
        sign_in: SignInId,
    },
    /// End a sign-in from outside.
    Revoke {
        /// Which.
        sign_in: SignInId,
        /// Why.
        reason: RevokedReason,
    },
    /// Say whether one is there.
    ChoosePresence {
        /// By which sign-in, which must not be over.
        sign_in: SignInId,
        /// What is chosen.
        presence: Presence,
    },
    /// Be there again after having been lost.
    ComeBack {
        /// The sign-in that gave the sign of life.
        sign_in: SignInId,
    },
    /// Record that nothing is heard of the agent any more.
    NoteLost {
        /// The sign-in that was heard of last.
        sign_in: SignInId,
    },
    /// Record that somebody failed to sign in.
    NoteFailure {
        /// The beginning of the hour.
        hour: Timestamp,
        /// From where.
        origin: Whereabouts,
    },
    /// Offer a secret for one-time codes, not in use yet.
    OfferSecondFactor(TotpSecret),
    /// Put the offered secret into use: a right code of it was sent.
    EnableSecondFactor {
        /// The secret that the code was checked against.
        secret: TotpSecret,
        /// The code's time step of 30 seconds.
        step: u64,
        /// The digests of the recovery codes.
        recovery: Vec<RecoveryDigest>,
    },
    /// Replace the recovery codes.
    ReplaceRecoveryCodes {
        /// The second factor that permits it.
        proof: Option<SecondFactorProof>,
        /// Their digests.
        recovery: Vec<RecoveryDigest>,
    },
    /// Turn the second factor off, by its owner.
    DisableSecondFactor {
        /// The second factor that permits it.
        proof: Option<SecondFactorProof>,
    },
    /// Turn the second factor off, by an administrator, for an owner who lost device and recovery codes.
    ResetSecondFactor,
    /// Issue an API key.
    IssueApiKey(Box<NewApiKey>),
    /// Revoke the API key.
    RevokeApiKey,
}

/// A second factor as it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactorProof {
    /// A one-time code.
    Totp {
        /// The secret that it was checked against, which must still be the account's.
        secret: TotpSecret,
        /// Its time step of 30 seconds.
        step: u64,
    },
    /// A recovery code's digest.
    RecoveryCode(RecoveryDigest),
}

/// An API key to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// What it is for.
    pub name: PersonName,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// How it is checked.
    pub digest: ApiKeyDigest,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// How many sessions an account may take at a time.
pub const CAPACITIES: RangeInclusive<u32> = 1..=100;
/// Default: as in the original.
pub const CAPACITY: u32 = 5;
/// The most skills of one account.
pub const SKILLS: usize = 50;

/// An account to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What it signs in with.
    pub username: Username,
    /// What customers and colleagues see.
    pub name: PersonName,
    /// Where mail goes.
    pub email: Option<EmailAddress>,
    /// What it may do.
    pub role: Role,
    /// What it knows about.
    pub skills: Vec<Skill>,
    /// What it speaks.
    pub languages: Vec<Language>,
    /// How many sessions it takes at a time.
    pub capacity: u32,
    /// How its password is checked.
    pub hash: PasswordHash,
    /// Who chose the password.
    pub by: PasswordOrigin,
}

/// New values; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What customers and colleagues see.
    pub name: Option<PersonName>,
    /// Where mail goes; `Some(None)` removes the address.
    pub email: Option<Option<EmailAddress>>,
    /// What it may do.
    pub role: Option<Role>,
    /// What it knows about.
    pub skills: Option<Vec<Skill>>,
    /// What it speaks.
    pub languages: Option<Vec<Language>>,
    /// How many sessions it takes at a time.
    pub capacity: Option<u32>,
}

/// A sign-in to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRequest {
    /// Its id.
    pub sign_in: SignInId,
    /// The browser or program, if it said which it is.
    pub device: Option<DeviceId>,
    /// Now.
    pub at: Timestamp,
    /// When its refresh token ends.
    pub expires_at: Timestamp,
    /// From where.
    pub origin: Whereabouts,
    /// The hash that the password was checked against, which must still be the account's.
    pub checked: PasswordHash,
    /// The second factor, if one was sent.
    pub proof: Option<SecondFactorProof>,
}

/// A refresh token to exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Its sign-in.
    pub sign_in: SignInId,
    /// Its number.
    pub number: u32,
    /// The device that sent it.
    pub device: Option<DeviceId>,
    /// Now.
    pub at: Timestamp,
    /// When the next token ends.
    pub expires_at: Timestamp,
}
