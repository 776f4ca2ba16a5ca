//! The staff directory: every account with its role, its presence and the sign-ins that are not over, and every API key, in memory, kept up to
//! date from the log.
//!
//! It is complete, not a cache that forgets: it starts from the views and applies every event after them. Invariants: what the
//! log has recorded is in force here within a second; while the log cannot be followed for 5 s no staff is let in, because
//! somebody may have been locked out meanwhile.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{
    AgentId, SignInId,
    agent::{
        Account, ApiKey, Permissions, Presence, PresenceCause, Role, SecondFactor, SignIn, State, event::ApiKeyDigest,
    },
    text::Skill,
};
use event_store::{Clock, EventReader, Position};
use jiff::Timestamp;
use journal::{Decoded, JournalError, Tail, Unreadable};
use projections::{AgentView, ApiKeyView, SignInView, Views, ViewsError};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// How long the directory may be behind the log before no staff is let in (design 8).
const STALE_AFTER: Duration = Duration::from_secs(5);
/// How often the log's head is compared with what has been applied.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Whether a sign-in or a key is good now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStatus<T> {
    /// It is, and this is what it may do.
    Good(T),
    /// The sign-in, the account or the key is over.
    Over,
    /// The directory is behind the log.
    Unknown,
}

/// A person who is signed in: what it may do, and what it has to do first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// What the account may do.
    pub role: Role,
    /// Whether the password has to be changed before anything else.
    pub must_change_password: bool,
    /// Whether a code is needed beside the password.
    pub has_second_factor: bool,
}

/// Every account and API key.
pub struct StaffDirectory {
    accounts: RwLock<HashMap<AgentId, State>>,
    progress: watch::Sender<Progress>,
    /// Changes with every change of an account: open streams check then whether they may go on.
    changed: watch::Sender<()>,
    clock: Arc<dyn Clock>,
}

/// How far the log has been applied, and when it was last known that there is nothing newer.
#[derive(Debug, Clone, Copy)]
struct Progress {
    position: Position,
    current_at: Option<Instant>,
}

