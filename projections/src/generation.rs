//! One view generation: tables of one fingerprint with one cursor; and which generations a starting program serves and builds.
//!
//! Invariants: a generation that was folded from another log is refused, not served; the program serves the current
//! generation as long as its code can use it, and builds its own beside it. The current generation has all its indexes.

use std::sync::Arc;

use event_store::{
    EventReader, Identity, Position,
    sql::{Database, SqlError, Transaction},
};

use crate::{
    cursor::{self, Cursor},
    error::ViewsError,
    projection::{ProjectionSet, can_use, fingerprint},
    storage::{Storage, Survey, schema_name},
};

/// One generation.
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) database: Database,
}

/// The rows of a generation; nobody writes them until this is dropped.
pub(crate) struct Held {
    pub(crate) position: Position,
    _lock: Option<Transaction>,
}

impl Held {
    /// Rows that were deleted: they were not newer than the log's head.
    pub(crate) fn deleted(head: Position) -> Self {
        Self { position: head, _lock: None }
    }
}

impl Generation {
    /// Makes the missing indexes that readers need, each in a transaction of its own.
    pub(crate) async fn make_indexes(&self, projections: &ProjectionSet) -> Result<(), SqlError> {
        for statement in projections.iter().flat_map(|one| one.indexes()) {
            let mut tx = self.database.begin().await?;
            one_node_at_a_time(&mut tx).await?;
            tx.execute(statement, &[]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Keeps the rows as they are, whichever process owns them: every batch updates the cursor first, so its row is the lock; in
    /// a file the transaction itself is.
    pub(crate) async fn hold(&self) -> Result<Held, SqlError> {
        let mut lock = self.database.begin().await?;
        let position = cursor::lock(&mut lock).await?;
        Ok(Held { position, _lock: Some(lock) })
    }
}

/// What a program starts with.
pub(crate) struct Chosen {
    /// Answers queries.
    pub(crate) serving: Arc<Generation>,
    /// Of the serving generation.
    pub(crate) cursor: Cursor,
    /// The number of the generation that is built beside it and replaces it.
    pub(crate) next: Option<u64>,
}

pub(crate) type Loaded = (Arc<Generation>, Cursor);

/// Finds or makes the generations that this program serves and builds.
pub(crate) async fn choose(
    storage: &Storage,
    projections: &ProjectionSet,
    reader: &dyn EventReader,
) -> Result<Chosen, ViewsError> {
    let log = reader.identity().await?;
    let current = match storage.current().await? {
        Some(number) => load(storage, number).await?,
        None => None,
    };
    if let Some((_, cursor)) = &current {
        refuse_other_log(cursor, log, reader).await?;
    }
    let fingerprint = fingerprint(projections);
    match current {
        Some((serving, cursor)) if cursor.fingerprint == fingerprint => Ok(Chosen { serving, cursor, next: None }),
        Some((serving, cursor)) if can_use(projections, &cursor.fingerprint) => {
            let (next, _) = find_or_make(storage, projections, reader, serving.number).await?;
            next.database.close().await;
            Ok(Chosen { serving, cursor, next: Some(next.number) })
        }
        // Nothing that this program could serve meanwhile: readers see older positions until it has caught up.
        unusable => {
            let except = unusable.map_or(0, |(generation, _)| generation.number);
            let (serving, cursor) = find_or_make(storage, projections, reader, except).await?;
            serving.make_indexes(projections).await?;
            storage.set_current(serving.number).await?;
            Ok(Chosen { serving, cursor, next: None })
        }
    }
}

pub(crate) async fn refuse_other_log(
    cursor: &Cursor,
    log: Identity,
    reader: &dyn EventReader,
) -> Result<(), ViewsError> {
    let position = cursor.position;
    if cursor.log.log_id != log.log_id {
        return Err(ViewsError::OtherLog { views: cursor.log.log_id, log: log.log_id });
    }
    if cursor.log.generation != log.generation {
        let (views, log) = (cursor.log.generation, log.generation);
        return Err(ViewsError::OtherLogGeneration { views, log });
    }
    if cursor.is_in(reader).await? { Ok(()) } else { Err(ViewsError::NotInLog { position }) }
}

/// The newest generation, other than `except`, that this program has built wholly or in part from this log; else a new one.
async fn find_or_make(
    storage: &Storage,
    projections: &ProjectionSet,
    reader: &dyn EventReader,
    except: u64,
) -> Result<Loaded, ViewsError> {
    let _making = storage.lock_making()?;
    let log = reader.identity().await?;
    let numbers = storage.numbers().await?;
    let mut newest = except;
    for number in numbers.iter().rev().copied().filter(|number| *number != except) {
        if let Some(found) = load_own(storage, projections, reader, number).await? {
            return Ok(found);
        }
        // Half-made, or half-built for another program. On a server that program may be running.
        if number > except && !storage.is_shared() {
            storage.remove(number).await?;
        } else {
            newest = newest.max(number);
        }
    }
    // The number after those seen above, not after those there are by now: nodes that start together mean the same one.
    make(storage, newest + 1, projections, log).await
}

/// Makes the next generation after the current one, empty: the process that runs the views begins to build it. If one is
/// requested already, returns that one and true.
pub(crate) async fn request(
    storage: &Storage,
    projections: &ProjectionSet,
    reader: &dyn EventReader,
) -> Result<(Loaded, bool), ViewsError> {
    let _making = storage.lock_making()?;
    let Survey { current, numbers } = storage.survey().await?;
    let current = current.unwrap_or(0);
    for number in numbers.iter().rev().copied().filter(|number| *number > current) {
        if let Some(found) = load_own(storage, projections, reader, number).await? {
            return Ok((found, true));
        }
    }
    let newest = numbers.last().copied().unwrap_or(0).max(current);
    Ok((make(storage, newest + 1, projections, reader.identity().await?).await?, false))
}

/// Opens a generation if it is complete, was made by this version of the program and folded from this very log.
pub(crate) async fn load_own(
    storage: &Storage,
    projections: &ProjectionSet,
    reader: &dyn EventReader,
    number: u64,
) -> Result<Option<Loaded>, ViewsError> {
    let Some(found) = load(storage, number).await? else { return Ok(None) };
    let cursor = &found.1;
    let is_of_log = cursor.log == reader.identity().await?;
    if cursor.fingerprint == fingerprint(projections) && is_of_log && cursor.is_in(reader).await? {
        return Ok(Some(found));
    }
    found.0.database.close().await;
    Ok(None)
}

/// Opens a generation if it is complete.
pub(crate) async fn load(storage: &Storage, number: u64) -> Result<Option<Loaded>, ViewsError> {
    if !storage.numbers().await?.contains(&number) {
        return Ok(None);
    }
    let database = storage.database(number).await?;
    if !is_complete(&database, number).await? {
        database.close().await;
        return Ok(None);
    }
    let cursor = Cursor::load(&database).await?;
    Ok(Some((Arc::new(Generation { number, database }), cursor)))
}

/// All tables of a generation are made in one transaction, so the last one stands for all.
async fn is_complete(database: &Database, number: u64) -> Result<bool, ViewsError> {
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
async fn make(
    storage: &Storage,
    number: u64,
    projections: &ProjectionSet,
    log: Identity,
) -> Result<Loaded, ViewsError> {
    let draft = storage.draft(number).await?;
    fill(&draft, number, projections, log).await?;
    let database = storage.publish(draft, number).await?;
    let cursor = Cursor::load(&database).await?;
    if cursor.fingerprint != fingerprint(projections) {
        // Two versions of the program started at once, and the other was first.
        return Err(ViewsError::Taken { number });
    }
    Ok((Arc::new(Generation { number, database }), cursor))
}

/// In PostgreSQL, until the transaction ends: nodes that start together make the same tables. A file has one process.
async fn one_node_at_a_time(tx: &mut Transaction) -> Result<(), SqlError> {
    if tx.is_postgres() {
        tx.fetch("select 1 from pg_advisory_xact_lock(hashtext('fiido-desk views'))", &[]).await?;
    }
    Ok(())
}

/// Makes the tables, unless another node was first.
async fn fill(database: &Database, number: u64, projections: &ProjectionSet, log: Identity) -> Result<(), ViewsError> {
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
    for statement in projections.iter().flat_map(|one| one.schema()) {
        tx.execute(statement, &[]).await?;
    }
    tx.execute(cursor::SCHEMA, &[]).await?;
    Cursor::begin(&mut tx, &fingerprint(projections), log).await?;
    Ok(tx.commit().await?)
}
