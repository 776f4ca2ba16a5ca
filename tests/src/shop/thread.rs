//! One session as the shop remembers it, for as long as something more is to happen in it.

use std::ops::{Index, IndexMut};

use domain::{
    AgentId, Language, SessionId, VisitorId,
    session::{Event, Session, State, Status},
    text::SessionName,
};
use event_store::{Expected, StreamName, StreamVersion};
use uuid::Uuid;

use super::rules::Coming;

/// Messages of a customer that rules compare with the next one, as in the program.
const COMPARED: usize = 3;

/// A session and its customer.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) id: SessionId,
    pub(super) stream: StreamName,
    pub(super) visitor: VisitorId,
    pub(super) name: SessionName,
    pub(super) language: Language,
    pub(super) state: State,
    pub(super) version: u64,
    pub(super) last_event: Uuid,
    /// Commands so far, for their keys.
    pub(super) commands: u32,
    /// Actions on the agenda.
    pub(super) actions: u32,
    /// What is asked about at the moment.
    pub(super) topic: usize,
    /// Questions that the customer still has.
    pub(super) questions: usize,
    /// What is going to make a rule fire.
    pub(super) coming: Option<Coming>,
    /// What the customer said last, the newest first: what rules compare.
    pub(super) earlier: Vec<String>,
    /// Who had it last.
    pub(super) last_agent: Option<AgentId>,
    /// Nothing personal is recorded any more.
    pub(super) is_erased: bool,
}

impl Thread {
    pub(super) fn new(visitor: VisitorId, name: SessionName, language: Language) -> Self {
        let id = SessionId::of(visitor, name.as_str());
        Self {
            id,
            stream: commands::sessions::stream_of(id),
            visitor,
            name,
            language,
            state: State::New,
            version: 0,
            last_event: id.0,
            commands: 0,
            actions: 0,
            topic: 0,
            questions: 0,
            coming: None,
            earlier: Vec::new(),
            last_agent: None,
            is_erased: false,
        }
    }

    /// The session, once it exists.
    pub(super) fn session(&self) -> Option<&Session> {
        self.state.session()
    }

    /// Its status; `None` until it exists.
    pub(super) fn status(&self) -> Option<Status> {
        self.session().map(Session::status)
    }

    /// Remembers what was said, as far as rules look back.
    pub(super) fn remember(&mut self, text: String) {
        self.earlier.insert(0, text);
        self.earlier.truncate(COMPARED);
    }

    /// Whether the customer waits for an answer.
    pub(super) fn awaits_answer(&self) -> bool {
        self.session().is_some_and(|session| session.unanswered().next().is_some())
    }

    /// Every third session is in an experiment.
    pub(super) fn variant(&self) -> Option<String> {
        self.id.0.as_u128().is_multiple_of(3).then(|| "short_answers".to_owned())
    }

    /// Where its stream is.
    pub(super) fn expected(&self) -> Expected {
        match self.version {
            0 => Expected::NoStream,
            version => Expected::Exact(StreamVersion(version)),
        }
    }

    /// Folds these events.
    pub(super) fn take_in(&mut self, events: &[Event], last_event: Uuid) {
        self.state = events.iter().fold(std::mem::take(&mut self.state), State::evolve);
        self.version += events.len() as u64;
        self.last_event = last_event;
    }
}

/// The sessions that go on, each in a slot of its own.
#[derive(Debug, Default)]
pub(super) struct Threads {
    slots: Vec<Option<Thread>>,
    free: Vec<usize>,
}

impl Threads {
    pub(super) fn enter(&mut self, thread: Thread) -> usize {
        if let Some(slot) = self.free.pop() {
            self.slots[slot] = Some(thread);
            return slot;
        }
        self.slots.push(Some(thread));
        self.slots.len() - 1
    }

    /// Forgets a session with nothing more to come.
    pub(super) fn let_go(&mut self, slot: usize) {
        if self.slots[slot].take_if(|thread| thread.actions == 0).is_some() {
            self.free.push(slot);
        }
    }

    /// The number of open sessions.
    pub(super) fn open(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The slots of a visitor's sessions.
    pub(super) fn of(&self, visitor: VisitorId) -> Vec<usize> {
        let is_theirs = |slot: &usize| self.slots[*slot].as_ref().is_some_and(|thread| thread.visitor == visitor);
        (0..self.slots.len()).filter(is_theirs).collect()
    }
}

impl Index<usize> for Threads {
    type Output = Thread;

    fn index(&self, slot: usize) -> &Thread {
        self.slots[slot].as_ref().expect("a session with actions on the agenda is kept")
    }
}

impl IndexMut<usize> for Threads {
    fn index_mut(&mut self, slot: usize) -> &mut Thread {
        self.slots[slot].as_mut().expect("a session with actions on the agenda is kept")
    }
}
