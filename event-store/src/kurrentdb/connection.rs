//! The connection to KurrentDB: every call goes through one client, with a time limit and classified errors, and the client is
//! replaced when it is dead or its node has failed.
//!
//! The client (1.2.0) never retries once it found no node, and stays with its node even when that one has left the cluster. Making
//! a new client solves both. A connected client leaves a task behind when dropped, so it is not replaced more often than needed.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use eventstore::{
    AppendToStreamOptions, Client, Credentials, ReadAllOptions, ReadStreamOptions, StreamPosition,
    SubscribeToAllOptions,
};
use futures::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::{
    fault::Fault,
    no_delay::{NoDelay, PROMPT},
    settings::KurrentSettings,
};

/// A failing client is replaced after this time; doubled with each replacement up to [`LONGEST_KEPT`].
const KEPT: Duration = Duration::from_secs(2);
const LONGEST_KEPT: Duration = Duration::from_secs(60);
/// Pause between two clients that died immediately.
const BETWEEN_DEAD: Duration = Duration::from_millis(100);

/// Makes all calls to the server.
#[derive(Clone)]
pub(super) struct Connection {
    settings: Arc<KurrentSettings>,
    slot: Arc<Mutex<Slot>>,
    no_delay: Arc<NoDelay>,
    /// Reads from the leader only, because decisions need current data.
    leader: bool,
}

struct Slot {
    lent: Option<Lent>,
    number: u64,
    made_at: Instant,
    kept: Duration,
    /// The current client has answered.
    has_worked: bool,
}

/// The client for one call.
#[derive(Clone)]
pub(super) struct Lent {
    pub(super) client: Client,
    credentials: Option<Credentials>,
    leader: bool,
    number: u64,
}

impl Connection {
    pub(super) fn new(settings: KurrentSettings, leader: bool) -> Self {
        let slot = Slot { lent: None, number: 0, made_at: Instant::now(), kept: KEPT, has_worked: false };
        Self { settings: Arc::new(settings), slot: Arc::new(Mutex::new(slot)), no_delay: Arc::default(), leader }
    }

    pub(super) fn settings(&self) -> &KurrentSettings {
        &self.settings
    }

    /// Runs a call with a time limit.
    pub(super) async fn call<T, F>(&self, limit: Duration, call: impl FnOnce(Lent) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, eventstore::Error>>,
    {
        let lent = self.lend()?;
        let number = lent.number;
        self.step(limit, number, call(lent)).await
    }

    /// Runs one step of a call that has several, with the client of its first step.
    pub(super) async fn step<T>(
        &self,
        limit: Duration,
        number: u64,
        step: impl Future<Output = Result<T, eventstore::Error>>,
    ) -> Result<T, Fault> {
        let mut step = pin!(understood(step));
        let result = self.within(limit, &mut step).await.unwrap_or(Err(Fault::NoAnswer(limit)));
        self.note(&result, number);
        result
    }

    /// As [`Self::step`], for a step that may look through any number of events of others: it has as long as it takes, while the
    /// server answers something else within the limit.
    pub(super) async fn search<T>(
        &self,
        lent: &Lent,
        step: impl Future<Output = Result<T, eventstore::Error>>,
    ) -> Result<T, Fault> {
        let limit = self.settings.answer_limit();
        let mut step = pin!(understood(step));
        let result = loop {
            if let Some(ended) = self.within(limit / 2, &mut step).await {
                break ended;
            }
            let is_answering = timeout(limit / 2, understood(lent.newest_record()));
            tokio::select! {
                biased;
                ended = &mut step => break ended,
                answered = is_answering => match answered {
                    Ok(Ok(_)) => {}
                    Ok(Err(fault)) => break Err(fault),
                    Err(_elapsed) => break Err(Fault::NoAnswer(limit)),
                },
            }
        };
        self.note(&result, lent.number);
        result
    }

    /// As [`Self::step`]; `None` if the server has not answered within the limit, which here is no fault.
    pub(super) async fn attempt<T>(
        &self,
        lent: &Lent,
        step: impl Future<Output = Result<T, eventstore::Error>>,
    ) -> Result<Option<T>, Fault> {
        let mut step = pin!(understood(step));
        let Some(result) = self.within(self.settings.answer_limit(), &mut step).await else { return Ok(None) };
        self.note(&result, lent.number);
        result.map(Some)
    }

    /// `None`: it has not ended by then.
    async fn within<T>(
        &self,
        limit: Duration,
        step: &mut (impl Future<Output = Result<T, Fault>> + Unpin),
    ) -> Option<Result<T, Fault>> {
        if let Ok(ended) = timeout(PROMPT.min(limit), &mut *step).await {
            return Some(ended);
        }
        self.no_delay.set_again();
        timeout(limit.saturating_sub(PROMPT), step).await.ok()
    }

    fn note<T>(&self, result: &Result<T, Fault>, number: u64) {
        match result {
            Ok(_) => self.works(number),
            Err(fault) => self.failed(fault, number),
        }
    }

    /// The current client, or a new one if there is none.
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
        // The client panics on a malformed certificate file.
        let made = catch_unwind(|| Client::new(client)).map_err(|_panic| "its certificates cannot be read".to_owned());
        let client = made.and_then(|made| made.map_err(|error| format!("{error:#}"))).map_err(Fault::NoClient)?;
        slot.number += 1;
        slot.made_at = Instant::now();
        slot.has_worked = false;
        let lent = Lent { client, credentials, leader: self.leader, number: slot.number };
        slot.lent = Some(lent.clone());
        Ok(lent)
    }

    /// Records that a call with the client of this number failed, and drops the client if it should be replaced.
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
        if slot.number != number {
            return;
        }
        slot.kept = KEPT;
        let is_first = !std::mem::replace(&mut slot.has_worked, true);
        drop(slot);
        if is_first {
            self.no_delay.set();
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// The number of this client.
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

    /// The last record of `$all`, whoever wrote it. A server always has one, and finds it at once.
    pub(super) async fn newest_record(&self) -> Result<Option<eventstore::RecordedEvent>, eventstore::Error> {
        let options = self.reading_all().position(StreamPosition::End).max_count(1);
        let mut answer = self.client.read_all(&options).await?;
        Ok(answer.next().await?.and_then(|resolved| resolved.event))
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

/// The client panics on some unexpected answers.
async fn understood<T>(step: impl Future<Output = Result<T, eventstore::Error>>) -> Result<T, Fault> {
    match AssertUnwindSafe(step).catch_unwind().await {
        Ok(answer) => answer.map_err(Fault::Said),
        Err(_panic) => Err(Fault::NotUnderstood),
    }
}

/// Otherwise the client would install another provider for the whole process. An installed one stays.
fn use_one_provider() {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
}
