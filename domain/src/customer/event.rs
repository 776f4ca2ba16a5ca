//! What can have happened to a visitor as a customer. Field names are the stored JSON's: `codec` writes them, `tests/golden`
//! freezes them. Fields that are `serde(skip)` are the sealed part.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    codec::sealed,
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
}

/// The shop said who the visitor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identified {
    /// Whether the shop counts the customer among its best.
    pub vip: bool,
    /// Who it is.
    #[serde(skip, default = "sealed")]
    pub profile: Personal<Profile>,
}

/// The shop said other things of the same customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanged {
    /// Whether the shop counts the customer among its best now.
    pub vip: bool,
    /// All that it says now.
    #[serde(skip, default = "sealed")]
    pub profile: Personal<Profile>,
}

/// The sealed part of [`Identified`] and [`ProfileChanged`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What the shop calls the customer: the claim `sub` of its tokens.
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

/// The visitor is nobody's any more: its token opens nothing from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOut {
    /// Why.
    pub reason: LeaveReason,
}

/// Why a visitor left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// The visitor wanted it.
    Asked,
    /// Another customer of the shop came with this visitor's token: the same browser is in other hands.
    AnotherCustomer,
}

/// A command with an id of its own changed nothing. Its token is used up all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfirmed {
    /// Which.
    pub command: String,
}
