//! Notes when an assistant has used 80 or 100 percent of what it may use in a day ([`domain::budget`]).
//!
//! What it knows of the day is in memory while this node holds the lease, and in rows. Invariants: a level of a budget is noted once a
//! day, whoever dies on the way, because the note's id is made of assistant, day, level and budget; it decides only when it has
//! read all that was in the log when it took the lease.

use std::sync::Arc;

use domain::{
    SessionId,
    budget::{DailyBudgets, Ledger, LevelReached, RowOf},
};
use event_store::StreamName;
use jiff::Timestamp;
use journal::Decoded;
use serde_json::Value;

use super::{
    manager::{Action, Decision, Overview, ProcessManager, Timer},
    store::StoreError,
};
use crate::{assistants::Budgets, sessions, settings::budget::budget_stream};

/// The process manager.
pub struct WatchBudgets {
    budgets: Arc<Budgets>,
}

impl WatchBudgets {
    /// Watches these; `None` where there are none.
    #[must_use]
    pub fn new(budgets: &Arc<Budgets>) -> Option<Self> {
        (!budgets.daily().is_empty()).then(|| Self { budgets: budgets.clone() })
    }
}

impl ProcessManager for WatchBudgets {
    fn name(&self) -> &'static str {
        "budgets"
    }

    fn react(&self, _: &mut Value, _: &Decoded) -> Vec<Action> {
        Vec::new()
    }

    fn on_timer(&self, _: &Timer) -> Vec<Action> {
        Vec::new()
    }

    fn overview(&self) -> Option<Box<dyn Overview>> {
        let daily: DailyBudgets = self.budgets.daily().clone();
        Some(Box::new(Today { budgets: self.budgets.clone(), ledger: Ledger::new(daily) }))
    }
}

/// What it knows while it holds the lease.
struct Today {
    budgets: Arc<Budgets>,
    ledger: Ledger,
}

impl Overview for Today {
    fn restore(&mut self, stream: &StreamName, row: Value) -> Result<(), StoreError> {
        let malformed = StoreError::Malformed { what: "state" };
        let of = match stream.id() {
            Some(session) => RowOf::Session(SessionId(session)),
            None if *stream == budget_stream() => RowOf::Day,
            None => return Err(malformed),
        };
        self.ledger.restore((of, row)).map_err(|_| malformed)
    }

    fn take(&mut self, decoded: &Decoded) {
        let recorded = decoded.recorded();
        if let Some((session, event)) = decoded.event().session() {
            let (at, id) = (recorded.recorded_at, recorded.event.event_id);
            self.ledger.take(session, event, at, self.budgets.day(at), id);
        }
    }

    fn changed_rows(&mut self) -> Vec<(StreamName, Value)> {
        let stream = |of| match of {
            RowOf::Day => budget_stream(),
            RowOf::Session(session) => sessions::stream_of(session),
        };
        self.ledger.changed_rows().into_iter().map(|(of, row)| (stream(of), row)).collect()
    }

    fn decide(&mut self, _: Timestamp) -> Vec<Decision> {
        let note = |LevelReached { cause, reached }| Decision { cause, action: Action::NoteBudget(Box::new(reached)) };
        self.ledger.reached().into_iter().map(note).collect()
    }
}
