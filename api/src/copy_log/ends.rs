//! The two ends of a copy: each is opened, locked where a lock tells whether desk runs, and refused if it cannot be a source or a
//! target.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use event_store::{
    EventReader, Identity, Position, ReadError,
    import::{ImportError, ImportTarget, identity_of_copy},
    kurrentdb::{KurrentError, KurrentImport, KurrentLog, KurrentSettings},
    location::{Location, NoLocation},
    migration::MigrationError,
    port::Exemption,
    postgres::{PostgresError, PostgresImport, PostgresStore},
    sqlite::{SqliteImport, SqliteStore},
};

use super::positions_of;
use crate::{
    data_dir::{DataDir, DataDirError},
    endpoints::{PasswordShown, folder_of, location},
};

/// Why an end cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EndError {
    #[error(transparent)]
    Location(#[from] NoLocation),
    #[error(transparent)]
    Password(#[from] PasswordShown),
    #[error("there is no log at {0}")]
    NoLog(PathBuf),
    #[error("source and target are the same: {0}")]
    Same(String),
    #[error(transparent)]
    InUse(#[from] DataDirError),
    #[error("the source {at} cannot be opened")]
    SqliteSource {
        at: String,
        #[source]
        source: MigrationError,
    },
    #[error("the source {at} cannot be opened")]
    PostgresSource {
        at: String,
        #[source]
        source: PostgresError,
    },
    #[error("the source {at} cannot be opened")]
    KurrentSource {
        at: String,
        #[source]
        source: KurrentError,
    },
    #[error("the source {at} cannot be read")]
    Source {
        at: String,
        #[source]
        source: ReadError,
    },
    #[error("the source {0} is itself a copy that is not whole: finish it first, by the command that began it")]
    NotWhole(String),
    #[error("the target {at} cannot be used")]
    Target {
        at: String,
        #[source]
        source: ImportError,
    },
}

/// Where an end is; shown without secrets.
pub(crate) struct Place(Location);

impl Place {
    /// The folder of a log in a file.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.0 {
            Location::Sqlite(file) => Some(folder_of(file)),
            Location::Postgres(_) | Location::Kurrent(_) => None,
        }
    }

    pub(super) fn is_kurrent(&self) -> bool {
        matches!(self.0, Location::Kurrent(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The log that is copied.
pub(super) struct Source {
    pub(super) place: Place,
    pub(super) reader: Arc<dyn EventReader>,
    pub(super) identity: Identity,
    pub(super) first_head: Position,
    /// The number of events after which the times of recording only rise.
    pub(super) times_rise_after: u64,
    /// What the source says of its times itself, and who signed that.
    pub(super) exemption: Exemption,
    _lock: Option<DataDir>,
}

impl Source {
    pub(super) async fn open(text: &str, credentials: Option<PathBuf>) -> Result<Self, EndError> {
        let place = Place(Location::parse(text, "events.db")?);
        let (reader, lock) = match &place.0 {
            Location::Sqlite(file) => open_file(file).await?,
            Location::Postgres(url) => {
                let opened = PostgresStore::open_reader(url).await;
                (opened.map_err(|source| EndError::PostgresSource { at: place.to_string(), source })?, None)
            }
            Location::Kurrent(url) => (open_kurrent(url, credentials, &place).await?, None),
        };
        let failed = |source| EndError::Source { at: place.to_string(), source };
        if !reader.is_complete().await.map_err(failed)? {
            return Err(EndError::NotWhole(place.to_string()));
        }
        let (identity, first_head) = (reader.identity().await.map_err(failed)?, reader.head().await.map_err(failed)?);
        let exemption = reader.exemption().await.map_err(failed)?;
        let times_rise_after = if place.is_kurrent() { u64::MAX } else { exemption.rises_after.0 };
        Ok(Self { place, reader, identity, first_head, times_rise_after, exemption, _lock: lock })
    }
}

/// A file that was closed in order is read as it is; one with a write-ahead log is read through that.
async fn open_file(file: &Path) -> Result<(Arc<dyn EventReader>, Option<DataDir>), EndError> {
    if !file.is_file() {
        return Err(EndError::NoLog(file.to_owned()));
    }
    let lock = match DataDir::lock(folder_of(file)) {
        Ok(lock) => Some(lock),
        // Without the right to write no desk can run on that folder.
        Err(DataDirError::Unusable { source, .. }) if is_read_only(&source) => None,
        Err(error) => return Err(error.into()),
    };
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    let opened = match Path::new(&wal).exists() {
        true => SqliteStore::open_reader(file).await,
        false => SqliteStore::open_reader_immutable(file).await,
    };
    let reader = opened.map_err(|source| EndError::SqliteSource { at: file.display().to_string(), source })?;
    Ok((reader, lock))
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// The log that is written.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) import: Box<dyn ImportTarget>,
    pub(super) identity: Identity,
    _lock: Option<DataDir>,
}

pub(super) async fn open_target(text: &str, credentials: Option<PathBuf>, source: &Source) -> Result<Target, EndError> {
    let place = Place(location(text, "events.db")?);
    if is_same(&place.0, &source.place.0) {
        return Err(EndError::Same(place.to_string()));
    }
    let identity = identity_of_copy(source.identity, source.reader.positions(), positions_of(&place));
    let failed = |source| EndError::Target { at: place.to_string(), source };
    let mut lock = None;
    let import: Box<dyn ImportTarget> = match &place.0 {
        Location::Sqlite(file) => {
            lock = Some(DataDir::lock(folder_of(file))?);
            Box::new(SqliteImport::open(file, identity).await.map_err(failed)?)
        }
        Location::Postgres(url) => Box::new(PostgresImport::open(url, identity).await.map_err(failed)?),
        Location::Kurrent(url) => import_to_kurrent(url, credentials, identity).await.map_err(failed)?,
    };
    Ok(Target { place, import, identity, _lock: lock })
}

/// Two different names of the same database pass here; its content gives them away later.
fn is_same(one: &Location, other: &Location) -> bool {
    let real = |place: &Location| match place {
        Location::Sqlite(file) => file.canonicalize().ok(),
        Location::Postgres(_) | Location::Kurrent(_) => None,
    };
    one == other || real(one).is_some_and(|file| real(other) == Some(file))
}

fn kurrent(url: &str, credentials: Option<PathBuf>) -> Result<KurrentSettings, KurrentError> {
    Ok(KurrentSettings::parse(url)?.with_credentials_file(credentials))
}

async fn open_kurrent(url: &str, credentials: Option<PathBuf>, at: &Place) -> Result<Arc<dyn EventReader>, EndError> {
    let failed = |source| EndError::KurrentSource { at: at.to_string(), source };
    KurrentLog::open_reader(kurrent(url, credentials).map_err(failed)?).await.map_err(failed)
}

async fn import_to_kurrent(
    url: &str,
    credentials: Option<PathBuf>,
    identity: Identity,
) -> Result<Box<dyn ImportTarget>, ImportError> {
    Ok(Box::new(KurrentImport::open(kurrent(url, credentials)?, identity).await?))
}
