//! Mistakes in folding: a view gets all events but one, or one of them changed; the comparison with the oracle must report it.
//!
//! A mistake counts if it makes wrong rows, which is determined for one view alone in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_store::{
    Position,
    sql::{Database, SqlError, Transaction},
};
use jiff::SignedDuration;
use projections::{Fact, View, ViewSet, view};

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

    fn on(self, facts: &[Fact], at: Position) -> Vec<Fact> {
        let mut facts = facts.to_vec();
        let Some(place) = facts.iter().position(|fact| fact.position() == at) else { return facts };
        match self {
            Self::LeftOut => drop(facts.remove(place)),
            Self::Later => Arc::make_mut(&mut facts[place].recorded).position = at.next(),
            Self::Slower => Arc::make_mut(&mut facts[place].recorded).recorded_at += SignedDuration::from_micros(1),
            Self::Twice => facts.insert(place, facts[place].clone()),
        }
        facts
    }
}

/// A view that makes a mistake.
pub(super) struct Faulty {
    pub(super) view: Arc<dyn View>,
    pub(super) fault: Fault,
    pub(super) at: Position,
}

#[async_trait]
impl View for Faulty {
    fn name(&self) -> &'static str {
        self.view.name()
    }

    fn version(&self) -> u32 {
        self.view.version()
    }

    fn schema(&self) -> &'static [&'static str] {
        self.view.schema()
    }

    async fn apply(&self, tx: &mut Transaction, facts: &[Fact]) -> Result<(), SqlError> {
        self.view.apply(tx, &self.fault.on(facts, self.at)).await
    }
}

/// This program's views, one of them faulty.
pub(super) fn set_with(faulty: Faulty) -> ViewSet {
    let mut views: Vec<Arc<dyn View>> = view::all().to_vec();
    let place = views.iter().position(|view| view.name() == faulty.name()).unwrap();
    views[place] = Arc::new(faulty);
    views.into()
}

/// A view that keeps the facts themselves.
#[derive(Default)]
pub(super) struct Collector(pub(super) Mutex<Vec<Fact>>);

#[async_trait]
impl View for Collector {
    fn name(&self) -> &'static str {
        "collector"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        &["create table collected (id bigint primary key)"]
    }

    async fn apply(&self, _: &mut Transaction, facts: &[Fact]) -> Result<(), SqlError> {
        self.0.lock().unwrap().extend(facts.iter().cloned());
        Ok(())
    }
}

/// The rows that a view alone makes of facts in one batch, as text, but for what no figure shows. The others' tables are
/// there, for a view may ask how things stood before the batch; they stay empty.
pub(super) async fn rows_of(view: &dyn View, facts: &[Fact]) -> Vec<String> {
    let database = Database::scratch().await.unwrap();
    let mut tx = database.begin().await.unwrap();
    for statement in view::all().iter().flat_map(|view| view.schema()) {
        tx.execute(statement, &[]).await.unwrap();
    }
    view.apply(&mut tx, facts).await.unwrap();
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
