//! One session as it stood at a moment: its own events up to then, folded by the very views that run live into a database
//! that has no name and ends with this value. What is asked of it are the questions that the live views are asked.
//!
//! Invariants: nothing is written anywhere else; the answer for a position is the same for ever, but for texts that were
//! erased since; an event that cannot be read is named, never skipped.

mod decision;
mod point;

use std::sync::Arc;

use domain::{Personal, SessionId};
use event_store::{
    EventReader, Position, ReadError, RecordedEvent, StreamName, StreamVersion, Vault,
    sql::{Database, SqlError},
};
use jiff::Timestamp;

pub use decision::Decision;
pub use point::{Moment, NotAMoment};

use crate::{
    fact::{Fact, FactError},
    reading::Reading,
    view::{self, ViewSet},
    views::ViewsError,
};

/// Events read and folded at a time.
const PAGE: usize = 500;

/// A session as it stood at a moment.
pub struct SessionAt {
    /// Its newest event of then.
    pub newest: Arc<RecordedEvent>,
    /// The last decision that a person is wanted, over or not.
    pub decision: Option<Decision>,
    database: Database,
}

/// Why a session cannot be seen as it stood.
#[derive(Debug, thiserror::Error)]
pub enum MomentError {
    /// The log does not reach so far.
    #[error("the log ends at position {head}, before {wanted}")]
    Ahead {
        /// The position that was asked for.
        wanted: Position,
        /// Where the log ends.
        head: Position,
    },
    /// There is no such session, then or now.
    #[error("there is no such session")]
    NoSession,
    /// It had not begun.
    #[error("the session began at {began_at}, position {position}")]
    NotYet {
        /// When its first event was recorded.
        began_at: Timestamp,
        /// The place of that event.
        position: Position,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// An event of it cannot be read.
    #[error("the event at position {position} cannot be read")]
    Unreadable {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: FactError,
    },
    /// The nameless database failed.
    #[error("the database of the moment")]
    Database(#[from] SqlError),
}

impl SessionAt {
    /// Reads and folds what had happened in a session by a moment.
    ///
    /// # Errors
    /// The moment is beyond the log's head or before the session's first event, or the log cannot be read.
    pub async fn read(
        reader: &dyn EventReader,
        vault: &Vault,
        session: SessionId,
        moment: Moment,
    ) -> Result<Self, MomentError> {
        if let Moment::Position(wanted) = moment {
            let head = reader.head().await?;
            if wanted > head {
                return Err(MomentError::Ahead { wanted, head });
            }
        }
        let mut past = Past { reader, vault, stream: StreamName::of("session", session.0), moment };
        let mut facts = past.page(StreamVersion::NONE).await?;
        let mut fold = Fold::begin().await?;
        while let Some(last) = facts.last() {
            let after = last.recorded.version;
            fold.add(&facts).await?;
            facts = past.page(after).await?;
        }
        match fold.end() {
            Some(then) => Ok(then),
            None => Err(past.not_begun().await),
        }
    }

    /// Folds a session's facts up to a moment, in order; nothing where there are none.
    ///
    /// # Errors
    /// The nameless database failed.
    pub async fn fold(facts: &[Fact]) -> Result<Option<Self>, SqlError> {
        let mut fold = Fold::begin().await?;
        for page in facts.chunks(PAGE) {
            fold.add(page).await?;
        }
        Ok(fold.end())
    }

    /// The state of then, to be asked what the live views are asked. One reading at a time: another waits for its end.
    ///
    /// # Errors
    /// The nameless database failed.
    pub async fn reading(&self) -> Result<Reading, ViewsError> {
        Reading::of(&self.database, self.newest.position).await
    }

    /// Whether what the last decision saw has been erased.
    #[must_use]
    pub fn evidence_is_erased(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| decision.evidence == Personal::Erased)
    }
}

/// A session's stream up to a moment.
struct Past<'a> {
    reader: &'a dyn EventReader,
    vault: &'a Vault,
    stream: StreamName,
    moment: Moment,
}

impl Past<'_> {
    async fn page(&mut self, after: StreamVersion) -> Result<Vec<Fact>, MomentError> {
        let events = self.reader.read_stream(&self.stream, after, PAGE).await?;
        let mut facts = Vec::with_capacity(events.len());
        for event in events.iter().take_while(|event| self.moment.includes(event)) {
            let read = Fact::read(event, self.vault).await;
            facts.push(read.map_err(|source| MomentError::Unreadable { position: event.position, source })?);
        }
        Ok(facts)
    }

    async fn not_begun(&self) -> MomentError {
        match self.reader.read_stream(&self.stream, StreamVersion::NONE, 1).await {
            Err(error) => error.into(),
            Ok(events) => events.first().map_or(MomentError::NoSession, |first| MomentError::NotYet {
                began_at: first.recorded_at,
                position: first.position,
            }),
        }
    }
}

/// A session on its way to a moment.
struct Fold {
    views: ViewSet,
    database: Database,
    newest: Option<Arc<RecordedEvent>>,
    decision: Option<Decision>,
}

impl Fold {
    async fn begin() -> Result<Self, SqlError> {
        let (views, database) = (view::all(), Database::scratch().await?);
        let mut tx = database.begin().await?;
        for statement in views.iter().flat_map(|view| view.schema()) {
            tx.execute(statement, &[]).await?;
        }
        tx.commit().await?;
        Ok(Self { views, database, newest: None, decision: None })
    }

    async fn add(&mut self, facts: &[Fact]) -> Result<(), SqlError> {
        let mut tx = self.database.begin().await?;
        for view in self.views.iter() {
            view.apply(&mut tx, facts).await?;
        }
        tx.commit().await?;
        self.newest = facts.last().map(|fact| fact.recorded.clone()).or(self.newest.take());
        self.decision = facts.iter().rev().find_map(Decision::of).or(self.decision.take());
        Ok(())
    }

    fn end(self) -> Option<SessionAt> {
        Some(SessionAt { newest: self.newest?, decision: self.decision, database: self.database })
    }
}
