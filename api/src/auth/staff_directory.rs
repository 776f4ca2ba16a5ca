//! The staff directory: every account with its role and the sign-ins that are not over, and every API key, in memory, kept up to
//! date from the log.
//!
//! It is complete, not a cache that forgets: it starts from the views and applies every event after them. Invariants: what the
//! log has recorded is in force here within a second; while the log cannot be followed for 5 s no staff is let in, because
//! somebody may have been locked out meanwhile.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{
    AgentId, SignInId,
    agent::{Account, ApiKey, Permissions, Role, SecondFactor, SignIn, State, event::ApiKeyDigest},
};
use event_store::{Clock, EventReader, Position};
use futures::StreamExt as _;
use jiff::Timestamp;
use journal::{Decoded, JournalError, Tail, Unreadable};
use projections::{AgentView, ApiKeyView, SignInView, Views, ViewsError};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

/// How long the directory may be behind the log before no staff is let in (design 8).
const STALE_AFTER: Duration = Duration::from_secs(5);
/// How often the log's head is compared with what has been applied.
const CHECK_EVERY: Duration = Duration::from_secs(1);
const RETRY_AFTER: Duration = Duration::from_millis(500);

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

    /// Follows the log for ever.
    pub async fn follow(self: Arc<Self>, tail: Arc<Tail>, reader: Arc<dyn EventReader>) {
        loop {
            tokio::select! {
                () = self.apply_all(&tail) => {}
                () = self.check_progress(&*reader) => {}
            }
            sleep(RETRY_AFTER).await;
        }
    }

    async fn apply_all(&self, tail: &Arc<Tail>) {
        let mut events = tail.follow(self.position());
        while let Some(event) = events.next().await {
            match event {
                Ok(decoded) => self.apply(&decoded),
                Err(JournalError::Unreadable(unreadable)) => self.pass_over(&unreadable).await,
                Err(JournalError::Read(_) | JournalError::Vault(_) | JournalError::Missing { .. }) => return,
            }
        }
    }

    fn apply(&self, decoded: &Decoded) {
        if let Some((id, event)) = decoded.event().agent() {
            let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
            let state = accounts.entry(id).or_default();
            *state = std::mem::take(state).evolve(event);
            drop(accounts);
            self.changed.send_replace(());
        }
        self.applied_up_to(decoded.position());
    }

    /// Stops for good at an unreadable event of an account: the directory stays behind the log, so no staff is let in until an
    /// operator has looked. Any other unreadable event matters to others.
    async fn pass_over(&self, unreadable: &Unreadable) {
        let recorded = &unreadable.recorded;
        if recorded.stream.category() == "agent" {
            log_refusal(unreadable);
            std::future::pending::<()>().await;
        }
        self.applied_up_to(recorded.position);
    }

    fn applied_up_to(&self, position: Position) {
        self.progress.send_modify(|progress| progress.position = position);
    }

    /// Compares the log's head of a moment ago with what has been applied by now.
    async fn check_progress(&self, reader: &dyn EventReader) {
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

    fn position(&self) -> Position {
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

fn log_refusal(unreadable: &Unreadable) {
    let (position, error) = (unreadable.recorded.position.0, unreadable as &dyn std::error::Error);
    tracing::error!(position, error, "staff is refused: an event of an account cannot be read");
}

/// The accounts as folding their events gives them, without what is not needed here: names and passwords.
fn states(agents: Vec<AgentView>, sign_ins: Vec<SignInView>) -> impl Iterator<Item = (AgentId, State)> {
    let mut accounts: HashMap<AgentId, Account> = agents.into_iter().map(|view| (view.agent, account(&view))).collect();
    for view in sign_ins {
        let SignInView { sign_in, agent, device, since, renewed_at, expires_at, .. } = view;
        let state = SignIn { device, since, number: 0, renewed_at, expires_at };
        accounts.get_mut(&agent).and_then(|account| account.sign_ins.insert(sign_in, state));
    }
    accounts.into_iter().map(|(agent, account)| (agent, State::Existing(Box::new(account))))
}

fn api_key(view: ApiKeyView) -> ApiKey {
    let ApiKeyView { permissions, digest, expires_at, revoked_at, .. } = view;
    ApiKey { name: None, permissions, digest, expires_at, is_revoked: revoked_at.is_some() }
}

fn account(view: &AgentView) -> Account {
    let AgentView { role, is_active, must_change_password, has_second_factor, .. } = *view;
    let second_factor = has_second_factor.then(SecondFactor::default);
    Account { is_active, must_change_password, second_factor, ..Account::nameless(role) }
}
