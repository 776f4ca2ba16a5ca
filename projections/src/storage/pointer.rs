//! Which generation is current: a small file beside the generations, replaced atomically, or a row in PostgreSQL.
//!
//! Invariant: whenever the process dies, the pointer names the old generation or the new one.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use event_store::sql::{Database, SqlError};

use super::file_owner::give_to_owner;

const NAME: &str = "views-current";
const NEXT: &str = "views-current.next";

/// Reads the file; `None` if it is missing or malformed.
pub(crate) fn read_file(folder: &Path) -> io::Result<Option<u64>> {
    match fs::read_to_string(folder.join(NAME)) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the file: the new one is on disk before it takes the old one's name, and the name before this returns.
pub(crate) fn write_file(folder: &Path, number: u64) -> io::Result<()> {
    let next = folder.join(NEXT);
    let mut file = File::create(&next)?;
    give_to_owner(folder, &next)?;
    writeln!(file, "{number}")?;
    file.sync_all()?;
    fs::rename(&next, folder.join(NAME))?;
    File::open(folder)?.sync_all()
}

const SCHEMA: &str = "create table if not exists current_generation (id bigint primary key, number bigint not null)";
const READ: &str = "select number from current_generation where id = 1";
const WRITE: &str = "insert into current_generation (id, number) values (1, $1) on conflict (id) do update set number = excluded.number";

/// Makes schema and table if they are missing.
pub(crate) async fn create_table(database: &Database) -> Result<(), SqlError> {
    let mut tx = database.begin().await?;
    tx.fetch("select 1 from pg_advisory_xact_lock(hashtext('fiido-desk views'))", &[]).await?;
    if tx.fetch("select 1 from pg_namespace where nspname = 'views'", &[]).await?.is_empty() {
        tx.execute("create schema views", &[]).await?;
    }
    if tx
        .fetch("select 1 from pg_tables where schemaname = 'views' and tablename = 'current_generation'", &[])
        .await?
        .is_empty()
    {
        tx.execute(SCHEMA, &[]).await?;
    }
    tx.commit().await
}

/// Reads the row.
pub(crate) async fn read_row(database: &Database) -> Result<Option<u64>, SqlError> {
    database.fetch(READ, &[]).await?.first().map(|row| row.count(0)).transpose()
}

/// Replaces the row.
pub(crate) async fn write_row(database: &Database, number: u64) -> Result<(), SqlError> {
    let mut tx = database.begin().await?;
    tx.execute(WRITE, &[number.into()]).await?;
    tx.commit().await
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_the_generation_that_was_written_last() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_file(folder.path()).unwrap(), None);
        write_file(folder.path(), 7).unwrap();
        write_file(folder.path(), 8).unwrap();
        assert_eq!(read_file(folder.path()).unwrap(), Some(8));
    }

    #[test]
    fn a_write_that_was_cut_short_leaves_the_old_name() {
        let folder = tempfile::tempdir().unwrap();
        write_file(folder.path(), 7).unwrap();
        fs::write(folder.path().join(NEXT), "").unwrap();
        assert_eq!(read_file(folder.path()).unwrap(), Some(7));
    }
}
