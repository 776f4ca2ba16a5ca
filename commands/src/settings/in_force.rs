//! What is in force, in memory, kept up to date from the log: every node follows the same versions.
//!
//! Invariants: it is loaded before anybody asks; a document that this program cannot read never replaces one that it can, and
//! stops the follower with its position.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use domain::{
    calendar::Calendars,
    flags::Flags,
    policy::Policy,
    settings::{Document, DocumentError, Event, State, Topic, budget, event::BudgetReached},
};
use event_store::{Position, ReadError, StreamVersion};
use jiff::civil::Date;
use journal::{Decoded, Journal, JournalError, Tail, Unreadable};
use tokio::{sync::watch, time::timeout};

use super::{SettingsDecider, budget::budget_stream, stream_of};
use crate::executor::Decider as _;

/// The documents of version 0: what the program or its environment brings.
#[derive(Debug, Clone)]
pub struct VersionZero {
    /// The escalation policy.
    pub policy: String,
    /// The calendars.
    pub calendars: String,
}

impl Default for VersionZero {
    fn default() -> Self {
        Self { policy: Policy::built_in().to_owned(), calendars: Calendars::built_in().to_owned() }
    }
}

/// Why settings cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] JournalError),
    /// A published document is not right for this program.
    #[error("the document of {topic} published at position {position} cannot be read")]
    Document {
        /// Of which topic.
        topic: Topic,
        /// Where in the log; 0 for the one that the program or its environment brings.
        position: Position,
        /// What is wrong.
        #[source]
        source: DocumentError,
    },
}

impl From<ReadError> for SettingsError {
    fn from(error: ReadError) -> Self {
        Self::Log(error.into())
    }
}

/// What is in force. Reading it is cheap.
pub struct SettingsInForce {
    policy: Slot<Policy>,
    calendars: Slot<Calendars>,
    flags: Slot<Flags>,
    budgets: Mutex<budget::State>,
    position: watch::Sender<Position>,
}

impl SettingsInForce {
    /// What the program or its environment brings, as where nothing was published up to a position.
    ///
    /// # Errors
    /// A document cannot be read.
    pub fn starting_with(zero: VersionZero, head: Position) -> Result<Self, SettingsError> {
        let (policy, calendars) = (Slot::new(zero.policy)?, Slot::new(zero.calendars)?);
        let flags = Slot::new(Flags::built_in().to_owned())?;
        Ok(Self { policy, calendars, flags, budgets: Mutex::default(), position: watch::Sender::new(head) })
    }

    /// Reads what is in force. `head` is a position that the log had reached before: [`Self::follow`] goes on from there.
    ///
    /// # Errors
    /// The log cannot be read, or a document cannot.
    pub async fn load(journal: &Journal, head: Position, zero: VersionZero) -> Result<Arc<Self>, SettingsError> {
        let loaded = Self::starting_with(zero, head)?;
        for stream in Topic::ALL.map(stream_of).into_iter().chain([budget_stream()]) {
            for decoded in journal.whole_stream(&stream, StreamVersion::NONE).await? {
                loaded.apply(&decoded)?;
            }
        }
        Ok(Arc::new(loaded))
    }

    /// The escalation policy.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.in_force()
    }

    /// The calendars.
    #[must_use]
    pub fn calendars(&self) -> Arc<Calendars> {
        self.calendars.in_force()
    }

    /// The flags.
    #[must_use]
    pub fn flags(&self) -> Arc<Flags> {
        self.flags.in_force()
    }

    /// What was noted of assistants' budgets on a day.
    #[must_use]
    pub fn budgets_reached(&self, day: Date) -> Vec<BudgetReached> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner).of(day).cloned().collect()
    }

    /// Version 0 of a topic's document.
    #[must_use]
    pub fn version_zero(&self, topic: Topic) -> &str {
        match topic {
            Topic::Policy => &self.policy.zero,
            Topic::Calendar => &self.calendars.zero,
            Topic::Flags => &self.flags.zero,
        }
    }

    /// Follows the log. Called again after a failure, it goes on where it stood.
    ///
    /// # Errors
    /// The log cannot be read, or what was published cannot.
    pub async fn follow(&self, tail: &Arc<Tail>) -> Result<Infallible, SettingsError> {
        tail.follow_each(self.position(), |entry| self.take(entry)).await
    }

    /// How far the log has been applied.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Waits until the log has been applied up to a position, so that whoever just published finds it in force here.
    pub async fn reach(&self, position: Position, limit: Duration) {
        let mut reached = self.position.subscribe();
        // A follower that is late applies it a little later.
        drop(timeout(limit, reached.wait_for(|applied| *applied >= position)).await);
    }

    /// An unreadable event of another kind of stream matters to others.
    fn take(&self, entry: Result<Decoded, Unreadable>) -> Result<(), SettingsError> {
        let position = match entry {
            Ok(decoded) => {
                self.apply(&decoded)?;
                warn_of(&decoded);
                decoded.position()
            }
            Err(unreadable) if unreadable.recorded.stream.category() == SettingsDecider::CATEGORY => {
                return Err(JournalError::from(unreadable).into());
            }
            Err(unreadable) => unreadable.recorded.position,
        };
        self.position.send_replace(position);
        Ok(())
    }

    fn apply(&self, decoded: &Decoded) -> Result<(), SettingsError> {
        let Some(event) = decoded.event().settings() else { return Ok(()) };
        let name = decoded.recorded().stream.as_str();
        let topic = name.split_once('-').and_then(|(_, topic)| Topic::parse(topic));
        match topic {
            Some(Topic::Policy) => self.policy.apply(event, decoded.position()),
            Some(Topic::Calendar) => self.calendars.apply(event, decoded.position()),
            Some(Topic::Flags) => self.flags.apply(event, decoded.position()),
            None => {
                self.note(event);
                Ok(())
            }
        }
    }

    /// An event that is met again notes nothing new; quick replies note nothing.
    fn note(&self, event: &Event) {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        *budgets = std::mem::take(&mut *budgets).evolve(event);
    }
}

/// Said once on each node, when it is noted, and not of what was noted before the start.
fn warn_of(decoded: &Decoded) {
    if let Some(Event::BudgetReached(reached)) = decoded.event().settings() {
        let BudgetReached { assistant, day, level, spent, budget } = reached;
        let (percent, spent, budget) = (level.percent(), spent.number(), budget.number());
        tracing::warn!(assistant, %day, percent, spent, budget, "an assistant's budget of the day is used");
    }
}

/// One topic's documents.
struct Slot<D> {
    zero: String,
    published: Mutex<State>,
    in_force: RwLock<Arc<D>>,
}

impl<D: Document> Slot<D> {
    fn new(zero: String) -> Result<Self, SettingsError> {
        let document = read::<D>(&zero, 0, Position::START)?;
        Ok(Self { zero, published: Mutex::default(), in_force: RwLock::new(Arc::new(document)) })
    }

    fn in_force(&self) -> Arc<D> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An event that has been applied is not applied again.
    fn apply(&self, event: &Event, position: Position) -> Result<(), SettingsError> {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if event.version().is_none_or(|version| version <= published.version()) {
            return Ok(());
        }
        let after = published.clone().evolve(event);
        let text = after.in_force().map_or(self.zero.as_str(), AsRef::as_ref);
        let document = read::<D>(text, after.version(), position)?;
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(document);
        *published = after;
        Ok(())
    }
}

fn read<D: Document>(text: &str, version: u32, position: Position) -> Result<D, SettingsError> {
    D::parse(text, version).map_err(|source| SettingsError::Document { topic: D::TOPIC, position, source })
}
