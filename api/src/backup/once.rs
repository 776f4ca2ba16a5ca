//! `desk backup --once DIR`: a copy of each database of a data directory, taken while `desk` serves.
//!
//! Each copy is SQLite's own: one consistent state, whatever is written meanwhile. Invariants: the copies fit together, because the
//! policies' store is copied before the log, and so is never ahead of it, and the keys after it, so none that an event in the copy
//! needs is missing, and again where keys were destroyed meanwhile, so none is destroyed without its record; the folder appears
//! whole or not at all; nothing that exists is overwritten.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use event_store::{
    sql::{Access, Database, SqlError},
    vault::key_migration::count_destroyed,
};

use crate::settings::{EventStoreLocation, Settings};

/// In this order: see above.
const DATABASES: [&str; 3] = ["policies.db", "events.db", "keys.db"];

/// Times that log and keys are copied while persons are being erased.
const COPIES: usize = 20;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OnceError {
    #[error("--once is for SQLite: log, vault, views or policies are in a server; --follow is for all of them")]
    NotFiles,
    #[error("there is no {0}: has desk been started on this data directory?")]
    Missing(PathBuf),
    #[error("{0} is there and not empty: choose a folder that is new")]
    NotEmpty(PathBuf),
    #[error("keys were destroyed while they were copied, each time: run it again when no erasures are under way")]
    Erasing,
    #[error("{path} cannot be copied")]
    Copy {
        path: PathBuf,
        #[source]
        source: SqlError,
    },
    #[error("{path} cannot be written")]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Makes the backup, and says how large it is.
///
/// # Errors
/// As above; then there is no folder.
pub(crate) async fn backup_once(folder: &Path, settings: &Settings) -> Result<(), OnceError> {
    refuse_servers(settings)?;
    refuse_filled(folder)?;
    let draft = draft_of(folder);
    let failed = |source| OnceError::Write { path: draft.clone(), source };
    DirBuilder::new().mode(0o700).create(&draft).map_err(failed)?;
    let made = fill(&settings.data_dir, &draft).await;
    let bytes = match made.and_then(|bytes| publish(&draft, folder).map(|()| bytes)) {
        Ok(bytes) => bytes,
        Err(error) => {
            // What is left of it would only be in the way of the next.
            drop(fs::remove_dir_all(&draft));
            return Err(error);
        }
    };
    let said = format!("{} bytes of {} are in {}\n", bytes, DATABASES.join(", "), folder.display());
    io::Write::write_all(&mut io::stdout(), said.as_bytes()).map_err(failed)
}

fn refuse_servers(settings: &Settings) -> Result<(), OnceError> {
    let is_file = matches!(settings.log, EventStoreLocation::File(_));
    let are_files = settings.database_url.is_none() && settings.vault_url.is_none();
    if is_file && are_files { Ok(()) } else { Err(OnceError::NotFiles) }
}

fn refuse_filled(folder: &Path) -> Result<(), OnceError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) | Err(_) => Err(OnceError::NotEmpty(folder.to_owned())),
    }
}

/// Beside the folder, so that renaming it stays on one file system.
fn draft_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.draft-{}", std::process::id()))
}

async fn fill(data_dir: &Path, draft: &Path) -> Result<u64, OnceError> {
    fill_with(data_dir, draft, async || ()).await
}

/// `between` runs between the copies of log and keys. A key that was destroyed after the log was copied would be destroyed without
/// a record in the backup, so then both are copied again.
async fn fill_with(data_dir: &Path, draft: &Path, mut between: impl AsyncFnMut()) -> Result<u64, OnceError> {
    let [policies, events, keys] = DATABASES;
    let policies = take(data_dir, draft, policies).await?;
    for _copy in 0..COPIES {
        let before = destroyed_keys(&data_dir.join(keys)).await?;
        let events = take(data_dir, draft, events).await?;
        between().await;
        let in_keys = take(data_dir, draft, keys).await?;
        if destroyed_keys(&draft.join(keys)).await? == before {
            return Ok(policies + events + in_keys);
        }
    }
    Err(OnceError::Erasing)
}

async fn take(data_dir: &Path, draft: &Path, name: &str) -> Result<u64, OnceError> {
    let (from, to) = (data_dir.join(name), draft.join(name));
    if !from.is_file() {
        return Err(OnceError::Missing(from));
    }
    let written = |source| OnceError::Write { path: to.clone(), source };
    if to.exists() {
        fs::remove_file(&to).map_err(written)?;
    }
    copy(&from, &to).await.map_err(|source| OnceError::Copy { path: from, source })?;
    settle(&to).map_err(written)
}

async fn destroyed_keys(vault: &Path) -> Result<u64, OnceError> {
    if !vault.is_file() {
        return Err(OnceError::Missing(vault.to_owned()));
    }
    let failed = |source| OnceError::Copy { path: vault.to_owned(), source };
    let database = Database::sqlite(vault, Access::ReadOnly).await.map_err(failed)?;
    let destroyed = count_destroyed(&database).await;
    database.close().await;
    destroyed.map_err(failed)
}

async fn copy(from: &Path, to: &Path) -> Result<(), SqlError> {
    let database = Database::sqlite(from, Access::ReadOnly).await?;
    let copied = database.copy_into(to).await;
    database.close().await;
    copied
}

/// On disk, and for the owner's eyes alone.
fn settle(file: &Path) -> io::Result<u64> {
    fs::set_permissions(file, Permissions::from_mode(0o600))?;
    let file = File::open(file)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// An empty folder of that name is replaced.
fn publish(draft: &Path, folder: &Path) -> Result<(), OnceError> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let published = File::open(draft)
        .and_then(|draft| draft.sync_all())
        .and_then(|()| fs::rename(draft, folder))
        .and_then(|()| File::open(parent)?.sync_all());
    published.map_err(|source| OnceError::Write { path: folder.to_owned(), source })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use event_store::migration::migrate_vault;

    use super::*;

    async fn run(file: &Path, sql: &str) {
        let database = Database::sqlite(file, Access::Durable).await.unwrap();
        let mut tx = database.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        database.close().await;
    }

    const ADD: &str = "insert into data_key (key_id, subject, wrapped, created_at) \
        values ('a', x'00000000000000000000000000000001', x'01', '2026-11-30T00:00:00.000000Z')";
    const RECORD: &str = "insert into note values (1)";
    const DESTROY: &str = "update data_key set wrapped = null, destroyed_at = '2026-11-30T00:00:00.000000Z'";

    #[tokio::test]
    async fn an_erasure_between_the_copies_is_on_record_in_the_backup() {
        let (data, draft) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (log, keys) = (data.path().join("events.db"), data.path().join("keys.db"));
        for file in [&log, &data.path().join("policies.db")] {
            run(file, "create table note (n integer)").await;
        }
        let database = Database::sqlite(&keys, Access::Durable).await.unwrap();
        migrate_vault(&database).await.unwrap();
        database.close().await;
        run(&keys, ADD).await;
        let mut copies = 0;
        let erase_once = async || {
            copies += 1;
            if copies == 1 {
                run(&log, RECORD).await;
                run(&keys, DESTROY).await;
            }
        };
        fill_with(data.path(), draft.path(), erase_once).await.unwrap();
        let copy = Database::sqlite(&draft.path().join("events.db"), Access::ReadOnly).await.unwrap();
        let records = copy.fetch("select count(*) from note", &[]).await.unwrap()[0].count(0).unwrap();
        let destroyed = destroyed_keys(&draft.path().join("keys.db")).await.unwrap();
        assert_eq!((copies, records, destroyed), (2, 1, 1));
    }
}
