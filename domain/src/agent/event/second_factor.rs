//! What can have happened to an account's second factor: one-time codes, and recovery codes for whoever loses the device.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{codec::sealed, personal::Personal};

/// A secret for one-time codes was made; it counts from the first right code on.
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

/// From now on nobody signs in without a code of the secret that was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorEnabled {
    /// The 30 seconds whose code came: no code is good twice.
    pub step: u64,
    /// For whoever loses the device.
    #[serde(skip, default = "sealed")]
    pub recovery: Personal<RecoveryCodes>,
}

/// How recovery codes are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodes {
    /// One for each code, each good once; their numbers count from 0.
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

/// A second factor opened what comes with this event; it is good for nothing from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
pub enum SecondFactorUsed {
    /// A one-time code.
    Totp {
        /// Its 30 seconds, counted from 1970.
        step: u64,
    },
    /// A recovery code.
    RecoveryCode {
        /// Which.
        number: u8,
    },
}

/// The recovery codes from before are good for nothing; these are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesReplaced {
    /// The new ones.
    #[serde(skip, default = "sealed")]
    pub recovery: Personal<RecoveryCodes>,
}

/// The password alone is enough from now on. The actor says whether its owner wanted it or an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorDisabled {}
