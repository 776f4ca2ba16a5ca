//! A shop's days, made from a seed: who came, what they asked, who answered, as the events that a log of it holds.
//!
//! Nothing is written here that the domain did not decide: every event is the outcome of a command on a session's state, and
//! becomes what the log takes by the very functions that the program uses. Only time is simulated. [`Shop`] yields what
//! happened, one append after the other and independent of any store; `write` appends it to one, `bulk` writes it as one.
//!
//! Invariants: the same order brings the same appends, ids and times; there are exactly as many events as were ordered; the
//! appends of a stream stand in the order of its versions; a subject that was erased gets no further personal part. Memory
//! holds the sessions that go on, not those that were.

mod actions;
mod agenda;
pub mod bulk;
mod calendar;
mod doors;
mod people;
mod profile;
mod reactions;
mod rng;
mod rules;
mod thread;
mod words;
pub mod write;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use commands::{
    CommandId,
    erasure::{Person, record_of},
    executor::{CommandMetadata, confirm_if_keyed, new_event},
    sessions::SessionDecider,
};
use domain::{
    ErasureCause, VisitorId,
    calendar::{Calendars, Hours},
    policy::Policy,
    session::{Command, Event, decide},
};
use event_store::{Actor, Expected, NewEvent, StreamName};
use jiff::Timestamp;
use uuid::Uuid;

use agenda::{Action, Agenda};
use doors::{Doors, WallClock};
use people::{People, Who};
use rng::Rng;
use thread::{Thread, Threads};
use words::Words;

pub use profile::Profile;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// The exact number of events.
    pub events: u64,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Nothing happens later.
    pub until: Timestamp,
    /// How often things happen.
    pub profile: Profile,
}

impl Order {
    /// An ordinary shop: as many days as the events need, up to a moment.
    #[must_use]
    pub fn shop(events: u64, seed: u64, until: Timestamp) -> Self {
        Self { events, seed, until, profile: Profile::SHOP }
    }

    /// A log with much of what is rare, and many sessions at once.
    #[must_use]
    pub fn stress(events: u64, seed: u64, until: Timestamp) -> Self {
        Self { events, seed, until, profile: Profile::STRESS }
    }

    /// When the first customer may come.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        #[expect(clippy::cast_precision_loss, reason = "events and days are far below 2^52")]
        let days = self.events as f64 / self.profile.events_per_day.max(1) as f64;
        calendar::later(self.until, -days * 86_400.0)
    }
}

/// One thing that happened, in the order in which it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Events were appended.
    Appended(Append),
    /// A person was forgotten: the keys of all that was personal about this subject are to be destroyed, which is an event too.
    Erased {
        /// By the clock of the machine.
        at: Timestamp,
        /// Whose.
        subject: VisitorId,
    },
}

/// The events of one command, for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// By the clock of the machine, which is sometimes set: it may lie before that of an earlier append.
    pub at: Timestamp,
    /// Where to.
    pub stream: StreamName,
    /// Where the stream is.
    pub expected: Expected,
    /// At least one.
    pub events: Vec<NewEvent>,
}

/// The record of an erasure.
#[must_use]
pub fn erasure(at: Timestamp, subject: VisitorId, key_ids: &[Arc<str>]) -> Append {
    let (person, actor) = (Person::Customer(subject), Actor::new("system", "erasure"));
    let events = vec![record_of(person, key_ids, ErasureCause::Request, actor)];
    Append { at, stream: person.stream(), expected: Expected::Any, events }
}

/// A shop. As an iterator it yields what happens in it, until there are as many events as were ordered.
#[derive(Debug)]
pub struct Shop {
    order: Order,
    rng: Rng,
    words: Words,
    people: People,
    agenda: Agenda,
    threads: Threads,
    doors: Doors,
    clock: WallClock,
    now: Timestamp,
    /// Stands for the log's id in what event ids are made of.
    namespace: Uuid,
    given: u64,
    erased: HashSet<VisitorId>,
    ready: VecDeque<Step>,
    policy: Arc<Policy>,
    calendars: Arc<Calendars>,
}

