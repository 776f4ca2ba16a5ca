//! The events of an account's second factor: one-time codes, and recovery codes for owners who lose the device.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{codec::sealed, personal::Personal};

/// A secret for one-time codes was offered; the first right code puts it into use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorOffered {
    /// The secret.
    #[serde(skip, default = "sealed")]
    pub offer: Personal<Offer>,
}

/// The sealed part of [`SecondFactorOffered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What the codes are made of.
    pub secret: TotpSecret,
}

/// What one-time codes are made of (RFC 6238), in base32: never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TotpSecret(pub String);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// The offered secret was put into use: signing in needs a code from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorEnabled {
    /// The time step of the code that was sent: no code is accepted twice.
    pub step: u64,
    /// For owners who lose the device.
    #[serde(skip, default = "sealed")]
    pub recovery: Personal<RecoveryCodes>,
}

/// How recovery codes are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodes {
    /// One for each code, numbered from 0; each code is accepted once.
    pub digests: Vec<RecoveryDigest>,
}

/// A recovery code's digest: never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryDigest(pub String);

impl fmt::Debug for RecoveryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryDigest(…)")
    }
}

/// A second factor was used; it is not accepted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
pub enum SecondFactorUsed {
    /// A one-time code.
    Totp {
        /// Its time step: 30-second intervals since 1970.
        step: u64,
    },
    /// A recovery code.
    RecoveryCode {
        /// Which.
        number: u8,
    },
}

/// The recovery codes were replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesReplaced {
    /// The new ones.
    #[serde(skip, default = "sealed")]
    pub recovery: Personal<RecoveryCodes>,
}

/// The second factor was turned off, by the owner or by an administrator: the actor says by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorDisabled {}
