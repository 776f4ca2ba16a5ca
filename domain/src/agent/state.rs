//! What an account's events add up to. `evolve` never fails and never judges.
//!
//! Names and the password's hash are part of it: an account is folded by whoever holds keys, and is remembered only as long
//! as the process lives.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    agent::{
        event::{Created, Event, PasswordHash, PasswordOrigin, SignedIn},
        permission::{Permission, Role},
    },
    id::{DeviceId, SignInId},
    language::Language,
    text::{EmailAddress, PersonName, Skill, Username},
};

/// An account before and after its first event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing has happened.
    #[default]
    New,
    /// It exists.
    Existing(Box<Account>),
}

/// An existing account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What it signs in with; `None` once erased.
    pub username: Option<Username>,
    /// What customers and colleagues see; `None` once erased.
    pub name: Option<PersonName>,
    /// Where mail goes.
    pub email: Option<EmailAddress>,
    /// What it may do.
    pub role: Role,
    /// What it knows about.
    pub skills: Vec<Skill>,
    /// What it speaks.
    pub languages: Vec<Language>,
    /// How many conversations it takes at a time.
    pub capacity: u32,
    /// Whether it may be used.
    pub is_active: bool,
    /// How its password is checked; `None` before the first, once erased and for readers without keys: nobody signs in then.
    pub password: Option<PasswordHash>,
    /// Whether its password is one that somebody else chose, so that it has to be changed before anything else is done.
    pub must_change_password: bool,
    /// Sign-ins that are not over, expired ones among them.
    pub sign_ins: BTreeMap<SignInId, SignIn>,
    /// The last hour in which somebody could not sign in.
    pub failed_in: Option<Timestamp>,
}

/// A sign-in that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIn {
    /// The browser or program, if it said which it is.
    pub device: Option<DeviceId>,
    /// When it began.
    pub since: Timestamp,
    /// The number of the refresh token that is good.
    pub number: u32,
    /// When that was given out.
    pub renewed_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl State {
    /// The existing account.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::New => None,
            Self::Existing(account) => Some(account),
        }
    }

    /// What the account is after this event.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::New, Event::Created(created)) => Self::Existing(Box::new(Account::created(created))),
            (Self::New, _) => Self::New,
            (Self::Existing(mut account), event) => {
                account.apply(event);
                Self::Existing(account)
            }
        }
    }
}

impl Account {
    /// A sign-in that is neither over nor expired.
    #[must_use]
    pub fn sign_in(&self, sign_in: SignInId, now: Timestamp) -> Option<&SignIn> {
        self.sign_ins.get(&sign_in).filter(|found| self.is_active && found.expires_at > now)
    }

    /// Whether it can make accounts, so that nobody is locked out for good while there is one such.
    #[must_use]
    pub fn makes_accounts(&self) -> bool {
        self.is_active && self.role.may(Permission::AgentWrite)
    }

    /// Whether a device has a sign-in that is good.
    #[must_use]
    pub fn knows(&self, device: DeviceId, now: Timestamp) -> bool {
        self.sign_ins.values().any(|sign_in| sign_in.device == Some(device) && sign_in.expires_at > now)
    }

    /// An account of which nothing is known but what it may do.
    #[must_use]
    pub fn nameless(role: Role) -> Self {
        Self {
            username: None,
            name: None,
            email: None,
            role,
            skills: Vec::new(),
            languages: Vec::new(),
            capacity: 0,
            is_active: true,
            password: None,
            must_change_password: false,
            sign_ins: BTreeMap::new(),
            failed_in: None,
        }
    }

    fn created(created: &Created) -> Self {
        let person = created.person.known().cloned();
        let (username, name, email) =
            person.map_or((None, None, None), |person| (Some(person.username), Some(person.name), person.email));
        let (skills, languages, capacity) = (created.skills.clone(), created.languages.clone(), created.capacity);
        Self { username, name, email, skills, languages, capacity, ..Self::nameless(created.role) }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(_) => {}
            Event::Renamed(renamed) => {
                let names = renamed.names.known().cloned();
                (self.name, self.email) = names.map_or((None, None), |names| (Some(names.name), names.email));
            }
            Event::RoleChanged(changed) => self.role = changed.role,
            Event::SkillsChanged(changed) => self.skills.clone_from(&changed.skills),
            Event::LanguagesChanged(changed) => self.languages.clone_from(&changed.languages),
            Event::CapacityChanged(changed) => self.capacity = changed.capacity,
            Event::Deactivated(_) => {
                self.is_active = false;
                self.sign_ins.clear();
            }
            Event::Reactivated(_) => self.is_active = true,
            Event::PasswordSet(set) => {
                self.password = set.secret.known().map(|secret| secret.hash.clone());
                self.must_change_password = set.by == PasswordOrigin::Administrator;
            }
            Event::SignedIn(signed_in) => self.begin(signed_in),
            Event::SignInRenewed(renewed) => {
                if let Some(sign_in) = self.sign_ins.get_mut(&renewed.sign_in) {
                    sign_in.number = renewed.number;
                    sign_in.renewed_at = renewed.at;
                    sign_in.expires_at = renewed.expires_at;
                }
            }
            Event::SignedOut(left) => drop(self.sign_ins.remove(&left.sign_in)),
            Event::SignInRevoked(revoked) => drop(self.sign_ins.remove(&revoked.sign_in)),
            Event::SignInsFailed(failed) => self.failed_in = Some(failed.hour),
        }
    }

    /// Expired ones are forgotten with the next: an account in use for years stays small.
    fn begin(&mut self, signed_in: &SignedIn) {
        let SignedIn { sign_in, device, at, expires_at, .. } = *signed_in;
        self.sign_ins.retain(|_, other| other.expires_at > at);
        self.sign_ins.insert(sign_in, SignIn { device, since: at, number: 0, renewed_at: at, expires_at });
    }
}
