//! The state of an account or an API key, folded from its events. `evolve` never fails.
//!
//! The state holds personal data (names, the password's hash) where the reader has keys, so it is kept in memory only.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    agent::{
        event::{
            ApiKeyDigest, ApiKeyIssued, Created, Event, PasswordHash, PasswordOrigin, RecoveryCodes, RecoveryDigest,
            SecondFactorUsed, SignInRenewed, SignedIn, TotpSecret,
        },
        permission::{Permission, Role},
        presence::{Presence, PresenceCause},
    },
    id::{DeviceId, SignInId},
    language::Language,
    text::{EmailAddress, PersonName, Skill, Username},
};

/// The state of an account's stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// There are no events.
    #[default]
    New,
    /// An account.
    Existing(Box<Account>),
    /// An API key.
    ApiKey(Box<ApiKey>),
}

/// The key of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What it is for; `None` once erased and for readers without keys.
    pub name: Option<PersonName>,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// How it is checked.
    pub digest: ApiKeyDigest,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Whether it opens nothing any more.
    pub is_revoked: bool,
}

/// A second factor that is in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondFactor {
    /// What codes are made of; `None` once erased and for readers without keys.
    pub secret: Option<TotpSecret>,
    /// The last 30 seconds whose code was used; neither it nor an earlier one is good again.
    pub used_step: u64,
    /// Recovery codes that were not used, by their numbers.
    pub recovery: BTreeMap<u8, RecoveryDigest>,
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
    /// A secret that was made and not used yet.
    pub offered: Option<TotpSecret>,
    /// What is needed beside the password.
    pub second_factor: Option<SecondFactor>,
    /// Whether it is there, as last recorded; [`Self::presence_at`] is what counts.
    pub presence: Presence,
    /// Why.
    pub presence_cause: PresenceCause,
}

/// How long a refresh token that was exchanged may be exchanged again by the same device, for the newest pair: an answer may have
/// been lost, and any number of windows of one browser may have asked at once.
pub const GRACE: SignedDuration = SignedDuration::from_secs(30);
/// How far the clocks of two nodes may be apart. A token that was exchanged later than that in the future was so by a clock that has
/// been set back since, and says nothing of how long ago it is.
const APART: SignedDuration = SignedDuration::from_secs(5);

/// A sign-in that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// When each of the tokens right before the good one was exchanged, in their order; none whose [`GRACE`] was over at the
    /// last exchange.
    pub exchanged: Vec<Timestamp>,
}

impl SignIn {
    /// Whether this was its token and is still taken for the newest: it was exchanged at most [`GRACE`] ago.
    #[must_use]
    pub fn was_just_exchanged(&self, number: u32, now: Timestamp) -> bool {
        let Some(since) = self.number.checked_sub(number).filter(|since| *since > 0) else { return false };
        let place = usize::try_from(since).ok().and_then(|since| self.exchanged.len().checked_sub(since));
        place.is_some_and(|place| (-APART..=GRACE).contains(&now.duration_since(self.exchanged[place])))
    }

    fn renew(&mut self, renewed: &SignInRenewed) {
        let is_over = |at: &Timestamp| renewed.at.duration_since(*at) > GRACE;
        let over = self.exchanged.iter().take_while(|at| is_over(at)).count();
        self.exchanged.drain(..over);
        self.exchanged.push(renewed.at);
        self.number = renewed.number;
        self.renewed_at = renewed.at;
        self.expires_at = renewed.expires_at;
    }
}

impl State {
    /// The existing account.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::New | Self::ApiKey(_) => None,
            Self::Existing(account) => Some(account),
        }
    }

    /// The key of a program.
    #[must_use]
    pub fn api_key(&self) -> Option<&ApiKey> {
        match self {
            Self::New | Self::Existing(_) => None,
            Self::ApiKey(key) => Some(key),
        }
    }

    /// What the account is after this event.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::New, Event::Created(created)) => Self::Existing(Box::new(Account::created(created))),
            (Self::New, Event::ApiKeyIssued(issued)) => Self::ApiKey(Box::new(ApiKey::issued(issued))),
            (Self::ApiKey(key), Event::ApiKeyRevoked(_)) => Self::ApiKey(Box::new(ApiKey { is_revoked: true, ..*key })),
            (
                before @ (Self::New | Self::ApiKey(_)),
                Event::Created(_)
                | Event::Renamed(_)
                | Event::RoleChanged(_)
                | Event::SkillsChanged(_)
                | Event::LanguagesChanged(_)
                | Event::CapacityChanged(_)
                | Event::Deactivated(_)
                | Event::Reactivated(_)
                | Event::PasswordSet(_)
                | Event::SignedIn(_)
                | Event::SignInRenewed(_)
                | Event::SignedOut(_)
                | Event::SignInRevoked(_)
                | Event::SignInsFailed(_)
                | Event::SecondFactorOffered(_)
                | Event::SecondFactorEnabled(_)
                | Event::SecondFactorUsed(_)
                | Event::RecoveryCodesReplaced(_)
                | Event::SecondFactorDisabled(_)
                | Event::PresenceChanged(_)
                | Event::ApiKeyIssued(_)
                | Event::ApiKeyRevoked(_)
                | Event::DataErased(_),
            ) => before,
            (Self::Existing(mut account), event) => {
                account.apply(event);
                Self::Existing(account)
            }
        }
    }
}

