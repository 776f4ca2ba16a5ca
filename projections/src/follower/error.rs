//! Why a batch was not applied, or not to its end: what passes, and what stops the views.
//!
//! Invariant: an alarm names the first position that is not in the views.

use std::sync::Arc;

use event_store::{Position, ReadError, sql::SqlError, vault::VaultError};
use journal::JournalError;

use crate::error::Alarm;

/// Why a batch was not applied, or not to its end.
#[derive(Debug)]
pub(crate) enum Error {
    /// Something is unavailable now and will be back.
    Unavailable(Arc<dyn std::error::Error + Send + Sync>),
    /// Another owner has taken over, or seems to have.
    Fenced,
    /// This cannot be folded, now or later.
    Alarm(Alarm),
}

impl Error {
    pub(crate) fn alarm(position: Position, error: &dyn std::error::Error) -> Self {
        let mut what = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            what = format!("{what}: {error}");
            source = error.source();
        }
        Self::Alarm(Alarm { position, what })
    }

    /// What the journal said when it was asked for the event at a position, or for the first one from there on.
    pub(crate) fn of_journal(error: JournalError, position: Position) -> Self {
        match error {
            JournalError::Read(ReadError::Unavailable(error)) | JournalError::Vault(VaultError::Unavailable(error)) => {
                Self::Unavailable(error)
            }
            JournalError::Read(error) => Self::alarm(stands_at(&error).max(position), &error),
            JournalError::Vault(error) => Self::alarm(position, &error),
            JournalError::Unreadable(unreadable) => Self::alarm(unreadable.recorded.position, &*unreadable.source),
            JournalError::Missing { position, .. } => Self::alarm(position, &error),
        }
    }
}

fn stands_at(error: &ReadError) -> Position {
    match error {
        ReadError::Unavailable(_) => Position::START,
        ReadError::Gap { expected, .. } => *expected,
        ReadError::Damaged { position, .. } => *position,
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

/// Whether trying again may help: connections, locks, shut-downs and full disks pass. What the database refuses because of
/// its content it refuses again.
pub(crate) fn is_passing(error: &SqlError) -> bool {
    match &error.0 {
        sqlx::Error::Database(error) => error.code().is_none_or(|code| is_passing_code(&code)),
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Encode(_) => false,
        _ => true,
    }
}

/// Whether the tables were deleted: other nodes have switched twice, and this one is about to switch, too.
pub(crate) fn is_deleted(error: &SqlError) -> bool {
    match &error.0 {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_deleted_code(&code)),
        _ => false,
    }
}

fn is_deleted_code(code: &str) -> bool {
    // undefined_table, invalid_schema_name
    matches!(code, "42P01" | "3F000")
}

fn is_passing_code(code: &str) -> bool {
    // PostgreSQL's have five characters. Its classes: connection, transaction state, rollback, resources, object not in
    // the right state, operator, system.
    if code.len() == 5 {
        let passes = ["08", "25", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class));
        return passes || is_deleted_code(code);
    }
    // SQLite's extended codes: busy, locked, out of memory, I/O, full, cannot open.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 10 | 13 | 14))
}
