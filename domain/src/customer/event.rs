//! The events of a customer. Field names are those of the stored JSON: `codec` writes it, `tests/golden` freezes it. Fields
//! marked `serde(skip)` are the personal part.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    codec::sealed,
    erasure::ErasureCause,
    personal::Personal,
    text::{EmailAddress, PersonName, ShopCustomerId},
};

/// One event of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    Identified(Identified),
    ProfileChanged(ProfileChanged),
    SignedOut(SignedOut),
    CommandConfirmed(CommandConfirmed),
    DataErased(DataErased),
}

/// The shop identified the visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identified {
    /// Whether the customer is a VIP of the shop.
    pub vip: bool,
    /// Who it is.
    #[serde(skip, default = "sealed")]
    pub profile: Personal<Profile>,
}

/// The shop sent a new profile of the same customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanged {
    /// Whether the customer is a VIP of the shop.
    pub vip: bool,
    /// The whole new profile.
    #[serde(skip, default = "sealed")]
    pub profile: Personal<Profile>,
}

/// The sealed part of [`Identified`] and [`ProfileChanged`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The shop's id of the customer: the claim `sub` of its tokens.
    pub sub: ShopCustomerId,
    /// Where mail goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// What the customer is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// The visitor signed out: its token is not accepted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOut {
    /// Why.
    pub reason: LeaveReason,
}

/// Why a visitor signed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// The visitor asked for it.
    Asked,
    /// Another customer of the shop used this visitor's token: somebody else uses the browser.
    AnotherCustomer,
}

/// A keyed command had nothing to change. Its token counts as used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfirmed {
    /// Which.
    pub command: String,
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
