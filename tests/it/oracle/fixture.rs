//! A generated log in memory, appended event by event at the times of the shop, and views that follow it.

use std::{sync::Arc, time::Duration};

use event_store::{
    EventReader as _, NewEvent, Position, SealedEvent, Vault, log::plain_parts, memory::MemoryStore, sequencer::Request,
};
use jiff::Timestamp;
use journal::{Journal, Tail};
use projections::{ProjectionSet, Views, ViewsLocation};
use tests::{
    oracle::{Oracle, Shown},
    rare_events::with_rare_events,
    shop::{Append, Order, Step},
};
use tokio::task::JoinHandle;

/// Timeout on a slow machine.
const LONG: Duration = Duration::from_secs(60);

/// How often each rare event occurred.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) reopenings: usize,
    pub(super) takeovers: usize,
    pub(super) transfers: usize,
    pub(super) returns: usize,
    pub(super) offers: usize,
    pub(super) mails: usize,
    pub(super) agents_messages: usize,
    pub(super) notices: usize,
    pub(super) withheld: usize,
    pub(super) clears: usize,
    pub(super) erasures: usize,
    pub(super) clock_set_back: usize,
    pub(super) notes: usize,
    pub(super) edits: usize,
    pub(super) removals: usize,
    pub(super) tags: usize,
    pub(super) ratings: usize,
}

/// A log and its keys.
pub(super) struct Fixture {
    pub(super) store: MemoryStore,
    pub(super) vault: Arc<Vault>,
    pub(super) seen: Seen,
    clock: Timestamp,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let (store, vault) = (MemoryStore::default(), Arc::new(Vault::in_memory()));
        Self { store, vault, seen: Seen::default(), clock: Timestamp::UNIX_EPOCH }
    }

    /// A log that ends while one customer waits, another is served, and the service of a third is over, so that every
    /// column of the views has values.
    pub(super) async fn of_a_busy_moment(events: u64, seed: u64) -> Self {
        for seed in (seed..).take(20) {
            let mut fixture = Self::new();
            for step in steps(events * 2, seed) {
                fixture.happens(&step).await;
                let head = fixture.head().await;
                if head.0 >= events && head.0.is_multiple_of(3) && is_busy(&fixture.oracle().await) {
                    println!("{head} events, of seed {seed}");
                    return fixture;
                }
            }
        }
        panic!("no shop is busy");
    }

    /// The oracle at the head.
    pub(super) async fn oracle(&self) -> Oracle {
        Oracle::of(&self.store, &self.vault, self.head().await).await
    }

    pub(super) async fn head(&self) -> Position {
        self.store.head().await.unwrap()
    }

    pub(super) async fn happens(&mut self, step: &Step) {
        match step {
            Step::Appended(append) => self.append(append).await,
            Step::Erased { at, subject } => {
                self.seen.erasures += 1;
                let key_ids = self.vault.close_subject(subject.0, *at).await.unwrap();
                self.append(&tests::shop::erasure(*at, *subject, &key_ids)).await;
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

    pub(super) fn journal(&self) -> Journal {
        Journal::new(Arc::new(self.store.clone()), self.vault.clone())
    }

    /// Views that follow the log.
    pub(super) async fn views(&self, location: ViewsLocation, set: ProjectionSet) -> Following {
        let tail = Tail::start(Arc::new(self.store.clone()), self.head().await);
        let views = Views::open_with(location, self.journal(), tail, set).await.unwrap();
        Following { task: tokio::spawn(views.clone().run()), views }
    }
}

impl Seen {
    fn note(&mut self, event: &NewEvent) {
        match event.event_type {
            "session.reopened" => self.reopenings += 1,
            "session.agent_took_over" => self.takeovers += 1,
            "session.transferred" | "session.transfer_requested" => self.transfers += 1,
            "session.returned_to_queue" => self.returns += 1,
            "session.offer_made" => self.offers += 1,
            "session.mail_sent" | "session.mail_failed" => self.mails += 1,
            "session.agent_message_sent" => self.agents_messages += 1,
            "session.notice_given" => self.notices += 1,
            "session.note_added" => self.notes += 1,
            "session.note_edited" => self.edits += 1,
            "session.note_removed" => self.removals += 1,
            "session.tags_changed" => self.tags += 1,
            "session.rating_given" => self.ratings += 1,
            "session.assistant_reply_withheld" => self.withheld += 1,
            "session.context_started" if event.data.contains("\"cleared\":true") => self.clears += 1,
            _ => {}
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.reopenings += other.reopenings;
        self.takeovers += other.takeovers;
        self.transfers += other.transfers;
        self.returns += other.returns;
        self.offers += other.offers;
        self.mails += other.mails;
        self.agents_messages += other.agents_messages;
        self.notices += other.notices;
        self.withheld += other.withheld;
        self.clears += other.clears;
        self.erasures += other.erasures;
        self.clock_set_back += other.clock_set_back;
        self.notes += other.notes;
        self.edits += other.edits;
        self.removals += other.removals;
        self.tags += other.tags;
        self.ratings += other.ratings;
    }

    /// Every rare event occurred, so that the comparison covered it.
    pub(super) fn is_everything(&self) {
        let Self { reopenings, takeovers, withheld, clears, erasures, clock_set_back, .. } = self;
        let Self { transfers, returns, offers, mails, agents_messages, notices, .. } = self;
        let of_customers = [reopenings, takeovers, withheld, clears, erasures, clock_set_back];
        let of_persons = [transfers, returns, offers, mails, agents_messages, notices];
        let Self { notes, edits, removals, tags, ratings, .. } = self;
        let kept = [notes, edits, removals, tags, ratings];
        let all = [of_customers.as_slice(), &of_persons, &kept].concat();
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

/// The steps of a shop with many rare events, on days around the end of summer time.
pub(super) fn steps(events: u64, seed: u64) -> Vec<Step> {
    with_rare_events(Order::stress(events, seed, "2026-10-26T12:00:00Z".parse().unwrap()))
}

async fn seal(vault: &Vault, event: &NewEvent, at: Timestamp) -> SealedEvent {
    let mut sealed = plain_parts(event);
    if let Some(part) = &event.personal {
        vault.seal(&mut sealed, part, at).await.unwrap();
    }
    sealed
}
