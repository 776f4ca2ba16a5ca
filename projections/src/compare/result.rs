//! The result of a comparison.

use event_store::Position;

use super::cell::Cell;

/// The result of a comparison.
#[derive(Debug)]
pub struct Comparison {
    /// The generation that was compared.
    pub generation: u64,
    /// The position that the views had read up to.
    pub position: Position,
    /// Rows that the log gives, by table.
    pub rows: Vec<(&'static str, String, u64)>,
    /// The first differences, as many as were wanted.
    pub differences: Vec<Difference>,
    /// How many there are in all: one for each column of a row, and one for each row that only one side has.
    pub count: u64,
    /// Texts that the views still hold although they were erased since: the next rebuild removes them.
    pub erased_since: u64,
}

/// A row that differs from what the log gives.
#[derive(Debug)]
pub struct Difference {
    /// The view that the table belongs to.
    pub view: &'static str,
    /// The table.
    pub table: String,
    /// Columns of the primary key with their values; a value that may be personal is not plain.
    pub key: Vec<Named>,
    /// The difference.
    pub what: What,
}

/// A value with its column's name.
#[derive(Debug)]
pub struct Named {
    /// The column.
    pub column: String,
    /// The value.
    pub cell: Cell,
    /// Whether it holds nothing personal.
    pub is_plain: bool,
}

/// How a row differs.
#[derive(Debug)]
pub enum What {
    /// The log gives the row; the views do not have it.
    Missing,
    /// The views have a row that the log does not give.
    Unexpected,
    /// A column holds another value.
    Column {
        /// What the log gives.
        expected: Named,
        /// What the views hold.
        found: Cell,
    },
}
