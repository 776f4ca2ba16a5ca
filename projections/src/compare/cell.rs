//! A value of a row of either database, ordered as the rows are.
//!
//! Invariant: a value that is not of its column's type is a cell as well, and differs from all others.

use std::fmt;

use event_store::sql::{Row, SqlError};

/// A value of a row. Its text is shown by [`fmt::Display`] only; [`fmt::Debug`] hides it.
#[derive(Clone, PartialEq, PartialOrd)]
pub enum Cell {
    /// Null.
    Null,
    /// bigint
    Int(i64),
    /// double precision
    Float(f64),
    /// text
    Text(String),
    /// blob, bytea
    Bytes(Vec<u8>),
    /// Not of the column's type.
    Unreadable,
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Text,
    Bytes,
}

impl Kind {
    /// By the declared type, of those that both databases know.
    pub(super) fn of_declared(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "bigint" => Self::Int,
            "double precision" => Self::Float,
            "text" => Self::Text,
            "bytea" | "blob" => Self::Bytes,
            _ => return None,
        })
    }

    pub(super) fn read(self, row: &Row, column: usize) -> Cell {
        fn cell<T>(read: Result<Option<T>, SqlError>, some: impl FnOnce(T) -> Cell) -> Cell {
            read.map_or(Cell::Unreadable, |value| value.map_or(Cell::Null, some))
        }
        match self {
            Self::Int => cell(row.optional_int(column), Cell::Int),
            Self::Float => cell(row.optional_float(column), Cell::Float),
            Self::Text => cell(row.optional_text(column), Cell::Text),
            Self::Bytes => cell(row.optional_bytes(column), Cell::Bytes),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => f.write_str(&hex::encode(bytes)),
            Self::Unreadable => f.write_str("a value of another type"),
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Bytes(_) => f.write_str("Bytes(…)"),
            Self::Null | Self::Int(_) | Self::Float(_) | Self::Unreadable => fmt::Display::fmt(self, f),
        }
    }
}