impl StaffDirectory {
    /// The accounts and keys of the views.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn read(views: &Views, clock: Arc<dyn Clock>) -> Result<Arc<Self>, ViewsError> {
        let mut reading = views.reading().await?;
        let (agents, sign_ins) = (reading.agents().await?, reading.open_sign_ins(clock.now()).await?);
        let keys = reading.api_keys().await?.into_iter().map(|view| (view.id, State::ApiKey(Box::new(api_key(view)))));
        Ok(Self::starting_with(states(agents, sign_ins).chain(keys).collect(), reading.position(), clock))
    }

    /// These accounts, as of a position.
    #[must_use]
    pub fn starting_with(accounts: HashMap<AgentId, State>, position: Position, clock: Arc<dyn Clock>) -> Arc<Self> {
        let progress = watch::Sender::new(Progress { position, current_at: None });
        Arc::new(Self { accounts: RwLock::new(accounts), progress, changed: watch::Sender::new(()), clock })
    }

    /// Follows the log. Called again after a failure, it goes on where it stood; while it does not run, no staff is let in.
    ///
    /// # Errors
    /// The log cannot be read, or an event of an account cannot be: it may be the end of a sign-in.
    pub async fn follow(&self, tail: &Arc<Tail>, reader: &dyn EventReader) -> Result<Infallible, JournalError> {
        tokio::select! {
            ended = tail.follow_each(self.position(), |entry| self.take(entry)) => ended,
            never = self.check_progress(reader) => match never {},
        }
    }

    /// An unreadable event of another kind of stream matters to others.
    fn take(&self, entry: Result<Decoded, Unreadable>) -> Result<(), JournalError> {
        let position = match entry {
            Ok(decoded) => {
                self.apply(&decoded);
                decoded.position()
            }
            Err(unreadable) if unreadable.recorded.stream.category() == "agent" => return Err(unreadable.into()),
            Err(unreadable) => unreadable.recorded.position,
        };
        self.progress.send_modify(|progress| progress.position = position);
        Ok(())
    }

    /// If the new state cannot be made, the old one stays.
    fn apply(&self, decoded: &Decoded) {
        let Some((id, event)) = decoded.event().agent() else { return };
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        let state = accounts.entry(id).or_default();
        *state = state.clone().evolve(event);
        drop(accounts);
        self.changed.send_replace(());
    }

    /// Compares the log's head of a moment ago with what has been applied by now.
    async fn check_progress(&self, reader: &dyn EventReader) -> Infallible {
        let mut checks = interval(CHECK_EVERY);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut progress = self.progress.subscribe();
        loop {
            checks.tick().await;
            let asked = Instant::now();
            let Ok(head) = reader.head().await else { continue };
            let reached = progress.wait_for(|progress| progress.position >= head);
            // The value that it returns holds a lock that `send_modify` needs.
            let is_reached = timeout(STALE_AFTER, reached).await.is_ok_and(|progress| progress.is_ok());
            if is_reached {
                self.progress.send_modify(|progress| progress.current_at = Some(asked));
            }
        }
    }

    /// The time by which sign-ins and keys end.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How far the log has been applied.
    #[must_use]
    pub fn position(&self) -> Position {
        self.progress.borrow().position
    }

    /// Whether a sign-in is good now.
    #[must_use]
    pub fn status(&self, agent: AgentId, sign_in: SignInId, now: Timestamp) -> AuthStatus<Person> {
        self.find(agent, |state| {
            let account = state.account().filter(|account| account.sign_in(sign_in, now).is_some())?;
            let (role, must_change_password) = (account.role, account.must_change_password);
            Some(Person { role, must_change_password, has_second_factor: account.second_factor.is_some() })
        })
    }

    /// Whether the API key of this digest is good now.
    #[must_use]
    pub fn status_of_key(&self, id: AgentId, digest: &ApiKeyDigest, now: Timestamp) -> AuthStatus<Permissions> {
        self.find(id, |state| {
            let key = state.api_key().filter(|key| key.digest == *digest && key.is_good(now))?;
            Some(key.permissions.iter().copied().collect())
        })
    }

    fn find<T>(&self, agent: AgentId, good: impl FnOnce(&State) -> Option<T>) -> AuthStatus<T> {
        if !self.is_current() {
            return AuthStatus::Unknown;
        }
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(&agent).and_then(good).map_or(AuthStatus::Over, AuthStatus::Good)
    }

    /// Who is online, with what says which sessions they may be given: role, skills, languages and capacity. Names are not here.
    #[must_use]
    pub fn online(&self, now: Timestamp) -> Vec<(AgentId, Account)> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let accounts = accounts.iter().filter_map(|(agent, state)| Some((*agent, state.account()?)));
        let online = accounts.filter(|(_, account)| account.presence_at(now) == Presence::Online);
        online.map(|(agent, account)| (agent, account.clone())).collect()
    }

    /// Whether an agent is there, and why that is so.
    #[must_use]
    pub fn presence(&self, agent: AgentId, now: Timestamp) -> Option<(Presence, PresenceCause)> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.get(&agent).and_then(State::account)?;
        Some((account.presence_at(now), account.presence_cause))
    }

    /// Whether there is an account with this id.
    #[must_use]
    pub fn knows(&self, agent: AgentId) -> bool {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(&agent).and_then(State::account).is_some()
    }

    /// Whether an account belongs to a group, by having the skill.
    #[must_use]
    pub fn has_skill(&self, agent: AgentId, skill: &Skill) -> bool {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(&agent).and_then(State::account).is_some_and(|account| account.skills.contains(skill))
    }

    /// Whether there is an account other than this that can make accounts; an account that cannot anyway needs none.
    #[must_use]
    pub fn has_another_administrator(&self, agent: AgentId) -> bool {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let is_one = |state: &State| state.account().is_some_and(Account::makes_accounts);
        let is_it = accounts.get(&agent).is_some_and(is_one);
        !is_it || accounts.iter().any(|(other, state)| *other != agent && is_one(state))
    }

    fn is_current(&self) -> bool {
        self.progress.borrow().current_at.is_some_and(|at| at.elapsed() < STALE_AFTER)
    }

    /// Waits until the log has been applied up to a position, so that whoever just signed in is let in.
    pub async fn reach(&self, position: Position, limit: Duration) {
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|progress| progress.position >= position && progress.current_at.is_some());
        // Requests that come too early get 503 and are repeated.
        drop(timeout(limit, reached).await);
    }

    /// Returns when this has become true: checked at every change, and every second because time alone ends sign-ins.
    pub async fn until(&self, is_over: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        while !is_over(self) {
            drop(timeout(CHECK_EVERY, changed.changed()).await);
        }
    }
}

/// The accounts as folding their events gives them, without what is not needed here: names and passwords.
fn states(agents: Vec<AgentView>, sign_ins: Vec<SignInView>) -> impl Iterator<Item = (AgentId, State)> {
    let mut accounts: HashMap<AgentId, Account> = agents.into_iter().map(|view| (view.agent, account(&view))).collect();
    for view in sign_ins {
        let SignInView { sign_in, agent, device, since, renewed_at, expires_at, .. } = view;
        let state = SignIn { device, since, number: 0, renewed_at, expires_at, exchanged: Vec::new() };
        accounts.get_mut(&agent).and_then(|account| account.sign_ins.insert(sign_in, state));
    }
    accounts.into_iter().map(|(agent, account)| (agent, State::Existing(Box::new(account))))
}

fn api_key(view: ApiKeyView) -> ApiKey {
    let ApiKeyView { permissions, digest, expires_at, revoked_at, .. } = view;
    ApiKey { name: None, permissions, digest, expires_at, is_revoked: revoked_at.is_some() }
}

fn account(view: &AgentView) -> Account {
    let AgentView { role, is_active, must_change_password, has_second_factor, presence, presence_cause, .. } = *view;
    let second_factor = has_second_factor.then(SecondFactor::default);
    let skills = view.skills.iter().filter_map(|skill| Skill::parse(skill).ok()).collect();
    let (languages, capacity) = (view.languages.clone(), view.capacity);
    let account = Account { skills, languages, capacity, presence, presence_cause, ..Account::nameless(role) };
    Account { is_active, must_change_password, second_factor, ..account }
}
