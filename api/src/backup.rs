//! `desk backup --once DIR`: a copy of each database of a data directory, taken while `desk` serves.
//!
//! Each copy is SQLite's own (`vacuum into`): one consistent state, whatever is written meanwhile. Invariants: the copies fit
//! together, because the policies' store is copied before the log, and so is never ahead of it, and the keys after it, so none that an
//! event in the copy needs is missing; the folder appears whole or not at all; nothing that exists is overwritten.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use clap::Args;
use event_store::sql::{Access, Database, SqlError};

use crate::settings::{EventStoreLocation, Settings};

pub(crate) const HELP: &str = "\
Copies policies.db, events.db and keys.db, in this order, into a new folder. It works while desk runs and while it does
not. The folder appears when all of it is on disk; one that has something in it is refused.

Not in it: the master key, which must not lie beside keys.db (keep a copy elsewhere), token-key, checkpoint-key and the
FAQ's folder, which change rarely, and the views, which are rebuilt. Keep the copies of keys.db for a short time only: an
old one brings destroyed keys back.

To put it back: stop desk, put the three files into an empty data directory together with master-key, token-key,
checkpoint-key and faq, and start it. README.md has it step by step. Where notes were kept that reach beyond the
copy, desk mark-restored records the restore first.

PostgreSQL and KurrentDB have backups of their own; this is for SQLite.

Exit status: 0 done, 2 could not.";

/// In this order: see above.
const DATABASES: [&str; 3] = ["policies.db", "events.db", "keys.db"];

/// Where to.
#[derive(Args)]
pub(crate) struct BackupArgs {
    /// A folder that is new or empty
    #[arg(long, value_name = "DIR")]
    once: PathBuf,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error("this is for SQLite: log, vault, views or policies are in a server, which has backups of its own")]
    NotFiles,
    #[error("there is no {0}: has desk been started on this data directory?")]
    Missing(PathBuf),
    #[error("{0} is there and not empty: choose a folder that is new")]
    NotEmpty(PathBuf),
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
pub(crate) async fn backup(args: &BackupArgs, settings: &Settings) -> Result<(), BackupError> {
    let folder = &args.once;
    refuse_servers(settings)?;
    refuse_filled(folder)?;
    let draft = draft_of(folder);
    let failed = |source| BackupError::Write { path: draft.clone(), source };
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

fn refuse_servers(settings: &Settings) -> Result<(), BackupError> {
    let is_file = matches!(settings.log, EventStoreLocation::File(_));
    let are_files = settings.database_url.is_none() && settings.vault_url.is_none();
    if is_file && are_files { Ok(()) } else { Err(BackupError::NotFiles) }
}

fn refuse_filled(folder: &Path) -> Result<(), BackupError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) | Err(_) => Err(BackupError::NotEmpty(folder.to_owned())),
    }
}

/// Beside the folder, so that renaming it stays on one file system.
fn draft_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.draft-{}", std::process::id()))
}

async fn fill(data_dir: &Path, draft: &Path) -> Result<u64, BackupError> {
    let mut bytes = 0;
    for name in DATABASES {
        let (from, to) = (data_dir.join(name), draft.join(name));
        if !from.is_file() {
            return Err(BackupError::Missing(from));
        }
        copy(&from, &to).await.map_err(|source| BackupError::Copy { path: from, source })?;
        bytes += settle(&to).map_err(|source| BackupError::Write { path: to, source })?;
    }
    Ok(bytes)
}

async fn copy(from: &Path, to: &Path) -> Result<(), SqlError> {
    let database = Database::sqlite(from, Access::ReadOnly).await?;
    let copied = database.fetch("vacuum into $1", &[(&*to.to_string_lossy()).into()]).await;
    database.close().await;
    copied.map(drop)
}

/// On disk, and for the owner's eyes alone.
fn settle(file: &Path) -> io::Result<u64> {
    fs::set_permissions(file, Permissions::from_mode(0o600))?;
    let file = File::open(file)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// An empty folder of that name is replaced.
fn publish(draft: &Path, folder: &Path) -> Result<(), BackupError> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let published = File::open(draft)
        .and_then(|draft| draft.sync_all())
        .and_then(|()| fs::rename(draft, folder))
        .and_then(|()| File::open(parent)?.sync_all());
    published.map_err(|source| BackupError::Write { path: folder.to_owned(), source })
}
