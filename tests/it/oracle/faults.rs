//! Mistakes in folding: a view gets all events but one, or one of them changed; the comparison with the oracle must report it.
//!
//! A mistake counts if it makes wrong rows, which is determined for one view alone in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_store::{
    Position, RecordedEvent,
    sql::{Database, SqlError, Transaction},
};
use jiff::SignedDuration;
use journal::{Decoded, Journal};
use projections::{Projection, ProjectionSet, catalogue};

use super::columns::UNSEEN;

/// The mistake at one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is left out.
    LeftOut,
    /// It stands at the next position.
    Later,
    /// It was recorded a microsecond later.
    Slower,
    /// It comes twice: no mistake, because applied events change nothing.
    Twice,
}

impl Fault {
    pub(super) const ALL: [Self; 4] = [Self::LeftOut, Self::Later, Self::Slower, Self::Twice];

    async fn on(self, events: &[Decoded], at: Position, journal: &Journal) -> Vec<Decoded> {
        let mut events = events.to_vec();
        let Some(index) = events.iter().position(|event| event.position() == at) else { return events };
        let mut recorded = RecordedEvent::clone(events[index].recorded());
        match self {
            Self::LeftOut => drop(events.remove(index)),
            Self::Twice => events.insert(index, events[index].clone()),
            Self::Later => {
                recorded.position = at.next();
                events[index] = opened(recorded, journal).await;
            }
            Self::Slower => {
                recorded.recorded_at += SignedDuration::from_micros(1);
                events[index] = opened(recorded, journal).await;
            }
        }
        events
    }
}

async fn opened(recorded: RecordedEvent, journal: &Journal) -> Decoded {
    let decoded = Decoded::decode(Arc::new(recorded)).unwrap();
    journal.open(&decoded).await.unwrap();
    decoded
}

/// A view that makes a mistake.
pub(super) struct Faulty {
    pub(super) inner: Arc<dyn Projection>,
    pub(super) journal: Journal,
    pub(super) fault: Fault,
    pub(super) at: Position,
}

#[async_trait]
impl Projection for Faulty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn version(&self) -> u32 {
        self.inner.version()
    }

    fn schema(&self) -> &'static [&'static str] {
        self.inner.schema()
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        self.inner.apply(tx, &self.fault.on(events, self.at, &self.journal).await).await
    }
}

/// This program's views, one of them faulty.
pub(super) fn set_with(faulty: Faulty) -> ProjectionSet {
    let mut projections: Vec<Arc<dyn Projection>> = catalogue::all().to_vec();
    let index = projections.iter().position(|one| one.name() == faulty.name()).unwrap();
    projections[index] = Arc::new(faulty);
    projections.into()
}

/// A view that keeps the facts themselves.
#[derive(Default)]
pub(super) struct Collector(pub(super) Mutex<Vec<Decoded>>);

#[async_trait]
impl Projection for Collector {
    fn name(&self) -> &'static str {
        "collector"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        &["create table collected (id bigint primary key)"]
    }

    async fn apply(&self, _: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        self.0.lock().unwrap().extend(events.iter().cloned());
        Ok(())
    }
}

/// The rows that a view alone makes of facts in one batch, as text, but for what no figure shows. The others' tables are
/// there, for a view may ask how things stood before the batch; they stay empty.
pub(super) async fn rows_of(projection: &dyn Projection, events: &[Decoded]) -> Vec<String> {
    let database = Database::scratch().await.unwrap();
    let mut tx = database.begin().await.unwrap();
    for statement in catalogue::all().iter().flat_map(|one| one.schema()) {
        tx.execute(statement, &[]).await.unwrap();
    }
    projection.apply(&mut tx, events).await.unwrap();
    let columns = "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'";
    let mut columns: Vec<(String, String)> =
        tx.fetch(columns, &[]).await.unwrap().iter().map(|row| (row.text(0).unwrap(), row.text(1).unwrap())).collect();
    columns.retain(|(table, column)| !UNSEEN.iter().any(|(t, c, _)| (t, c) == (&&**table, &&**column)));
    let mut rows = Vec::new();
    for of_table in columns.chunk_by(|one, other| one.0 == other.0) {
        let texts: Vec<String> =
            of_table.iter().map(|(_, column)| format!("coalesce(cast({column} as text), '∅')")).collect();
        let sql = format!("select {} from {} order by 1", texts.join(" || '|' || "), of_table[0].0);
        rows.extend(tx.fetch(&sql, &[]).await.unwrap().iter().map(|row| row.text(0).unwrap()));
    }
    rows
}
