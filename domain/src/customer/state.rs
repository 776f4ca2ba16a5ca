//! What a customer's events add up to. `evolve` never fails and never judges.
//!
//! The profile is part of it: it is folded by whoever holds keys, and is remembered only as long as the process lives and
//! the visitor has not left.

use crate::{
    customer::event::{Event, Profile},
    personal::Personal,
    text::ShopCustomerId,
};

/// A visitor as a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// The shop has said nothing.
    #[default]
    New,
    /// The shop has said who it is.
    Known(Customer),
    /// The visitor has left for ever.
    Left,
}

/// A visitor whom the shop knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Who it is; `None` once erased, and to a reader without keys.
    pub profile: Option<Profile>,
    /// Whether the shop counts the customer among its best.
    pub vip: bool,
}

impl State {
    /// The known customer.
    #[must_use]
    pub fn customer(&self) -> Option<&Customer> {
        match self {
            Self::Known(customer) => Some(customer),
            Self::New | Self::Left => None,
        }
    }

    /// Whether the visitor has left.
    #[must_use]
    pub fn has_left(&self) -> bool {
        matches!(self, Self::Left)
    }

    /// What the visitor is after this event.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::New, Event::Identified(identified)) => Self::known(&identified.profile, identified.vip),
            (Self::Known(_), Event::ProfileChanged(changed)) => Self::known(&changed.profile, changed.vip),
            (Self::New | Self::Known(_) | Self::Left, Event::SignedOut(_)) => Self::Left,
            (state, Event::Identified(_) | Event::ProfileChanged(_) | Event::CommandConfirmed(_)) => state,
        }
    }

    fn known(profile: &Personal<Profile>, vip: bool) -> Self {
        Self::Known(Customer { profile: profile.known().cloned(), vip })
    }
}

impl Customer {
    /// Whether the shop calls this customer so. Whoever was erased is nobody that could come back.
    #[must_use]
    pub fn is(&self, sub: &ShopCustomerId) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.sub == *sub)
    }
}
