//! Conversion between rows and our types (ids as text, times as microseconds, enums by their names on the wire), and statements
//! for many rows at once.
//!
//! Invariant: many rows take few statements, and there are few different statements, so that each is prepared once.

use std::{error::Error, str::FromStr};

use event_store::{
    Position,
    sql::{Row, SqlError, Transaction, Value},
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

/// Rows per statement, largest first.
const SIZES: [usize; 10] = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1];

/// Splits a slice into pieces of the sizes in [`SIZES`].
fn pieces<T>(mut items: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= items.len())?;
        let (piece, rest) = items.split_at(size);
        items = rest;
        Some(piece)
    })
}

/// The rows whose key is one of these ids; `key` is a column, after other conditions if there are any. A shorter list is padded with its last id to one of the sizes in [`SIZES`].
pub(crate) async fn with_ids(
    tx: &mut Transaction,
    select: &str,
    key: &str,
    ids: &[String],
) -> Result<Vec<Row>, SqlError> {
    let mut found = Vec::new();
    for piece in ids.chunks(SIZES[0]) {
        let size = SIZES.into_iter().rev().find(|size| *size >= piece.len()).unwrap_or(SIZES[0]);
        let last = &piece[piece.len() - 1];
        let asked = piece.iter().chain(std::iter::repeat(last)).take(size);
        let values: Vec<Value<'_>> = asked.map(|id| id.as_str().into()).collect();
        let sql = format!("{select} where {key} in {}", placeholders(tx, 1, size));
        found.extend(tx.fetch(&sql, &values).await?);
    }
    Ok(found)
}

/// `($1, $2), ($3, $4)`: placeholders for the values of some rows, in order. SQLite's have no numbers: the driver would look up
/// the name of each, which takes longer than writing the rows.
fn placeholders(tx: &Transaction, rows: usize, columns: usize) -> String {
    let is_numbered = tx.is_postgres();
    let place = |number: usize| if is_numbered { format!("${number}") } else { "?".to_owned() };
    let row = |row: usize| {
        let places: Vec<String> = (1..=columns).map(|column| place(row * columns + column)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Inserts rows: `head` ends before `values`, `tail` is the clause for conflicts.
pub(crate) async fn insert(
    tx: &mut Transaction,
    head: &str,
    tail: &str,
    rows: &[Vec<Value<'_>>],
) -> Result<(), SqlError> {
    for piece in pieces(rows) {
        let sql = format!("{head} values {} {tail}", placeholders(tx, piece.len(), piece[0].len()));
        tx.execute(&sql, &piece.concat()).await?;
    }
    Ok(())
}

/// A malformed column.
pub(crate) fn malformed(error: impl Into<Box<dyn Error + Send + Sync>>) -> SqlError {
    SqlError(sqlx::Error::Decode(error.into()))
}

/// An id stored as text.
pub(crate) fn id<T: FromStr<Err = uuid::Error>>(row: &Row, column: usize) -> Result<T, SqlError> {
    row.text(column)?.parse().map_err(malformed)
}

/// An id stored as text, or null.
pub(crate) fn optional_id<T: FromStr<Err = uuid::Error>>(row: &Row, column: usize) -> Result<Option<T>, SqlError> {
    row.optional_text(column)?.map(|text| text.parse().map_err(malformed)).transpose()
}

/// A time stored as microseconds.
pub(crate) fn time(row: &Row, column: usize) -> Result<Timestamp, SqlError> {
    Timestamp::from_microsecond(row.int(column)?).map_err(malformed)
}

/// A time stored as microseconds, or null.
pub(crate) fn optional_time(row: &Row, column: usize) -> Result<Option<Timestamp>, SqlError> {
    row.optional_int(column)?.map(|us| Timestamp::from_microsecond(us).map_err(malformed)).transpose()
}

/// A position of the log.
pub(crate) fn position(row: &Row, column: usize) -> Result<Position, SqlError> {
    row.count(column).map(Position)
}

/// The name of an enum's value on the wire.
pub(crate) fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        other => unreachable!("only for enums without fields, which serialise as strings: {other:?}"),
    }
}

/// A list or an object, as text.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("events have string keys and no values that JSON lacks")
}

/// A list or an object stored as text.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, SqlError> {
    serde_json::from_str(&row.text(column)?).map_err(malformed)
}

/// An enum's value by its name on the wire.
pub(crate) fn coded<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, SqlError> {
    serde_json::from_value(serde_json::Value::String(row.text(column)?)).map_err(malformed)
}

/// An enum's value by its name on the wire, or null.
pub(crate) fn optional_coded<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>, SqlError> {
    if row.optional_text(column)?.is_none() { Ok(None) } else { coded(row, column).map(Some) }
}

/// Two columns that are null together.
pub(crate) fn both<A, B>(what: &str, one: Option<A>, other: Option<B>) -> Result<Option<(A, B)>, SqlError> {
    match (one, other) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(malformed(format!("a part of a {what}"))),
    }
}
