//! A shop's log, made event by event in memory by the shop's own clock, and views that follow it.

use std::{sync::Arc, time::Duration};

use event_store::{
    EventReader as _, NewEvent, Position, SealedEvent, Vault, log::plain_parts, memory::MemoryStore, sequencer::Request,
};
use jiff::Timestamp;
use projections::{ViewSet, Views, ViewsLocation};
use tests::{
    eventful::eventful,
    oracle::{Oracle, Shown},
    shop::{Append, Happening, Order},
};
use tokio::task::JoinHandle;

/// As long as a slow machine may need.
const LONG: Duration = Duration::from_secs(60);

/// What can go on in a log, and has.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) reopenings: usize,
    pub(super) takeovers: usize,
    pub(super) withheld: usize,
    pub(super) clears: usize,
    pub(super) erasures: usize,
    pub(super) clock_set_back: usize,
}

/// A log and its keys.
pub(super) struct Ground {
    pub(super) store: MemoryStore,
    pub(super) vault: Arc<Vault>,
    pub(super) seen: Seen,
    clock: Timestamp,
}

impl Ground {
    pub(super) fn new() -> Self {
        let (store, vault) = (MemoryStore::default(), Arc::new(Vault::in_memory()));
        Self { store, vault, seen: Seen::default(), clock: Timestamp::UNIX_EPOCH }
    }

    /// A log in which everything has happened.
    pub(super) async fn of(events: u64, seed: u64) -> Self {
        let mut ground = Self::new();
        for happening in happenings(events, seed) {
            ground.happens(&happening).await;
        }
        ground
    }

    /// A log that ends in the middle of things: one customer waits, another is served, service of a third is over; so that
    /// every column of the views holds something.
    pub(super) async fn of_a_busy_moment(events: u64, seed: u64) -> Self {
        for seed in (seed..).take(20) {
            let mut ground = Self::new();
            for happening in happenings(events * 2, seed) {
                ground.happens(&happening).await;
                let head = ground.head().await;
                if head.0 >= events && head.0.is_multiple_of(3) && is_busy(&ground.oracle().await) {
                    println!("{head} events, of seed {seed}");
                    return ground;
                }
            }
        }
        panic!("no shop is busy");
    }

    /// The oracle of today.
    pub(super) async fn oracle(&self) -> Oracle {
        Oracle::of(&self.store, &self.vault, self.head().await).await
    }

    pub(super) async fn head(&self) -> Position {
        self.store.head().await.unwrap()
    }

    pub(super) async fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Appended(append) => self.append(append).await,
            Happening::Erased { at, subject } => {
                self.seen.erasures += 1;
                self.vault.erase_subject(subject.0, *at).await.unwrap();
            }
        }
    }

    async fn append(&mut self, append: &Append) {
        let mut events = Vec::new();
        for event in &append.events {
            self.seen.note(event);
            events.push(seal(&self.vault, event, append.at).await);
        }
        self.seen.clock_set_back += usize::from(append.at < self.clock);
        self.clock = append.at;
        let request = Request { stream: append.stream.clone(), expected: append.expected, events };
        self.store.append_at(&request, append.at).unwrap();
    }

    /// Views that follow the log.
    pub(super) async fn views(&self, location: ViewsLocation, set: ViewSet) -> Following {
        let reader = Arc::new(self.store.clone());
        let views = Views::open_with(location, reader, self.vault.clone(), set).await.unwrap();
        Following { task: tokio::spawn(views.clone().run()), views }
    }
}

impl Seen {
    fn note(&mut self, event: &NewEvent) {
        match event.event_type {
            "session.reopened" => self.reopenings += 1,
            "session.agent_took_over" => self.takeovers += 1,
            "session.assistant_reply_withheld" => self.withheld += 1,
            "session.context_started" if event.data.contains("\"cleared\":true") => self.clears += 1,
            _ => {}
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.reopenings += other.reopenings;
        self.takeovers += other.takeovers;
        self.withheld += other.withheld;
        self.clears += other.clears;
        self.erasures += other.erasures;
        self.clock_set_back += other.clock_set_back;
    }

    /// What a comparison proves, it proves only where there was something to go wrong.
    pub(super) fn is_everything(&self) {
        let Self { reopenings, takeovers, withheld, clears, erasures, clock_set_back } = self;
        let all = [reopenings, takeovers, withheld, clears, erasures, clock_set_back];
        assert!(all.iter().all(|count| **count > 0), "{self:?}");
    }
}

/// Views whose loop runs; ended when dropped.
pub(super) struct Following {
    pub(super) views: Arc<Views>,
    task: JoinHandle<()>,
}

impl Following {
    pub(super) async fn reach(&self, position: Position) {
        self.views.wait_for(position, LONG).await.unwrap_or_else(|behind| panic!("{behind}: {:?}", self.views.alarm()));
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_busy(oracle: &Oracle) -> bool {
    let sessions: Vec<Shown> = oracle.by_session().values().map(|events| Shown::of(events)).collect();
    let one = |is_so: fn(&Shown) -> bool| sessions.iter().any(is_so);
    one(|shown| shown.waiting_since.is_some() && shown.escalation.is_some())
        && one(|shown| shown.taken_over_at.is_some())
        && one(|shown| shown.last_manual_end_at.is_some())
        && one(|shown| shown.ai_fail_count > 0)
}

/// What goes on in a shop with much of what is rare. Its days are some months ago: summer time ends in them.
pub(super) fn happenings(events: u64, seed: u64) -> Vec<Happening> {
    eventful(Order::stress(events, seed, "2026-10-26T12:00:00Z".parse().unwrap()))
}

async fn seal(vault: &Vault, event: &NewEvent, at: Timestamp) -> SealedEvent {
    let mut sealed = plain_parts(event);
    if let Some(part) = &event.personal {
        vault.seal(&mut sealed, part, at).await.unwrap();
    }
    sealed
}