impl ApiKey {
    /// Whether it opens anything now.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|end| now < end)
    }

    fn issued(issued: &ApiKeyIssued) -> Self {
        let ApiKeyIssued { permissions, digest, expires_at, label } = issued.clone();
        let name = label.known().map(|label| label.name.clone());
        Self { name, permissions, digest, expires_at, is_revoked: false }
    }
}

impl SecondFactor {
    fn apply(&mut self, used: SecondFactorUsed) {
        match used {
            SecondFactorUsed::Totp { step } => self.used_step = step,
            SecondFactorUsed::RecoveryCode { number } => drop(self.recovery.remove(&number)),
        }
    }
}

fn numbered(codes: Option<&RecoveryCodes>) -> BTreeMap<u8, RecoveryDigest> {
    let digests = codes.map(|codes| codes.digests.clone()).unwrap_or_default();
    (0..).zip(digests).collect()
}

impl Account {
    /// Whether it may be given a session.
    #[must_use]
    pub fn serves_customers(&self) -> bool {
        self.is_active && self.role.talks_to_customers()
    }

    /// A sign-in that is neither over nor expired.
    #[must_use]
    pub fn sign_in(&self, sign_in: SignInId, now: Timestamp) -> Option<&SignIn> {
        self.sign_ins.get(&sign_in).filter(|found| self.is_active && found.expires_at > now)
    }

    /// Whether it is there. Sign-ins also expire, which no event says: without a good one nobody is there.
    #[must_use]
    pub fn presence_at(&self, now: Timestamp) -> Presence {
        let is_signed_in = self.is_active && self.sign_ins.values().any(|sign_in| sign_in.expires_at > now);
        if is_signed_in { self.presence } else { Presence::Offline }
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
            offered: None,
            second_factor: None,
            presence: Presence::Offline,
            presence_cause: PresenceCause::SignOut,
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
                    sign_in.renew(renewed);
                }
            }
            Event::SignedOut(left) => drop(self.sign_ins.remove(&left.sign_in)),
            Event::SignInRevoked(revoked) => drop(self.sign_ins.remove(&revoked.sign_in)),
            Event::SignInsFailed(failed) => self.failed_in = Some(failed.hour),
            Event::PresenceChanged(changed) => {
                self.presence = changed.presence;
                self.presence_cause = changed.cause;
            }
            Event::SecondFactorOffered(offered) => {
                self.offered = offered.offer.known().map(|offer| offer.secret.clone());
            }
            Event::SecondFactorEnabled(enabled) => {
                let recovery = numbered(enabled.recovery.known());
                let secret = self.offered.take();
                self.second_factor = Some(SecondFactor { secret, used_step: enabled.step, recovery });
            }
            Event::SecondFactorUsed(used) => {
                if let Some(factor) = &mut self.second_factor {
                    factor.apply(*used);
                }
            }
            Event::RecoveryCodesReplaced(replaced) => {
                if let Some(factor) = &mut self.second_factor {
                    factor.recovery = numbered(replaced.recovery.known());
                }
            }
            Event::SecondFactorDisabled(_) => self.second_factor = None,
            // Events of a key do not come to an account.
            Event::ApiKeyIssued(_) | Event::ApiKeyRevoked(_) => {}
            Event::DataErased(_) => {}
        }
    }

    /// Expired ones are forgotten with the next: an account in use for years stays small.
    fn begin(&mut self, signed_in: &SignedIn) {
        let SignedIn { sign_in, device, at, expires_at, .. } = *signed_in;
        self.sign_ins.retain(|_, other| other.expires_at > at);
        let exchanged = Vec::new();
        self.sign_ins.insert(sign_in, SignIn { device, since: at, number: 0, renewed_at: at, expires_at, exchanged });
    }
}
