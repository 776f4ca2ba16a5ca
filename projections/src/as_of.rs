//! One session as of a point in the past: its events up to then, folded by the same projections that run live, into a database
//! that has no name and ends with this value. It is asked the same questions as the live views.
//!
//! Invariants: nothing is written anywhere else; the answer for a position never changes, except for texts that were
//! erased since; an event that cannot be read is named, never skipped.

mod decision;
mod point;

use std::{pin::pin, sync::Arc};

use domain::{Personal, SessionId};
use event_store::{
    Position, ReadError, RecordedEvent, StreamName, StreamVersion,
    pages::{PAGE, Page, stream_pages},
    sql::{Database, SqlError},
};
use futures::StreamExt as _;
use jiff::Timestamp;
use journal::{Decoded, Journal, JournalError};

pub use decision::Decision;
pub use point::{AsOf, InvalidAsOf};

use crate::{catalogue, error::ViewsError, projection::ProjectionSet, reading::Reading};

/// A session as of a point in the past.
pub struct SessionAt {
    /// Its newest event of then.
    pub newest: Arc<RecordedEvent>,
    /// The last decision that a person is wanted, over or not.
    pub decision: Option<Decision>,
    database: Database,
}

/// Why a session cannot be seen as it was.
#[derive(Debug, thiserror::Error)]
pub enum AsOfError {
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
        source: JournalError,
    },
    /// The nameless database failed.
    #[error("the database of a session in the past")]
    Database(#[from] SqlError),
}

impl SessionAt {
    /// Reads and folds what had happened in a session by then.
    ///
    /// # Errors
    /// The point is beyond the log's head or before the session's first event, or the log cannot be read.
    pub async fn read(journal: &Journal, session: SessionId, as_of: AsOf) -> Result<Self, AsOfError> {
        if let AsOf::Position(wanted) = as_of {
            let head = journal.reader().head().await?;
            if wanted > head {
                return Err(AsOfError::Ahead { wanted, head });
            }
        }
        let stream = StreamName::of("session", session.0);
        let mut pages = pin!(stream_pages(&**journal.reader(), &stream, StreamVersion::NONE));
        let mut fold = Fold::begin().await?;
        while let Some(page) = pages.next().await {
            let events = open_past(journal, page?, as_of).await?;
            if events.is_empty() {
                break;
            }
            fold.add(&events).await?;
        }
        match fold.end() {
            Some(then) => Ok(then),
            None => Err(not_begun(journal, &stream).await),
        }
    }

    /// Folds the events of one session, in order and opened; `None` if there are none.
    ///
    /// # Errors
    /// The nameless database failed.
    pub async fn fold(events: &[Decoded]) -> Result<Option<Self>, SqlError> {
        let mut fold = Fold::begin().await?;
        for page in events.chunks(PAGE) {
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

    /// Whether the evidence of the last decision has been erased.
    #[must_use]
    pub fn evidence_is_erased(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| decision.evidence == Personal::Erased)
    }
}

/// The events of a page up to a point. No later one is decoded, so that one that cannot be read does not hide what happened
/// before it.
async fn open_past(journal: &Journal, page: Page, as_of: AsOf) -> Result<Vec<Decoded>, AsOfError> {
    let mut events = Vec::with_capacity(page.len());
    for recorded in page.into_iter().take_while(|recorded| as_of.includes(recorded)) {
        let position = recorded.position;
        let opened = open(journal, recorded).await;
        events.push(opened.map_err(|source| AsOfError::Unreadable { position, source })?);
    }
    Ok(events)
}

async fn open(journal: &Journal, recorded: Arc<RecordedEvent>) -> Result<Decoded, JournalError> {
    let decoded = Decoded::decode(recorded)?;
    journal.open(&decoded).await?;
    Ok(decoded)
}

async fn not_begun(journal: &Journal, stream: &StreamName) -> AsOfError {
    match journal.reader().read_stream(stream, StreamVersion::NONE, 1).await {
        Err(error) => error.into(),
        Ok(events) => events.first().map_or(AsOfError::NoSession, |first| AsOfError::NotYet {
            began_at: first.recorded_at,
            position: first.position,
        }),
    }
}

/// The rows of a session on the way to a point.
struct Fold {
    projections: ProjectionSet,
    database: Database,
    newest: Option<Arc<RecordedEvent>>,
    decision: Option<Decision>,
}

impl Fold {
    async fn begin() -> Result<Self, SqlError> {
        let (projections, database) = (catalogue::all(), Database::scratch().await?);
        let mut tx = database.begin().await?;
        for statement in projections.iter().flat_map(|one| one.schema()) {
            tx.execute(statement, &[]).await?;
        }
        tx.commit().await?;
        Ok(Self { projections, database, newest: None, decision: None })
    }

    async fn add(&mut self, events: &[Decoded]) -> Result<(), SqlError> {
        let mut tx = self.database.begin().await?;
        for projection in self.projections.iter() {
            projection.apply(&mut tx, events).await?;
        }
        tx.commit().await?;
        self.newest = events.last().map(|event| event.recorded().clone()).or(self.newest.take());
        self.decision = events.iter().rev().find_map(Decision::of).or(self.decision.take());
        Ok(())
    }

    fn end(self) -> Option<SessionAt> {
        Some(SessionAt { newest: self.newest?, decision: self.decision, database: self.database })
    }
}
