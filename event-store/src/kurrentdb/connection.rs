//! One client at a time, and every call through it: bounded in time, its failures told apart, and the client itself made
//! anew when it has died or its node is no good any more.
//!
//! The client (1.2.0) never tries again once it found no node, and stays with the node that it has even when that one is gone
//! from its cluster. Making another is the way out of both; a client that was connected leaves a task behind, so that it is
//! not done more often than pays.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use eventstore::{
    AppendToStreamOptions, Client, Credentials, ReadAllOptions, ReadStreamOptions, SubscribeToAllOptions,
};
use futures::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::{fault::Fault, settings::KurrentSettings};

/// How long a client that keeps failing is kept before it is replaced, at first; doubled each time up to [`LONGEST_KEPT`].
const KEPT: Duration = Duration::from_secs(2);
const LONGEST_KEPT: Duration = Duration::from_secs(60);
/// Between two clients that both died at once.
const BETWEEN_DEAD: Duration = Duration::from_millis(100);

/// What every call goes through.
#[derive(Clone)]
pub(super) struct Connection {
    settings: Arc<KurrentSettings>,
    slot: Arc<Mutex<Slot>>,
    /// Every answer is the leader's: what is read to decide on must not be behind.
    leader: bool,
}

struct Slot {
    lent: Option<Lent>,
    number: u64,
    made_at: Instant,
    kept: Duration,
}

/// A client for one call.
#[derive(Clone)]
pub(super) struct Lent {
    pub(super) client: Client,
    credentials: Option<Credentials>,
    leader: bool,
    number: u64,
}

impl Connection {
    pub(super) fn new(settings: KurrentSettings, leader: bool) -> Self {
        let slot = Slot { lent: None, number: 0, made_at: Instant::now(), kept: KEPT };
        Self { settings: Arc::new(settings), slot: Arc::new(Mutex::new(slot)), leader }
    }

    pub(super) fn settings(&self) -> &KurrentSettings {
        &self.settings
    }

    /// Runs one call to its end, or for so long.
    pub(super) async fn call<T, F>(&self, limit: Duration, call: impl FnOnce(Lent) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, eventstore::Error>>,
    {
        let lent = self.lend()?;
        let number = lent.number;
        self.step(limit, number, call(lent)).await
    }

    /// One step of a call that has several, with the client that it began with.
    pub(super) async fn step<T>(
        &self,
        limit: Duration,
        number: u64,
        step: impl Future<Output = Result<T, eventstore::Error>>,
    ) -> Result<T, Fault> {
        // The client takes some answers for granted, and panics without them.
        let result = match timeout(limit, AssertUnwindSafe(step).catch_unwind()).await {
            Ok(Ok(answer)) => answer.map_err(Fault::Said),
            Ok(Err(_panic)) => Err(Fault::NotUnderstood),
            Err(_elapsed) => Err(Fault::NoAnswer(limit)),
        };
        match &result {
            Ok(_) => self.works(number),
            Err(fault) => self.failed(fault, number),
        }
        result
    }

    /// The client of now, made if there is none.
    pub(super) fn lend(&self) -> Result<Lent, Fault> {
        let mut slot = self.slot();
        if let Some(lent) = &slot.lent {
            return Ok(lent.clone());
        }
        if slot.number > 0 && slot.made_at.elapsed() < BETWEEN_DEAD {
            return Err(Fault::Said(eventstore::Error::ConnectionClosed));
        }
        use_one_provider();
        let (client, credentials) = self.settings.for_client()?;
        // It panics where a file of certificates holds something else.
        let made = catch_unwind(|| Client::new(client)).map_err(|_panic| "its certificates cannot be read".to_owned());
        let client = made.and_then(|made| made.map_err(|error| format!("{error:#}"))).map_err(Fault::NoClient)?;
        slot.number += 1;
        slot.made_at = Instant::now();
        let lent = Lent { client, credentials, leader: self.leader, number: slot.number };
        slot.lent = Some(lent.clone());
        Ok(lent)
    }

    /// What the client of this number was lent for ended without a right answer.
    pub(super) fn failed(&self, fault: &Fault, number: u64) {
        let mut slot = self.slot();
        let is_current = slot.lent.as_ref().is_some_and(|lent| lent.number == number);
        if !is_current || !fault.concerns_connection() {
            return;
        }
        if fault.is_dead_client() {
            slot.lent = None;
        } else if slot.made_at.elapsed() >= slot.kept {
            slot.lent = None;
            slot.kept = (slot.kept * 2).min(LONGEST_KEPT);
        }
    }

    fn works(&self, number: u64) {
        let mut slot = self.slot();
        if slot.number == number {
            slot.kept = KEPT;
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// Which client this is.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn reading_stream(&self) -> ReadStreamOptions {
        let options = ReadStreamOptions::default().requires_leader(self.leader);
        match &self.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }

    pub(super) fn reading_all(&self) -> ReadAllOptions {
        let options = ReadAllOptions::default().requires_leader(self.leader);
        match &self.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }

    pub(super) fn subscribing(&self) -> SubscribeToAllOptions {
        match &self.credentials {
            Some(credentials) => SubscribeToAllOptions::default().authenticated(credentials.clone()),
            None => SubscribeToAllOptions::default(),
        }
    }

    pub(super) fn appending(&self, deadline: Duration) -> AppendToStreamOptions {
        let options = AppendToStreamOptions::default().requires_leader(true).deadline(deadline);
        match &self.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }
}

/// The client would install another one for the whole process. Whoever came first stays.
fn use_one_provider() {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
}
