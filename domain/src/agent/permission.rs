//! What may be done, and by whom: `resource:action`, and five roles that each have a fixed set of them.
//!
//! Invariant: this table is the only place that says what a role may do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Closed sets of names on the wire.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// From the wire.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use names;

names! {
    /// What somebody is to the shop.
    Role {
        /// Talks to customers.
        Agent = "agent",
        /// Sees to it that others do.
        Supervisor = "supervisor",
        /// Makes accounts and settings.
        Admin = "admin",
        /// Proves what happened.
        Auditor = "auditor",
        /// Counts, without names.
        Analyst = "analyst",
    }
}

names! {
    /// Something that may be done.
    Permission {
        /// See sessions, their messages and their customers.
        SessionRead = "session:read",
        /// Talk to customers: take sessions over, write in one's own, give them on, close them.
        SessionWrite = "session:write",
        /// Transfer, release and close sessions of others, and take them from them.
        SessionSupervise = "session:supervise",
        /// See the figures.
        StatisticsRead = "statistics:read",
        /// Follow the log of all events, sealed parts left out.
        LogRead = "log:read",
        /// See the personal parts of the log's events.
        PersonalRead = "personal:read",
        /// See who did what.
        AuditRead = "audit:read",
        /// See one's own account and change what is one's own in it.
        ProfileWrite = "profile:write",
        /// See the accounts of all.
        AgentRead = "agent:read",
        /// Make and change accounts.
        AgentWrite = "agent:write",
        /// See how the program itself does.
        SystemRead = "system:read",
        /// See what the shop has published: its policy, its calendars.
        SettingsRead = "settings:read",
        /// Publish it.
        SettingsWrite = "settings:write",
    }
}

impl Permission {
    /// Whether a program may be given it: a profile is a person's, a session is had by a person, and whoever makes accounts
    /// could make itself one.
    #[must_use]
    pub fn is_for_programs(self) -> bool {
        !matches!(
            self,
            Self::ProfileWrite | Self::AgentWrite | Self::SettingsWrite | Self::SessionWrite | Self::SessionSupervise
        )
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// These.
    #[must_use]
    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < permissions.len() {
            bits |= Self::bit(permissions[index]);
            index += 1;
        }
        Self(bits)
    }

    /// Whether it is one of these.
    #[must_use]
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// Whether all of the others are among these.
    #[must_use]
    pub fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any of the others is among these.
    #[must_use]
    pub fn contains_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    const fn bit(permission: Permission) -> u32 {
        1 << permission as u32
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, |set, permission| Self(set.0 | Self::bit(permission)))
    }
}

impl Role {
    /// What the role may do.
    #[must_use]
    pub fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Agent => &[P::SessionRead, P::SessionWrite, P::StatisticsRead, P::ProfileWrite],
            Self::Supervisor => &[
                P::SessionRead,
                P::SessionWrite,
                P::SessionSupervise,
                P::StatisticsRead,
                P::AgentRead,
                P::ProfileWrite,
                P::SystemRead,
                P::SettingsRead,
            ],
            Self::Admin => Permission::ALL,
            Self::Auditor => &[
                P::SessionRead,
                P::StatisticsRead,
                P::LogRead,
                P::PersonalRead,
                P::AuditRead,
                P::AgentRead,
                P::ProfileWrite,
                P::SystemRead,
                P::SettingsRead,
            ],
            Self::Analyst => &[P::StatisticsRead, P::ProfileWrite],
        }
    }

    /// Whether the role may do it.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// Whether it is given sessions. Auditors and analysts are signed in as well.
    #[must_use]
    pub fn talks_to_customers(self) -> bool {
        self.may(Permission::SessionWrite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_resource_and_action() {
        for permission in Permission::ALL {
            let (resource, action) = permission.as_str().split_once(':').expect("two parts");
            assert!([resource, action].iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        for one in Permission::ALL {
            let set = Permissions::of(&[*one]);
            let held: Vec<&Permission> = Permission::ALL.iter().filter(|other| set.contains(**other)).collect();
            assert_eq!(held, [one]);
            assert_eq!(set, [*one].into_iter().collect());
        }
        let all = Permissions::of(Permission::ALL);
        assert!(Permission::ALL.iter().all(|one| all.contains(*one)));
    }

    #[test]
    fn sets_are_compared_by_their_members() {
        use Permission::{AuditRead, LogRead, SessionRead};
        let (one, two) = (Permissions::of(&[LogRead]), Permissions::of(&[LogRead, AuditRead]));
        assert!(two.contains_all(one) && !one.contains_all(two) && one.contains_any(two));
        assert!(!two.contains_any(Permissions::of(&[SessionRead])) && !two.contains_any(Permissions::NONE));
        assert!(two.contains_all(Permissions::NONE));
    }

    #[test]
    fn everybody_has_a_profile_and_only_the_administrator_makes_accounts() {
        for role in Role::ALL {
            assert!(role.may(Permission::ProfileWrite), "{role}");
            assert_eq!(role.may(Permission::AgentWrite), *role == Role::Admin, "{role}");
        }
    }

    #[test]
    fn who_counts_sees_no_customer() {
        for permission in [Permission::SessionRead, Permission::PersonalRead, Permission::LogRead] {
            assert!(!Role::Analyst.may(permission));
        }
    }
}
