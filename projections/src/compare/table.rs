//! The tables of views: their columns and keys.

use std::cmp::Ordering;

use event_store::sql::{Row, Transaction};

use super::{
    cell::{Cell, Kind},
    result::{Difference, Named, What},
};
use crate::{error::ViewsError, projection::Projection, rows};

/// A table of a view.
pub(super) struct Table {
    view: &'static str,
    name: String,
    columns: Vec<Column>,
    /// Numbers of the primary key's columns, in its order.
    key: Vec<usize>,
}

struct Column {
    name: String,
    kind: Kind,
    is_plain: bool,
}

/// Reads a table's columns and key from the database in which it was just made.
pub(super) async fn describe(
    tx: &mut Transaction,
    projection: &dyn Projection,
    name: String,
) -> Result<Table, ViewsError> {
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    let sql = format!("select name, type, pk from pragma_table_info('{name}') order by cid");
    for (place, row) in tx.fetch(&sql, &[]).await?.iter().enumerate() {
        let (column, declared) = (row.text(0)?, row.text(1)?);
        let unknown = || rows::malformed(format!("column {name}.{column} is of type {declared}"));
        let kind = Kind::of_declared(&declared).ok_or_else(unknown)?;
        let is_plain = kind != Kind::Text && kind != Kind::Bytes || projection.plain_columns().contains(&&*column);
        key.extend((row.int(2)? > 0).then_some((row.int(2)?, place)));
        columns.push(Column { name: column, kind, is_plain });
    }
    key.sort_unstable();
    if key.is_empty() {
        return Err(rows::malformed(format!("table {name} has no primary key")).into());
    }
    let key = key.into_iter().map(|(_, place)| place).collect();
    Ok(Table { view: projection.name(), name, columns, key })
}

impl Table {
    pub(super) fn view(&self) -> &'static str {
        self.view
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a column holds nothing personal.
    pub(super) fn is_plain(&self, column: usize) -> bool {
        self.columns[column].is_plain
    }

    /// All rows in the order of the key: texts by their bytes, which is SQLite's default.
    pub(super) fn select(&self, is_postgres: bool) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        let by_bytes = |place: &usize| {
            let column = &self.columns[*place];
            let collation = if is_postgres && column.kind == Kind::Text { " collate \"C\"" } else { "" };
            format!("{}{collation}", column.name)
        };
        let key: Vec<String> = self.key.iter().map(by_bytes).collect();
        format!("select {} from {} order by {}", names.join(", "), self.name, key.join(", "))
    }

    pub(super) fn cells(&self, row: &Row) -> Vec<Cell> {
        self.columns.iter().enumerate().map(|(place, column)| column.kind.read(row, place)).collect()
    }

    pub(super) fn order(&self, one: &[Cell], other: &[Cell]) -> Ordering {
        let orders = self.key.iter().map(|place| one[*place].partial_cmp(&other[*place]).unwrap_or(Ordering::Equal));
        orders.into_iter().find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
    }

    pub(super) fn named(&self, place: usize, cell: &Cell) -> Named {
        let column = &self.columns[place];
        Named { column: column.name.clone(), cell: cell.clone(), is_plain: column.is_plain }
    }

    pub(super) fn difference(&self, row: &[Cell], what: What) -> Difference {
        let key = self.key.iter().map(|place| self.named(*place, &row[*place])).collect();
        Difference { view: self.view, table: self.name.clone(), key, what }
    }
}
