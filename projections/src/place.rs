//! Where generations of views live: files of a folder, or schemas of a PostgreSQL server.
//!
//! Invariant: a generation is made in one transaction, so one that can be loaded is whole; what cannot is thrown away.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use event_store::sql::{Access, Database, SqlError};

use crate::{pointer, views::ViewsError};

/// Connections per generation on PostgreSQL: one writes, the others read.
const CONNECTIONS: u32 = 9;

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

/// A location in use.
pub(crate) enum Place {
    Folder(PathBuf),
    Postgres { url: String, pointer: Database },
}

impl Place {
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

    /// Whether other processes may write here as well.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// The generation accepted last.
    pub(crate) async fn current(&self) -> Result<Option<u64>, ViewsError> {
        Ok(match self {
            Self::Folder(folder) => pointer::read_file(folder)?,
            Self::Postgres { pointer, .. } => pointer::read_row(pointer).await?,
        })
    }

    /// Accepts a generation.
    pub(crate) async fn set_current(&self, number: u64) -> Result<(), ViewsError> {
        match self {
            Self::Folder(folder) => pointer::write_file(folder, number)?,
            Self::Postgres { pointer, .. } => pointer::write_row(pointer, number).await?,
        }
        Ok(())
    }

    /// Every generation there is, whole or not, oldest first.
    pub(crate) async fn numbers(&self) -> Result<Vec<u64>, ViewsError> {
        let mut numbers = match self {
            Self::Folder(folder) => files(folder)?,
            Self::Postgres { pointer, .. } => schemas(pointer).await?,
        };
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The database of a generation, made if missing.
    pub(crate) async fn database(&self, number: u64) -> Result<Database, SqlError> {
        match self {
            Self::Folder(folder) => Database::sqlite(&folder.join(file_name(number)), Access::Derived).await,
            Self::Postgres { url, .. } => Database::postgres(url, &schema_name(number), CONNECTIONS).await,
        }
    }

    /// Deletes a generation that nobody uses.
    pub(crate) async fn remove(&self, number: u64) -> Result<(), ViewsError> {
        match self {
            Self::Folder(folder) => remove_files(folder, number)?,
            Self::Postgres { pointer, .. } => {
                let mut tx = pointer.begin().await?;
                tx.execute(&format!("drop schema if exists {} cascade", schema_name(number)), &[]).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

fn file_name(number: u64) -> String {
    format!("views-{number}.db")
}

/// The schema of a generation.
pub(crate) fn schema_name(number: u64) -> String {
    format!("views_{number}")
}

fn files(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number: Option<u64> =
            name.to_str().and_then(|name| name.strip_prefix("views-")?.strip_suffix(".db")?.parse().ok());
        numbers.extend(number);
    }
    Ok(numbers)
}

async fn schemas(pointer: &Database) -> Result<Vec<u64>, SqlError> {
    let rows = pointer.fetch("select nspname::text from pg_namespace where nspname ~ '^views_[0-9]+$'", &[]).await?;
    let mut numbers = Vec::new();
    for row in rows {
        numbers.extend(row.text(0)?.strip_prefix("views_").and_then(|number| number.parse::<u64>().ok()));
    }
    Ok(numbers)
}

/// The file itself goes last: as long as it is there, the next start finds the rest.
fn remove_files(folder: &Path, number: u64) -> io::Result<()> {
    let file = file_name(number);
    for name in [format!("{file}-shm"), format!("{file}-wal"), file] {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
