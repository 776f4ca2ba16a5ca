//! Who may come in: every account with its role and the sign-ins that are not over, in memory, fed by the log.
//!
//! It is whole, not a cache that forgets: it begins with the views and goes on with every event after them. Invariants: what
//! the log has recorded is in force here within a second; where the log cannot be followed for 5 s nobody of staff is let
//! in, because somebody may have been locked out meanwhile.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{
    AgentId, SignInId,
    agent::{Account, ApiKey, Permissions, Role, SecondFactor, SignIn, State, event::ApiKeyDigest},
};
use event_store::{Clock, EventReader, Position};
use jiff::Timestamp;
use journal::{Decoded, JournalError, Tail, Unreadable};
use projections::{AgentView, ApiKeyView, SignInView, Views, ViewsError};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// How long the log may be out of sight before nobody is let in any more (issue and design 8).
const OUT_OF_SIGHT: Duration = Duration::from_secs(5);
/// How often it is looked whether there is anything newer.
const LOOK: Duration = Duration::from_secs(1);

/// What the log's newest word about whoever comes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<T> {
    /// May come in, as this.
    Good(T),
    /// The sign-in, the account or the key is over.
    Over,
    /// Nobody knows at this moment.
    Unknown,
}

/// What somebody who is signed in may do, and has to do first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// What the account may do.
    pub role: Role,
    /// Whether the password has to be changed before anything else.
    pub must_change_password: bool,
    /// Whether a code is needed beside the password.
    pub has_second_factor: bool,
}

/// The map.
pub struct StaffAccess {
    accounts: RwLock<HashMap<AgentId, State>>,
    /// How far the log was heard, and when it was last known that there is nothing newer.
    heard: watch::Sender<Heard>,
    /// Changes with every change of an account: open streams look then whether they may go on.
    changed: watch::Sender<()>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    position: Position,
    in_sight: Option<Instant>,
}

impl StaffAccess {
    /// What the views say, to go on from.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn read(views: &Views, clock: Arc<dyn Clock>) -> Result<Arc<Self>, ViewsError> {
        let mut reading = views.reading().await?;
        let (agents, sign_ins) = (reading.agents().await?, reading.open_sign_ins(clock.now()).await?);
        let keys = reading.api_keys().await?.into_iter().map(|view| (view.id, State::ApiKey(Box::new(api_key(view)))));
        Ok(Self::beginning_with(states(agents, sign_ins).chain(keys).collect(), reading.position(), clock))
    }

    /// These accounts, as of a position.
    #[must_use]
    pub fn beginning_with(accounts: HashMap<AgentId, State>, position: Position, clock: Arc<dyn Clock>) -> Arc<Self> {
        let heard = watch::Sender::new(Heard { position, in_sight: None });
        Arc::new(Self { accounts: RwLock::new(accounts), heard, changed: watch::Sender::new(()), clock })
    }

    /// Follows the log. Called again after a failure, it goes on where it stood. While it does not run the log goes out of
    /// sight, and nobody is let in.
    ///
    /// # Errors
    /// The log cannot be read, or an event of an account cannot be: it could be the end of a sign-in.
    pub async fn follow(&self, tail: &Arc<Tail>, reader: &dyn EventReader) -> Result<Infallible, JournalError> {
        tokio::select! {
            ended = tail.follow_each(self.position(), |entry| self.hear(entry)) => ended,
            never = self.keep_in_sight(reader) => match never {},
        }
    }

    /// What was the head a moment ago has been heard by now: then the log is in sight.
    async fn keep_in_sight(&self, reader: &dyn EventReader) -> Infallible {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = self.heard.subscribe();
        loop {
            looks.tick().await;
            let asked = Instant::now();
            let Ok(head) = reader.head().await else { continue };
            let reached = heard.wait_for(|heard| heard.position >= head);
            // What it answers holds a lock that the next line needs.
            let is_reached = timeout(OUT_OF_SIGHT, reached).await.is_ok_and(|heard| heard.is_ok());
            if is_reached {
                self.heard.send_modify(|heard| heard.in_sight = Some(asked));
            }
        }
    }

    fn hear(&self, entry: Result<Decoded, Unreadable>) -> Result<(), JournalError> {
        let position = match entry {
            Ok(decoded) => {
                self.apply(&decoded);
                decoded.position()
            }
            Err(unreadable) if unreadable.recorded.stream.category() == "agent" => return Err(unreadable.into()),
            Err(unreadable) => unreadable.recorded.position,
        };
        self.heard.send_modify(|heard| heard.position = position);
        Ok(())
    }

    /// The old state stays if the new one cannot be made.
    fn apply(&self, decoded: &Decoded) {
        let Some((id, event)) = decoded.event().agent() else { return };
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        let state = accounts.entry(id).or_default();
        *state = state.clone().evolve(event);
        drop(accounts);
        self.changed.send_replace(());
    }

    /// How far the log was heard.
    #[must_use]
    pub fn position(&self) -> Position {
        self.heard.borrow().position
    }

    /// The time by which sign-ins, keys and tokens end.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether somebody with a token of this sign-in may come in now.
    #[must_use]
    pub fn standing(&self, agent: AgentId, sign_in: SignInId) -> Standing<Person> {
        let now = self.now();
        self.look(agent, |state| {
            let account = state.account().filter(|account| account.sign_in(sign_in, now).is_some())?;
            let (role, must_change_password) = (account.role, account.must_change_password);
            Some(Person { role, must_change_password, has_second_factor: account.second_factor.is_some() })
        })
    }

    /// What a program with a key of this digest may do now.
    #[must_use]
    pub fn standing_of_key(&self, id: AgentId, digest: &ApiKeyDigest) -> Standing<Permissions> {
        let now = self.now();
        self.look(id, |state| {
            let key = state.api_key().filter(|key| key.digest == *digest && key.is_good(now))?;
            Some(key.permissions.iter().copied().collect())
        })
    }

    fn look<T>(&self, agent: AgentId, good: impl FnOnce(&State) -> Option<T>) -> Standing<T> {
        if !self.is_in_sight() {
            return Standing::Unknown;
        }
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(&agent).and_then(good).map_or(Standing::Over, Standing::Good)
    }

    /// Whether there is an account other than this that can make accounts; an account that cannot anyway needs none.
    #[must_use]
    pub fn has_another_administrator(&self, agent: AgentId) -> bool {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let is_one = |state: &State| state.account().is_some_and(Account::makes_accounts);
        let is_it = accounts.get(&agent).is_some_and(is_one);
        !is_it || accounts.iter().any(|(other, state)| *other != agent && is_one(state))
    }

    fn is_in_sight(&self) -> bool {
        self.heard.borrow().in_sight.is_some_and(|at| at.elapsed() < OUT_OF_SIGHT)
    }

    /// Waits until the log was heard up to here, so that whoever signed in finds the door open.
    pub async fn reach(&self, position: Position, limit: Duration) {
        let mut heard = self.heard.subscribe();
        let reached = heard.wait_for(|heard| heard.position >= position && heard.in_sight.is_some());
        // Who comes too early is told to come again.
        drop(timeout(limit, reached).await);
    }

    /// Returns when this has come true; time alone brings some things about.
    pub async fn until(&self, is_over: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        while !is_over(self) {
            drop(timeout(LOOK, changed.changed()).await);
        }
    }
}

/// The accounts as the fold would have them, as far as it matters here: no names, no passwords.
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
