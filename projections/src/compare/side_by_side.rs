//! One table of both sides, read in the order of its key.

use std::cmp::Ordering;

use event_store::sql::{Row, SqlError, Transaction};
use futures::{StreamExt as _, stream::BoxStream};

use super::{
    cell::Cell,
    found::{Erasures, Found},
    result::{Comparison, Difference, What},
    table::Table,
};
use crate::error::ViewsError;

/// The rows of one side, one at a time.
struct Side<'a> {
    table: &'a Table,
    rows: BoxStream<'a, Result<Row, SqlError>>,
    next: Option<Vec<Cell>>,
}

impl<'a> Side<'a> {
    async fn open(table: &'a Table, tx: &'a mut Transaction, sql: &'a str) -> Result<Self, SqlError> {
        let mut side = Self { table, rows: tx.stream(sql), next: None };
        side.advance().await?;
        Ok(side)
    }

    /// Returns the row that it is at, and goes on.
    async fn advance(&mut self) -> Result<Option<Vec<Cell>>, SqlError> {
        let next = self.rows.next().await.transpose()?.map(|row| self.table.cells(&row));
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// Compares one table and adds to the comparison.
pub(super) async fn compare(
    table: &Table,
    expected: &mut Transaction,
    found: &mut Found,
    erasures: &mut Erasures,
    comparison: &mut Comparison,
    limit: usize,
) -> Result<(), ViewsError> {
    let (here, there) = (table.select(expected.is_postgres()), table.select(found.rows.is_postgres()));
    let mut expected = Side::open(table, expected, &here).await?;
    let mut found = Side::open(table, &mut found.rows, &there).await?;
    let mut notes = Notes { table, erasures, comparison, limit };
    let mut rows = 0;
    while let Some(order) = order_of_next(&expected, &found) {
        let ours = if order.is_le() { expected.advance().await? } else { None };
        let theirs = if order.is_ge() { found.advance().await? } else { None };
        rows += u64::from(ours.is_some());
        notes.take(ours, theirs).await?;
    }
    notes.comparison.rows.push((table.view(), table.name().to_owned(), rows));
    Ok(())
}

/// Which side is at the lower key; `None` at the end of both.
fn order_of_next(expected: &Side<'_>, found: &Side<'_>) -> Option<Ordering> {
    Some(match (&expected.next, &found.next) {
        (None, None) => return None,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(ours), Some(theirs)) => expected.table.order(ours, theirs),
    })
}

struct Notes<'a> {
    table: &'a Table,
    erasures: &'a mut Erasures,
    comparison: &'a mut Comparison,
    limit: usize,
}

impl Notes<'_> {
    async fn take(&mut self, expected: Option<Vec<Cell>>, found: Option<Vec<Cell>>) -> Result<(), ViewsError> {
        match (expected, found) {
            (Some(row), None) => self.add(|table| table.difference(&row, What::Missing)),
            (None, Some(row)) => self.add(|table| table.difference(&row, What::Unexpected)),
            (Some(expected), Some(found)) if expected != found => self.columns(&expected, &found).await?,
            (Some(_), Some(_)) | (None, None) => {}
        }
        Ok(())
    }

    async fn columns(&mut self, expected: &[Cell], found: &[Cell]) -> Result<(), ViewsError> {
        for (place, (ours, theirs)) in expected.iter().zip(found).enumerate() {
            if ours == theirs {
                continue;
            }
            if self.is_erased(place, ours, theirs, found).await? {
                self.comparison.erased_since += u64::from(*theirs != Cell::Null);
                continue;
            }
            let what = |table: &Table| What::Column { expected: table.named(place, ours), found: theirs.clone() };
            self.add(|table| table.difference(expected, what(table)));
        }
        Ok(())
    }

    /// Whether one side has lost a text, and the row is of a session with something erased: since the views folded the event,
    /// or, during the comparison, between the two readings of it.
    async fn is_erased(&mut self, place: usize, ours: &Cell, theirs: &Cell, row: &[Cell]) -> Result<bool, ViewsError> {
        let is_gone = [ours, theirs].into_iter().any(|cell| *cell == Cell::Null);
        Ok(is_gone && !self.table.is_plain(place) && self.erasures.touch(row).await?)
    }

    fn add(&mut self, difference: impl FnOnce(&Table) -> Difference) {
        self.comparison.count += 1;
        if self.comparison.differences.len() < self.limit {
            self.comparison.differences.push(difference(self.table));
        }
    }
}
