//! Commands to a customer. The shop's claims have been checked before.

use crate::customer::event::{LeaveReason, Profile};

/// What somebody wants; [`super::decide()`] decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Record who the visitor is, by the shop's identity token.
    Identify(Identity),
    /// Sign the visitor out.
    SignOut {
        /// Why.
        reason: LeaveReason,
    },
}

/// What an identity token of the shop says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who it is.
    pub profile: Profile,
    /// Whether the shop counts the customer among its best.
    pub vip: bool,
}
