//! Decoding of stored rows into events, shared by the SQL adapters.
//!
//! Invariant: a row that cannot be decoded is reported as damaged, with its position and column.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion, parse_time_text},
    port::{Exemption, ReadError, RecordedEnd},
};

/// The columns, in the order of [`StoredRow`].
pub(crate) const COLUMNS: &str = "position, stream, version, event_id, type, schema, recorded_at, actor, subject, \
     key_id, correlation_id, causation_id, data, personal, prev_hash, hash";

/// A row that borrows from the driver's buffers.
pub(crate) struct StoredRow<'r> {
    pub(crate) position: i64,
    pub(crate) stream: &'r str,
    pub(crate) version: i64,
    pub(crate) event_id: &'r [u8],
    pub(crate) event_type: &'r str,
    pub(crate) schema: i64,
    pub(crate) recorded_at: &'r str,
    pub(crate) actor: &'r str,
    pub(crate) subject: Option<&'r [u8]>,
    pub(crate) key_id: Option<&'r str>,
    pub(crate) correlation_id: &'r [u8],
    pub(crate) causation_id: Option<&'r [u8]>,
    pub(crate) data: &'r str,
    pub(crate) personal: Option<&'r [u8]>,
    pub(crate) prev_hash: &'r [u8],
    pub(crate) hash: &'r [u8],
}

impl StoredRow<'_> {
    pub(crate) fn into_event(self) -> Result<Arc<RecordedEvent>, ReadError> {
        let position = Position(self.position.try_into().unwrap_or(0));
        let damaged = |column: &str| ReadError::Damaged { position, what: format!("column {column} is malformed") };
        let uuid = |column, bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| damaged(column));
        let event = SealedEvent {
            event_id: uuid("event_id", self.event_id)?,
            event_type: self.event_type.into(),
            schema: self.schema.try_into().map_err(|_| damaged("schema"))?,
            actor: Actor::from_stored(self.actor),
            subject: self.subject.map(|bytes| uuid("subject", bytes)).transpose()?,
            key_id: self.key_id.map(Into::into),
            correlation_id: uuid("correlation_id", self.correlation_id)?,
            causation_id: self.causation_id.map(|bytes| uuid("causation_id", bytes)).transpose()?,
            data: self.data.into(),
            personal: self.personal.map(Into::into),
        };
        Ok(Arc::new(RecordedEvent {
            position,
            stream: StreamName::parse(self.stream).map_err(|_| damaged("stream"))?,
            version: StreamVersion(self.version.try_into().map_err(|_| damaged("version"))?),
            recorded_at: parse_time_text(self.recorded_at).ok_or_else(|| damaged("recorded_at"))?,
            event,
            prev_hash: self.prev_hash.try_into().map_err(|_| damaged("prev_hash"))?,
            hash: self.hash.try_into().map_err(|_| damaged("hash"))?,
        }))
    }
}

