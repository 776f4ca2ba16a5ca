//! What can be wanted of an account. Time, ids and hashes arrive in the command.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::{
    agent::{
        event::{ApiKeyDigest, PasswordHash, PasswordOrigin, RecoveryDigest, RevokedReason, TotpSecret, Whereabouts},
        permission::{Permission, Role},
    },
    id::{DeviceId, SignInId},
    language::Language,
    text::{EmailAddress, PersonName, Skill, Username},
};

/// An intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Let there be an account.
    Create(Box<NewAccount>),
    /// Let these be other than they are.
    Change(Box<Changes>),
    /// Let nobody sign in with it.
    Deactivate,
    /// Let it be used again.
    Reactivate,
    /// Let it have this password.
    SetPassword {
        /// How it will be checked.
        hash: PasswordHash,
        /// Who chose it.
        by: PasswordOrigin,
        /// The sign-in that goes on; all others are revoked.
        keep: Option<SignInId>,
    },
    /// The password was right: begin a sign-in.
    SignIn(SignInRequest),
    /// A refresh token came.
    Renew(Renewal),
    /// Whoever signed in leaves.
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
    /// Somebody could not sign in.
    NoteFailure {
        /// The hour's beginning.
        hour: Timestamp,
        /// From where.
        origin: Whereabouts,
    },
    /// Let there be a secret for one-time codes, not in use yet.
    OfferSecondFactor(TotpSecret),
    /// A code of the secret that was offered came: let it be in use.
    EnableSecondFactor {
        /// The secret that the code was checked against.
        secret: TotpSecret,
        /// The code's 30 seconds.
        step: u64,
        /// The digests of the recovery codes.
        recovery: Vec<RecoveryDigest>,
    },
    /// Let the recovery codes be these.
    ReplaceRecoveryCodes {
        /// What opens it.
        proof: Option<SecondFactorProof>,
        /// Their digests.
        recovery: Vec<RecoveryDigest>,
    },
    /// Its owner wants to sign in with the password alone.
    DisableSecondFactor {
        /// What opens it.
        proof: Option<SecondFactorProof>,
    },
    /// An administrator helps somebody who lost everything.
    ResetSecondFactor,
    /// Let a program come in with a key.
    IssueApiKey(Box<NewApiKey>),
    /// Let the key open nothing any more.
    RevokeApiKey,
}

/// A second factor as it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactorProof {
    /// A one-time code.
    Totp {
        /// What it was checked against: if that is another by now, it was not the right one.
        secret: TotpSecret,
        /// Its 30 seconds.
        step: u64,
    },
    /// A recovery code's digest.
    RecoveryCode(RecoveryDigest),
}

/// The key of a program to be.
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

/// How many conversations an account may take at a time.
pub const CAPACITIES: RangeInclusive<u32> = 1..=100;
/// How many it takes unless told (the original's).
pub const CAPACITY: u32 = 5;
/// The most skills of one account.
pub const SKILLS: usize = 50;

/// An account to be.
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
    /// How many conversations it takes at a time.
    pub capacity: u32,
    /// How its password is checked.
    pub hash: PasswordHash,
    /// Who chose the password.
    pub by: PasswordOrigin,
}

/// What is to be other than it is; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What customers and colleagues see.
    pub name: Option<PersonName>,
    /// Where mail goes; `Some(None)` for nowhere.
    pub email: Option<Option<EmailAddress>>,
    /// What it may do.
    pub role: Option<Role>,
    /// What it knows about.
    pub skills: Option<Vec<Skill>>,
    /// What it speaks.
    pub languages: Option<Vec<Language>>,
    /// How many conversations it takes at a time.
    pub capacity: Option<u32>,
}

/// A sign-in to be.
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
    /// The password that was checked: if it is another by now, it was not the right one.
    pub checked: PasswordHash,
    /// The second factor, if one came.
    pub proof: Option<SecondFactorProof>,
}

/// A refresh token that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Of which sign-in.
    pub sign_in: SignInId,
    /// Its number.
    pub number: u32,
    /// The device that sends it.
    pub device: Option<DeviceId>,
    /// Now.
    pub at: Timestamp,
    /// When the next token ends.
    pub expires_at: Timestamp,
}
