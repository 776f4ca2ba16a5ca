//! One generation of views: tables of one fingerprint with one checkpoint; and which of them a starting program serves.
//!
//! Invariants: a generation that was folded from another log is refused, not served; the program serves the accepted
//! generation as long as its code can use it, and builds its own beside it. One that is accepted has all its indexes.

use std::sync::Arc;

use event_store::{
    EventReader, Identity, Position,
    sql::{Database, SqlError, Transaction},
};

use crate::{
    checkpoint::{self, Checkpoint},
    place::{Place, Survey, schema_name},
    view::{ViewSet, fingerprint, usable},
    views::ViewsError,
};

/// One generation.
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) database: Database,
}

/// The rows of a generation, standing still until this is dropped.
pub(crate) struct Held {
    pub(crate) position: Position,
    _lock: Option<Transaction>,
}

impl Held {
    /// Rows that are gone: whatever they were, they were not newer than this.
    pub(crate) fn gone(head: Position) -> Self {
        Self { position: head, _lock: None }
    }
}

impl Generation {
    /// Makes the indexes that readers need, each by itself, where they are not there yet.
    pub(crate) async fn make_indexes(&self, views: &ViewSet) -> Result<(), SqlError> {
        for statement in views.iter().flat_map(|view| view.indexes()) {
            let mut tx = self.database.begin().await?;
            one_node_at_a_time(&mut tx).await?;
            tx.execute(statement, &[]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Keeps the rows as they are, whoever owns them: the checkpoint goes first in every batch, so its row is the lock; in a
    /// file the transaction itself is.
    pub(crate) async fn hold(&self) -> Result<Held, SqlError> {
        let mut lock = self.database.begin().await?;
        let position = checkpoint::lock(&mut lock).await?;
        Ok(Held { position, _lock: Some(lock) })
    }
}

/// What a program starts with.
pub(crate) struct Chosen {
    /// Answers queries.
    pub(crate) serving: (Arc<Generation>, Checkpoint),
    /// Is built beside it and takes its place.
    pub(crate) next: Option<(Arc<Generation>, Checkpoint)>,
}

pub(crate) type Loaded = (Arc<Generation>, Checkpoint);

/// Finds or makes the generations that this program serves and builds.
pub(crate) async fn choose(place: &Place, views: &ViewSet, reader: &dyn EventReader) -> Result<Chosen, ViewsError> {
    let log = reader.identity().await?;
    let current = match place.current().await? {
        Some(number) => load(place, number).await?,
        None => None,
    };
    if let Some((_, checkpoint)) = &current {
        refuse_other_log(checkpoint, log, reader).await?;
    }
    let fingerprint = fingerprint(views);
    match current {
        Some(current) if current.1.fingerprint == fingerprint => Ok(Chosen { serving: current, next: None }),
        Some(current) if usable(views, &current.1.fingerprint) => {
            let next = find_or_make(place, views, reader, current.0.number).await?;
            Ok(Chosen { serving: current, next: Some(next) })
        }
        // Nothing that this program could serve meanwhile: readers see older positions until the log is caught up.
        unusable => {
            let not = unusable.map_or(0, |(generation, _)| generation.number);
            let serving = find_or_make(place, views, reader, not).await?;
            serving.0.make_indexes(views).await?;
            place.set_current(serving.0.number).await?;
            Ok(Chosen { serving, next: None })
        }
    }
}

pub(crate) async fn refuse_other_log(
    checkpoint: &Checkpoint,
    log: Identity,
    reader: &dyn EventReader,
) -> Result<(), ViewsError> {
    let position = checkpoint.position;
    if checkpoint.log.log_id != log.log_id {
        return Err(ViewsError::OtherLog { views: checkpoint.log.log_id, log: log.log_id });
    }
    if checkpoint.log.generation != log.generation {
        let (views, log) = (checkpoint.log.generation, log.generation);
        return Err(ViewsError::OtherLogGeneration { views, log });
    }
    if checkpoint.is_in(reader).await? { Ok(()) } else { Err(ViewsError::NotInLog { position }) }
}

/// The newest other generation that this program has built, wholly or in part, from this log; else a new one.
async fn find_or_make(
    place: &Place,
    views: &ViewSet,
    reader: &dyn EventReader,
    not: u64,
) -> Result<Loaded, ViewsError> {
    let _making = place.lock_making()?;
    let log = reader.identity().await?;
    let numbers = place.numbers().await?;
    for number in numbers.iter().rev().copied().filter(|number| *number != not) {
        if let Some(found) = load_own(place, views, reader, number).await? {
            return Ok(found);
        }
        // Half-made, or half-built for another program. On a server that program may be running.
        if number > not && !place.is_shared() {
            place.remove(number).await?;
        }
    }
    let newest = place.numbers().await?.last().copied().unwrap_or(0).max(not);
    make(place, newest + 1, views, log).await
}

/// Makes the next generation after the accepted one, empty: whoever runs the views begins to build it. One that was asked
/// for already is answered again; says whether it was.
pub(crate) async fn request(
    place: &Place,
    views: &ViewSet,
    reader: &dyn EventReader,
) -> Result<(Loaded, bool), ViewsError> {
    let _making = place.lock_making()?;
    let Survey { current, numbers } = place.survey().await?;
    let accepted = current.unwrap_or(0);
    for number in numbers.iter().rev().copied().filter(|number| *number > accepted) {
        if let Some(found) = load_own(place, views, reader, number).await? {
            return Ok((found, true));
        }
    }
    let newest = numbers.last().copied().unwrap_or(0).max(accepted);
    Ok((make(place, newest + 1, views, reader.identity().await?).await?, false))
}

/// Opens a generation if it is whole, was made by this version of the program and folded from this very log.
pub(crate) async fn load_own(
    place: &Place,
    views: &ViewSet,
    reader: &dyn EventReader,
    number: u64,
) -> Result<Option<Loaded>, ViewsError> {
    let Some(found) = load(place, number).await? else { return Ok(None) };
    let checkpoint = &found.1;
    let is_of_log = checkpoint.log == reader.identity().await?;
    if checkpoint.fingerprint == fingerprint(views) && is_of_log && checkpoint.is_in(reader).await? {
        return Ok(Some(found));
    }
    found.0.database.close().await;
    Ok(None)
}

/// Opens a generation that is whole.
pub(crate) async fn load(place: &Place, number: u64) -> Result<Option<Loaded>, ViewsError> {
    if !place.numbers().await?.contains(&number) {
        return Ok(None);
    }
    let database = place.database(number).await?;
    if !is_whole(&database, number).await? {
        database.close().await;
        return Ok(None);
    }
    let checkpoint = Checkpoint::load(&database).await?;
    Ok(Some((Arc::new(Generation { number, database }), checkpoint)))
}

/// Everything of a generation is made in one transaction, so its last table stands for all.
async fn is_whole(database: &Database, number: u64) -> Result<bool, ViewsError> {
    let rows = match database {
        Database::Sqlite { .. } => {
            database.fetch("select 1 from sqlite_master where type = 'table' and name = 'checkpoint'", &[]).await?
        }
        Database::Postgres(_) => {
            let sql = "select 1 from pg_tables where schemaname = $1 and tablename = 'checkpoint'";
            database.fetch(sql, &[(&*schema_name(number)).into()]).await?
        }
    };
    Ok(!rows.is_empty())
}

/// Makes a generation, or opens the one that another node has just made under this number.
async fn make(place: &Place, number: u64, views: &ViewSet, log: Identity) -> Result<Loaded, ViewsError> {
    let draft = place.draft(number).await?;
    fill(&draft, number, views, log).await?;
    let database = place.publish(draft, number).await?;
    let checkpoint = Checkpoint::load(&database).await?;
    if checkpoint.fingerprint != fingerprint(views) {
        // Two versions of the program started at once; the other was faster.
        return Err(ViewsError::Taken { number });
    }
    Ok((Arc::new(Generation { number, database }), checkpoint))
}

/// In PostgreSQL, until the transaction ends: nodes that start together make the same things. A file has one process.
async fn one_node_at_a_time(tx: &mut Transaction) -> Result<(), SqlError> {
    if tx.is_postgres() {
        tx.fetch("select 1 from pg_advisory_xact_lock(hashtext('fiido-desk views'))", &[]).await?;
    }
    Ok(())
}

/// Makes the tables, unless another node was faster.
async fn fill(database: &Database, number: u64, views: &ViewSet, log: Identity) -> Result<(), ViewsError> {
    let mut tx = database.begin().await?;
    if tx.is_postgres() {
        let schema = schema_name(number);
        one_node_at_a_time(&mut tx).await?;
        let found = tx.fetch("select 1 from pg_namespace where nspname = $1", &[(&*schema).into()]).await?;
        if !found.is_empty() {
            return Ok(());
        }
        tx.execute(&format!("create schema {schema}"), &[]).await?;
    }
    for statement in views.iter().flat_map(|view| view.schema()) {
        tx.execute(statement, &[]).await?;
    }
    tx.execute(checkpoint::SCHEMA, &[]).await?;
    Checkpoint::begin(&mut tx, &fingerprint(views), log).await?;
    Ok(tx.commit().await?)
}
