//! One table: both sides read in the order of its key, side by side.

use std::cmp::Ordering;

use event_store::sql::{Row, SqlError, Transaction};
use futures::{StreamExt as _, stream::BoxStream};

use super::{
    Comparison, Difference, Named, What,
    cell::{Cell, Kind},
    found::{Erasures, Found},
};
use crate::{rows, view::View, views::ViewsError};

/// A table of a view.
pub(super) struct Table {
    view: &'static str,
    name: String,
    columns: Vec<Column>,
    /// Places of the primary key's columns, in its order.
    key: Vec<usize>,
}

struct Column {
    name: String,
    kind: Kind,
    is_plain: bool,
}

/// Reads a table's columns and key from the database that has just made it.
pub(super) async fn describe(tx: &mut Transaction, view: &dyn View, name: String) -> Result<Table, ViewsError> {
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    let sql = format!("select name, type, pk from pragma_table_info('{name}') order by cid");
    for (place, row) in tx.fetch(&sql, &[]).await?.iter().enumerate() {
        let (column, declared) = (row.text(0)?, row.text(1)?);
        let unknown = || rows::malformed(format!("column {name}.{column} is of type {declared}"));
        let kind = Kind::of_declared(&declared).ok_or_else(unknown)?;
        let is_plain = kind != Kind::Text && kind != Kind::Bytes || view.plain_columns().contains(&&*column);
        key.extend((row.int(2)? > 0).then_some((row.int(2)?, place)));
        columns.push(Column { name: column, kind, is_plain });
    }
    key.sort_unstable();
    if key.is_empty() {
        return Err(rows::malformed(format!("table {name} has no primary key")).into());
    }
    let key = key.into_iter().map(|(_, place)| place).collect();
    Ok(Table { view: view.name(), name, columns, key })
}

impl Table {
    /// All rows in the order of the key: texts by their bytes, as SQLite has it without being told.
    fn select(&self, is_postgres: bool) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        let by_bytes = |place: &usize| {
            let column = &self.columns[*place];
            let collation = if is_postgres && column.kind == Kind::Text { " collate \"C\"" } else { "" };
            format!("{}{collation}", column.name)
        };
        let key: Vec<String> = self.key.iter().map(by_bytes).collect();
        format!("select {} from {} order by {}", names.join(", "), self.name, key.join(", "))
    }

    fn cells(&self, row: &Row) -> Vec<Cell> {
        self.columns.iter().enumerate().map(|(place, column)| column.kind.read(row, place)).collect()
    }

    fn order(&self, one: &[Cell], other: &[Cell]) -> Ordering {
        let orders = self.key.iter().map(|place| one[*place].partial_cmp(&other[*place]).unwrap_or(Ordering::Equal));
        orders.into_iter().find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
    }

    fn named(&self, place: usize, cell: &Cell) -> Named {
        let column = &self.columns[place];
        Named { column: column.name.clone(), cell: cell.clone(), is_plain: column.is_plain }
    }

    fn difference(&self, row: &[Cell], what: What) -> Difference {
        let key = self.key.iter().map(|place| self.named(*place, &row[*place])).collect();
        Difference { view: self.view, table: self.name.clone(), key, what }
    }
}

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

    /// Gives the row it stands at, and goes on.
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
    notes.comparison.rows.push((table.view, table.name.clone(), rows));
    Ok(())
}

/// Which side stands at the lower key; nothing at the end of both.
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

    /// Whether one side has no text any more, and the row is of a session with something erased: since the views took it
    /// in, or, while this runs, between the two readings of the event.
    async fn is_erased(&mut self, place: usize, ours: &Cell, theirs: &Cell, row: &[Cell]) -> Result<bool, ViewsError> {
        let is_gone = [ours, theirs].into_iter().any(|cell| *cell == Cell::Null);
        Ok(is_gone && !self.table.columns[place].is_plain && self.erasures.touch(row).await?)
    }

    fn add(&mut self, difference: impl FnOnce(&Table) -> Difference) {
        self.comparison.count += 1;
        if self.comparison.differences.len() < self.limit {
            self.comparison.differences.push(difference(self.table));
        }
    }
}
