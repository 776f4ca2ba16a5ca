//! The state of a customer, folded from its events. `evolve` never fails.
//!
//! The state holds the profile where the reader has keys, so it is kept in memory only, until the visitor leaves.

use crate::{
    customer::event::{Event, Profile},
    personal::Personal,
    text::ShopCustomerId,
};

/// A visitor as a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// The shop has not identified the visitor.
    #[default]
    New,
    /// The shop has identified the visitor.
    Known(Customer),
    /// The visitor has signed out, for ever.
    Left,
}

/// A visitor whom the shop knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Who it is; `None` once erased, and to a reader without keys.
    pub profile: Option<Profile>,
    /// Whether the customer is a VIP of the shop.
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

    /// The state after one more event.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::New, Event::Identified(identified)) => Self::known(&identified.profile, identified.vip),
            (Self::Known(_), Event::ProfileChanged(changed)) => Self::known(&changed.profile, changed.vip),
            (Self::New | Self::Known(_) | Self::Left, Event::SignedOut(_)) => Self::Left,
            (
                state,
                Event::Identified(_) | Event::ProfileChanged(_) | Event::CommandConfirmed(_) | Event::DataErased(_),
            ) => state,
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
