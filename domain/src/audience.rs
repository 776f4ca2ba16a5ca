//! Who may see an event, and who may see its personal part.
//!
//! Each kind of stream answers for its events in an exhaustive `match` (`session/audience.rs` and so on), so an event without an
//! answer does not compile. Streams, views, history, reports and exports show what [`crate::DomainEvent::audience`] says.
//!
//! Invariant: closed by default. Nobody sees what no answer names them for, and nobody sees a personal part without its event.

use crate::{
    agent::{Permission, Permissions},
    id::AgentId,
};

/// Somebody who looks, by one right: staff who also is the account concerned is two viewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The customer whose session it is, or whose data.
    Customer,
    /// Staff or a program, by these of its permissions.
    Staff(Permissions),
    /// The owner of this account.
    Account(AgentId),
}

/// Those who may see something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewers {
    customer: bool,
    staff: Permissions,
    account: Option<AgentId>,
}

impl Viewers {
    /// No viewer at all.
    pub const NOBODY: Self = Self { customer: false, staff: Permissions::NONE, account: None };

    /// Staff with any of these permissions.
    #[must_use]
    pub const fn staff(permissions: &[Permission]) -> Self {
        Self { staff: Permissions::of(permissions), ..Self::NOBODY }
    }

    /// The owner of this account.
    #[must_use]
    pub const fn account(agent: AgentId) -> Self {
        Self { account: Some(agent), ..Self::NOBODY }
    }

    /// These and the customer.
    #[must_use]
    pub const fn and_customer(self) -> Self {
        Self { customer: true, ..self }
    }

    /// These and the owner of this account.
    #[must_use]
    pub const fn and_account(self, agent: AgentId) -> Self {
        Self { account: Some(agent), ..self }
    }

    /// Whether this viewer is one of them.
    #[must_use]
    pub fn include(self, viewer: Viewer) -> bool {
        match viewer {
            Viewer::Customer => self.customer,
            Viewer::Staff(permissions) => self.staff.contains_any(permissions),
            Viewer::Account(agent) => self.account == Some(agent),
        }
    }
}

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audience {
    /// The event without its personal part.
    pub event: Viewers,
    /// The personal part. [`Viewers::NOBODY`] where there is none.
    pub personal: Viewers,
}

impl Audience {
    /// Whether this viewer may see the event.
    #[must_use]
    pub fn may_see(self, viewer: Viewer) -> bool {
        self.event.include(viewer)
    }

    /// Whether this viewer may see the event with its personal part.
    #[must_use]
    pub fn may_see_personal(self, viewer: Viewer) -> bool {
        self.may_see(viewer) && self.personal.include(viewer)
    }
}

impl Viewer {
    /// Whether the viewer may see whose keys seal the personal part: an id that customers need not know of themselves.
    #[must_use]
    pub fn may_see_subject(self) -> bool {
        match self {
            Self::Customer => false,
            Self::Staff(_) | Self::Account(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANA: AgentId = AgentId(Uuid::from_u128(1));
    const BO: AgentId = AgentId(Uuid::from_u128(2));

    #[test]
    fn nobody_is_included_who_is_not_named() {
        let staff = Viewer::Staff(Permissions::of(&[Permission::SessionRead]));
        for viewer in [Viewer::Customer, staff, Viewer::Account(ANA)] {
            assert!(!Viewers::NOBODY.include(viewer));
        }
        let named = Viewers::staff(&[Permission::LogRead]).and_account(ANA);
        assert!(named.include(Viewer::Account(ANA)) && !named.include(Viewer::Account(BO)));
        assert!(
            !named.include(staff) && !named.include(Viewer::Customer) && named.and_customer().include(Viewer::Customer)
        );
        assert!(!named.include(Viewer::Staff(Permissions::NONE)));
    }

    #[test]
    fn a_personal_part_is_not_seen_without_its_event() {
        let audience = Audience { event: Viewers::NOBODY, personal: Viewers::NOBODY.and_customer() };
        assert!(!audience.may_see_personal(Viewer::Customer));
    }
}