/// Decoding functions for the row type of one driver; sqlx's drivers have no common row type.
macro_rules! decode_rows {
    ($row:ty) => {
        fn stored_row(row: &$row) -> Result<$crate::row::StoredRow<'_>, sqlx::Error> {
            Ok($crate::row::StoredRow {
                position: row.try_get(0)?,
                stream: row.try_get(1)?,
                version: row.try_get(2)?,
                event_id: row.try_get(3)?,
                event_type: row.try_get(4)?,
                schema: row.try_get(5)?,
                recorded_at: row.try_get(6)?,
                actor: row.try_get(7)?,
                subject: row.try_get(8)?,
                key_id: row.try_get(9)?,
                correlation_id: row.try_get(10)?,
                causation_id: row.try_get(11)?,
                data: row.try_get(12)?,
                personal: row.try_get(13)?,
                prev_hash: row.try_get(14)?,
                hash: row.try_get(15)?,
            })
        }

        /// Decodes a row with all columns.
        pub(super) fn event_of(row: &$row) -> Result<Arc<RecordedEvent>, ReadError> {
            let position = Position(row.try_get::<i64, _>(0).map_or(0, i64::unsigned_abs));
            let damaged = |error: sqlx::Error| ReadError::Damaged { position, what: error.to_string() };
            stored_row(row).map_err(damaged)?.into_event()
        }

        /// Decodes the head record as stored; an impossible position counts as 0, and what cannot be read as empty.
        fn end_of(row: &$row) -> RecordedEnd {
            let position = row.try_get::<i64, _>(0).ok().and_then(|position| position.try_into().ok());
            RecordedEnd {
                position: Position(position.unwrap_or(0)),
                recorded_at: row.try_get(1).unwrap_or_default(),
                hash: row.try_get(2).unwrap_or_default(),
            }
        }

        fn copy_of(row: &$row) -> Result<$crate::row::CopyMark, sqlx::Error> {
            Ok($crate::row::CopyMark {
                is_complete: row.try_get(0)?,
                times_rise_after: row.try_get(1)?,
                note: row.try_get::<Option<String>, _>(2).ok().flatten(),
            })
        }
    };
}
pub(crate) use decode_rows;

/// The record of a log that is a copy of another.
pub(crate) struct CopyMark {
    pub(crate) is_complete: bool,
    pub(crate) times_rise_after: i64,
    /// Who signed that.
    pub(crate) note: Option<String>,
}

impl CopyMark {
    /// True for a log that is not a copy.
    pub(crate) fn is_complete(copy: Option<&Self>) -> bool {
        copy.is_none_or(|copy| copy.is_complete)
    }

    /// 0 for a log that is not a copy.
    pub(crate) fn times_rise_after(copy: Option<&Self>) -> Position {
        Position(copy.map_or(0, |copy| copy.times_rise_after.try_into().unwrap_or(0)))
    }
}

impl From<Option<CopyMark>> for Exemption {
    fn from(copy: Option<CopyMark>) -> Self {
        let rises_after = CopyMark::times_rise_after(copy.as_ref());
        Self { rises_after, is_copy: copy.is_some(), note: copy.and_then(|copy| copy.note) }
    }
}

/// Why a query over the log failed: damaged data is the log's own fault, anything else the connection's.
pub(crate) fn read_error(error: sqlx::Error) -> ReadError {
    if !is_damage(&error) {
        return ReadError::unavailable(error);
    }
    ReadError::Damaged { position: Position::START, what: error.to_string() }
}

/// Whether an error of one of our fixed queries means that the database does not hold what this program wrote.
pub(crate) fn is_damage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_code_of_damage(&code)),
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::TypeNotFound { .. } => true,
        _passing => false,
    }
}

/// PostgreSQL: a table or column is gone, or a page or index is damaged. SQLite, whose codes carry details in the higher bytes:
/// SQLITE_ERROR, which our statements only get where the schema is not ours, and SQLITE_CORRUPT.
fn is_code_of_damage(code: &str) -> bool {
    const POSTGRES: [&str; 4] = ["42P01", "42703", "XX001", "XX002"];
    let is_sqlite = code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 1 | 11));
    is_sqlite || POSTGRES.contains(&code)
}

/// The end reported for a log whose head record is missing.
pub(crate) fn no_end() -> RecordedEnd {
    RecordedEnd { position: Position::START, recorded_at: String::new(), hash: Vec::new() }
}

/// A position or version as a database number; saturates.
pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A page size as a database number; saturates.
pub(crate) fn page_size(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Checks that a page of a dense log follows a position without a gap.
pub(crate) fn check_dense(after: Position, page: &[Arc<RecordedEvent>]) -> Result<(), ReadError> {
    let mut expected = after.next();
    for event in page {
        if event.position != expected {
            return Err(ReadError::Gap { expected, found: event.position });
        }
        expected = expected.next();
    }
    Ok(())
}
