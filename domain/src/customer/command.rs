//! What can be wanted of a visitor as a customer. What the shop says arrives checked.

use crate::customer::event::{LeaveReason, Profile};

/// An intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The shop says who the visitor is.
    Identify(Identity),
    /// The visitor leaves.
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