impl Shop {
    /// Begins the simulation.
    #[must_use]
    pub fn open(order: Order) -> Self {
        let mut rng = Rng::from_seed(order.seed);
        let (namespace, begins) = (rng.id(), order.begins());
        let mut agenda = Agenda::default();
        agenda.add(begins, None, Action::Arrive);
        Self {
            people: People::hired(&mut rng),
            words: Words::read(),
            doors: Doors::open(&order),
            clock: WallClock::default(),
            threads: Threads::default(),
            now: begins,
            given: 0,
            erased: HashSet::new(),
            ready: VecDeque::new(),
            policy: rules::policy(),
            calendars: rules::calendars(order.profile.opens_often),
            order,
            rng,
            agenda,
            namespace,
        }
    }

    /// Whether somebody works now; if not, when somebody does again.
    fn hours(&self) -> Hours {
        self.calendars.hours(None, self.now)
    }

    /// How long people take for what takes an ordinary shop's people about so many seconds.
    fn patience(&mut self, seconds: f64) -> f64 {
        self.rng.around(seconds) * self.order.profile.slowness
    }

    /// Puts an action of a session on the agenda.
    fn plan(&mut self, slot: usize, seconds: f64, action: Action) {
        self.threads[slot].actions += 1;
        self.agenda.add(calendar::later(self.now, seconds), Some(slot), action);
    }

    /// Who wants something of a session, with ids of its own.
    fn origin(&mut self, slot: usize, who: Who, route: &str) -> CommandMetadata {
        let thread = &mut self.threads[slot];
        thread.commands += 1;
        let actor = who.actor(thread);
        let (cause, number) = (thread.last_event, thread.commands);
        let id = match who {
            Who::Customer | Who::Agent(_) => CommandId::keyed(
                self.namespace,
                &actor,
                route,
                thread.id.0,
                &commands::IdempotencyKey::parse(&format!("{route}-{number}")).expect("a route and a number"),
            ),
            Who::Assistant(_) | Who::Policy(_) => CommandId::reaction(self.namespace, route, cause, number),
        };
        let causation_id = matches!(who, Who::Assistant(_) | Who::Policy(_)).then_some(cause);
        CommandMetadata {
            actor,
            correlation_id: causation_id.unwrap_or_else(|| id.derive_id("request")),
            causation_id,
            id,
        }
    }

    /// Has a command decided, and records what comes of it. What a rule refuses leaves no trace, as in the program.
    fn record(&mut self, slot: usize, origin: &CommandMetadata, command: Command) -> Vec<Event> {
        let thread = &mut self.threads[slot];
        let decided = decide(&thread.state, command.clone()).unwrap_or_default();
        let events = if decided.is_empty() && thread.version == 0 {
            decided
        } else {
            confirm_if_keyed::<SessionDecider>(origin, decided, &command)
        };
        let new: Vec<NewEvent> = events
            .iter()
            .enumerate()
            .map(|(place, event)| new_event::<SessionDecider>(origin, thread.visitor.0, place, event))
            .collect();
        let count = new.len() as u64;
        let is_too_late = self.given + count > self.order.events;
        let is_forbidden = thread.is_erased && new.iter().any(|event| event.personal.is_some());
        let Some(last) = new.last().filter(|_| !is_too_late && !is_forbidden) else { return Vec::new() };
        let (stream, expected) = (thread.stream.clone(), thread.expected());
        thread.take_in(&events, last.event_id);
        let at = self.clock.read(&mut self.rng, &self.order, self.now);
        self.given += count;
        self.ready.push_back(Step::Appended(Append { at, stream, expected, events: new }));
        events
    }

    /// Has a command decided, and plans the reactions to its events.
    fn send(&mut self, slot: usize, origin: &CommandMetadata, command: Command) {
        for event in self.record(slot, origin, command) {
            self.react(slot, &event);
        }
    }

    /// Does what is due; a session with nothing more to come is let go.
    fn act(&mut self, slot: Option<usize>, action: Action) {
        let Some(slot) = slot else { return self.arrive() };
        self.take(slot, action);
        self.threads[slot].actions -= 1;
        self.threads.let_go(slot);
    }

    fn enter(&mut self, thread: Thread) -> usize {
        self.threads.enter(thread)
    }
}

impl Iterator for Shop {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Some(step);
            }
            if self.given >= self.order.events {
                return None;
            }
            let (at, slot, action) = self.agenda.next()?;
            self.now = at;
            self.act(slot, action);
        }
    }
}
