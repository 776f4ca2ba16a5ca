//! What the log gives: all events folded into a nameless database, by the same code that runs live.
//!
//! Invariant: an event that cannot be folded ends the comparison and is named; nothing is skipped.

use std::{collections::BTreeSet, sync::Arc};

use event_store::{
    Position, ReadError,
    sql::{Database, SqlError, Transaction},
};
use journal::{Decoded, Journal, JournalError};

use super::table::{self, Table};
use crate::{
    cursor::{self, Cursor},
    error::ViewsError,
    follower::{
        decode_while,
        error::Error,
        feed::{self, BATCH, Batch},
    },
    projection::{ProjectionSet, fingerprint},
};

pub(super) struct Expected {
    journal: Journal,
    projections: ProjectionSet,
    database: Database,
    cursor: Cursor,
    tables: Arc<[Table]>,
}

impl Expected {
    pub(super) async fn new(projections: ProjectionSet, journal: Journal) -> Result<Self, ViewsError> {
        let log = journal.reader().identity().await?;
        let database = Database::scratch().await?;
        let mut tx = database.begin().await?;
        let tables = make_tables(&mut tx, &projections).await?.into();
        tx.execute(cursor::SCHEMA, &[]).await?;
        Cursor::begin(&mut tx, &fingerprint(&projections), log).await?;
        tx.commit().await?;
        let cursor = Cursor::load(&database).await?;
        Ok(Self { journal, projections, database, cursor, tables })
    }

    pub(super) fn position(&self) -> Position {
        self.cursor.position
    }

    pub(super) fn tables(&self) -> Arc<[Table]> {
        self.tables.clone()
    }

    pub(super) async fn rows(&self) -> Result<Transaction, SqlError> {
        self.database.snapshot().await
    }

    /// Folds up to a position and not beyond.
    pub(super) async fn fold_to(
        &mut self,
        position: Position,
        reached: &mut impl FnMut(Position),
    ) -> Result<(), ViewsError> {
        let mut at_most = BATCH;
        while self.position() < position {
            let missing = usize::try_from(position.0 - self.position().0).unwrap_or(BATCH);
            let page = match self.journal.reader().read_all(self.position(), missing.min(at_most)).await {
                // In a log with holes so many may reach beyond the position, and a damaged event there does not matter.
                Err(ReadError::Damaged { position: bad, .. }) if bad > position && missing.min(at_most) > 1 => {
                    at_most = missing.min(at_most) / 2;
                    continue;
                }
                page => page?,
            };
            let page = decode_while(page, |event| event.position <= position);
            if page.is_empty() {
                return Err(ViewsError::NotInLog { position });
            }
            self.fold(page).await?;
            reached(self.position());
        }
        Ok(())
    }

    async fn fold(&mut self, page: Vec<Result<Decoded, JournalError>>) -> Result<(), ViewsError> {
        let Batch { events, error } = feed::open(&self.journal, self.position(), page).await;
        match error {
            Some(Error::Alarm(alarm)) => return Err(ViewsError::Stopped(alarm)),
            Some(Error::Unavailable(source)) => return Err(ViewsError::Unavailable(source)),
            Some(Error::Fenced) | None => {}
        }
        let Some(end) = events.last().map(|event| event.recorded().clone()) else { return Ok(()) };
        let to = (end.position, hex::encode(end.hash));
        self.cursor.advance(&self.database, &self.projections, &events, to).await?;
        Ok(())
    }
}

/// The tables of a projection are those that its statements make.
async fn make_tables(tx: &mut Transaction, projections: &ProjectionSet) -> Result<Vec<Table>, ViewsError> {
    let (mut tables, mut known) = (Vec::new(), BTreeSet::new());
    for projection in projections.iter() {
        for statement in projection.schema() {
            tx.execute(statement, &[]).await?;
        }
        for row in tx.fetch("select name from sqlite_master where type = 'table' order by name", &[]).await? {
            let name = row.text(0)?;
            if known.insert(name.clone()) {
                tables.push(table::describe(tx, &**projection, name).await?);
            }
        }
    }
    Ok(tables)
}
