//! Where view generations are stored: files of a folder, or schemas of a PostgreSQL server.
//!
//! Invariant: a generation is made in one transaction, so one that can be loaded is complete; any other is thrown away.

mod file_owner;
mod files;
pub(crate) mod pointer;

use std::{
    fs::{self, File},
    path::PathBuf,
};

use event_store::sql::{Access, Database, SqlError};

use crate::error::ViewsError;
use file_owner::give_to_owner;
use files::{file_name, remove_wal, remove_with_wal};

/// Connections per generation on PostgreSQL: one writes, the others read.
const CONNECTIONS: u32 = 9;
/// A generation that is being made, before it has its number.
const DRAFT: &str = "views-draft";
/// Locked by the process that makes a generation.
const MAKING: &str = "views-lock";

/// Where the views are kept.
#[derive(Clone)]
pub enum ViewsLocation {
    /// SQLite: `views-<n>.db` and `views-current` in this folder, which one process uses.
    Folder(PathBuf),
    /// PostgreSQL: schemas `views_<n>` and `views`, which any number of nodes use.
    Postgres {
        /// The program's role must be allowed to create schemas.
        url: String,
    },
}

/// A location that is open.
pub(crate) enum Storage {
    Folder(PathBuf),
    Postgres { url: String, pointer: Database },
}

/// Which generations there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Survey {
    /// The generation that is current.
    pub(crate) current: Option<u64>,
    /// Every generation, complete or not, oldest first.
    pub(crate) numbers: Vec<u64>,
}

impl Storage {
    pub(crate) async fn open(location: ViewsLocation) -> Result<Self, ViewsError> {
        match location {
            ViewsLocation::Folder(folder) => {
                fs::create_dir_all(&folder)?;
                Ok(Self::Folder(folder))
            }
            ViewsLocation::Postgres { url } => {
                let pointer = Database::postgres(&url, "views", 1).await?;
                pointer::create_table(&pointer).await?;
                Ok(Self::Postgres { url, pointer })
            }
        }
    }

    /// Opens a location that exists, and makes nothing.
    pub(crate) async fn open_to_read(location: ViewsLocation) -> Result<Self, ViewsError> {
        Ok(match location {
            ViewsLocation::Folder(folder) => Self::Folder(folder),
            ViewsLocation::Postgres { url } => {
                let pointer = Database::postgres(&url, "views", 1).await?;
                Self::Postgres { url, pointer }
            }
        })
    }

    /// Whether other processes may write here as well.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// The generation that is current.
    pub(crate) async fn current(&self) -> Result<Option<u64>, ViewsError> {
        Ok(match self {
            Self::Folder(folder) => pointer::read_file(folder)?,
            Self::Postgres { pointer, .. } => pointer::read_row(pointer).await?,
        })
    }

    /// Makes a generation the current one.
    pub(crate) async fn set_current(&self, number: u64) -> Result<(), ViewsError> {
        match self {
            Self::Folder(folder) => pointer::write_file(folder, number)?,
            Self::Postgres { pointer, .. } => pointer::write_row(pointer, number).await?,
        }
        Ok(())
    }

