//! What the log gives: every view folded from the first event into a nameless database, by the same code that runs live.
//!
//! Invariant: an event that cannot be folded ends the comparison and is named; nothing is skipped.

use std::{collections::BTreeSet, sync::Arc};

use event_store::{
    EventReader, Position, ReadError, RecordedEvent, Vault,
    sql::{Database, SqlError, Transaction},
};

use super::table::{self, Table};
use crate::{
    checkpoint::{self, Checkpoint},
    projection::{self, BATCH, Batch, Means, Trouble},
    view::{ViewSet, fingerprint},
    views::ViewsError,
};

pub(super) struct Expected {
    means: Means,
    database: Database,
    checkpoint: Checkpoint,
    tables: Arc<[Table]>,
}

impl Expected {
    pub(super) async fn new(
        views: ViewSet,
        reader: Arc<dyn EventReader>,
        vault: Arc<Vault>,
    ) -> Result<Self, ViewsError> {
        let log = reader.identity().await?;
        let database = Database::scratch().await?;
        let mut tx = database.begin().await?;
        let tables = make_tables(&mut tx, &views).await?.into();
        tx.execute(checkpoint::SCHEMA, &[]).await?;
        Checkpoint::begin(&mut tx, &fingerprint(&views), log).await?;
        tx.commit().await?;
        let checkpoint = Checkpoint::load(&database).await?;
        let means = Means { reader, vault, views, owner: String::new(), is_shared: false };
        Ok(Self { means, database, checkpoint, tables })
    }

    pub(super) fn position(&self) -> Position {
        self.checkpoint.position
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
            let page = match self.means.reader.read_all(self.position(), missing.min(at_most)).await {
                // In a log with holes so many may reach beyond the position, and what is bad there is not asked for.
                Err(ReadError::Damaged { position: bad, .. }) if bad > position && missing.min(at_most) > 1 => {
                    at_most = missing.min(at_most) / 2;
                    continue;
                }
                page => page?,
            };
            let page = page.into_iter().take_while(|event| event.position <= position).map(Ok).collect::<Vec<_>>();
            if page.is_empty() {
                return Err(ViewsError::NotInLog { position });
            }
            self.fold(page).await?;
            reached(self.position());
        }
        Ok(())
    }

    async fn fold(&mut self, page: Vec<Result<Arc<RecordedEvent>, ReadError>>) -> Result<(), ViewsError> {
        let Batch { facts, end, trouble } = projection::read(&self.means, self.position(), page).await;
        match trouble {
            Some(Trouble::Alarm(alarm)) => return Err(ViewsError::Stopped(alarm)),
            Some(Trouble::Away(source)) => return Err(ViewsError::Away(source)),
            Some(Trouble::Fenced) | None => {}
        }
        let Some(end) = end else { return Ok(()) };
        let to = (end.position, hex::encode(end.hash));
        self.checkpoint.advance(&self.database, &self.means.views, &facts, to).await?;
        Ok(())
    }
}

/// The tables of a view are those that its statements make.
async fn make_tables(tx: &mut Transaction, views: &ViewSet) -> Result<Vec<Table>, ViewsError> {
    let (mut tables, mut known) = (Vec::new(), BTreeSet::new());
    for view in views.iter() {
        for statement in view.schema() {
            tx.execute(statement, &[]).await?;
        }
        for row in tx.fetch("select name from sqlite_master where type = 'table' order by name", &[]).await? {
            let name = row.text(0)?;
            if known.insert(name.clone()) {
                tables.push(table::describe(tx, &**view, name).await?);
            }
        }
    }
    Ok(tables)
}