    /// The numbers of all generations, complete or not, oldest first.
    pub(crate) async fn numbers(&self) -> Result<Vec<u64>, ViewsError> {
        let mut numbers = match self {
            Self::Folder(folder) => files::numbers(folder)?,
            Self::Postgres { pointer, .. } => schemas(pointer).await?,
        };
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Which generations there are now.
    pub(crate) async fn survey(&self) -> Result<Survey, ViewsError> {
        Ok(Survey { current: self.current().await?, numbers: self.numbers().await? })
    }

    /// Keeps other processes from making a generation until it is dropped. PostgreSQL needs no such lock: there a
    /// generation is made under an advisory lock.
    pub(crate) fn lock_making(&self) -> Result<Option<File>, ViewsError> {
        let Self::Folder(folder) = self else { return Ok(None) };
        let file = folder.join(MAKING);
        let lock = File::options().create(true).truncate(false).write(true).open(&file)?;
        give_to_owner(folder, &file)?;
        lock.lock()?;
        Ok(Some(lock))
    }

    /// An empty database that nobody else finds, to become a generation with [`Self::publish`]. In PostgreSQL it is the
    /// generation's own: there the schema appears with the commit of its transaction.
    pub(crate) async fn draft(&self, number: u64) -> Result<Database, ViewsError> {
        match self {
            Self::Folder(folder) => {
                remove_with_wal(folder, DRAFT)?;
                Ok(Database::sqlite(&folder.join(DRAFT), Access::Derived).await?)
            }
            Self::Postgres { .. } => Ok(self.database(number).await?),
        }
    }

    /// Gives the draft its name, atomically.
    pub(crate) async fn publish(&self, draft: Database, number: u64) -> Result<Database, ViewsError> {
        let Self::Folder(folder) = self else { return Ok(draft) };
        draft.flush().await?;
        draft.close().await;
        give_to_owner(folder, &folder.join(DRAFT))?;
        // A write-ahead log that an interrupted removal left would be taken for the new file's own.
        remove_wal(folder, &file_name(number))?;
        fs::rename(folder.join(DRAFT), folder.join(file_name(number)))?;
        File::open(folder)?.sync_all()?;
        Ok(self.database(number).await?)
    }

    /// The database of a generation, to read only: no file is made beside it while nobody has it open.
    pub(crate) async fn database_to_read(&self, number: u64) -> Result<Database, SqlError> {
        match self {
            Self::Folder(folder) => {
                let access = if self.is_open(number) { Access::ReadOnly } else { Access::Immutable };
                Database::sqlite(&folder.join(file_name(number)), access).await
            }
            Self::Postgres { .. } => self.database(number).await,
        }
    }

    /// Whether a process has a generation open, or died with it open.
    pub(crate) fn is_open(&self, number: u64) -> bool {
        match self {
            Self::Folder(folder) => folder.join(format!("{}-wal", file_name(number))).exists(),
            Self::Postgres { .. } => true,
        }
    }

    /// The database of a generation, made if missing.
    pub(crate) async fn database(&self, number: u64) -> Result<Database, SqlError> {
        match self {
            Self::Folder(folder) => Database::sqlite(&folder.join(file_name(number)), Access::Derived).await,
            Self::Postgres { url, .. } => Database::postgres(url, &schema_name(number), CONNECTIONS).await,
        }
    }

    /// The database of a generation without readers, opened as `foreground` for those to come: threads that write there give
    /// way to others. PostgreSQL works in processes of its own, which do not.
    pub(crate) async fn database_in_background(
        &self,
        number: u64,
        foreground: &Database,
    ) -> Result<Database, SqlError> {
        match self {
            Self::Folder(folder) => {
                Database::sqlite_in_background(&folder.join(file_name(number)), Access::Derived).await
            }
            Self::Postgres { .. } => Ok(foreground.clone()),
        }
    }

    /// Deletes a generation that nobody uses.
    pub(crate) async fn remove(&self, number: u64) -> Result<(), ViewsError> {
        match self {
            Self::Folder(folder) => remove_with_wal(folder, &file_name(number))?,
            Self::Postgres { pointer, .. } => {
                let mut tx = pointer.begin().await?;
                // A long reader (a comparison) must not hold up the loop; it is removed after a later switch.
                tx.execute("set local lock_timeout = '1s'", &[]).await?;
                tx.execute(&format!("drop schema if exists {} cascade", schema_name(number)), &[]).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// The schema of a generation.
pub(crate) fn schema_name(number: u64) -> String {
    format!("views_{number}")
}

async fn schemas(pointer: &Database) -> Result<Vec<u64>, SqlError> {
    let rows = pointer.fetch("select nspname::text from pg_namespace where nspname ~ '^views_[0-9]+$'", &[]).await?;
    let mut numbers = Vec::new();
    for row in rows {
        numbers.extend(row.text(0)?.strip_prefix("views_").and_then(|number| number.parse::<u64>().ok()));
    }
    Ok(numbers)
}
