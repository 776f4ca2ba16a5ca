//! The log and the keys of a command.
//!
//! Invariant: everything is opened read-only, and opening creates no file. A SQLite log that no process has open is read in immutable
//! mode; one that desk has open is read through its WAL, as by desk's own readers.

mod args;
mod immutable_check;
mod maps;
mod secrets;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::PersonalText;
use event_store::{
    EventReader, RecordedEvent, Vault, location::Location, postgres::PostgresStore, sqlite::SqliteStore,
};
use journal::Journal;
use projections::ViewsLocation;

use crate::{
    erasures::{ErasureRecords, Tombstones},
    failure::Failure,
};
pub use args::StoreArgs;
use immutable_check::ImmutableCheck;
pub use maps::{Cursor, Maps};
use secrets::Secrets;

/// The log, views and keys that a command works with.
pub struct Source {
    /// Location of the views, and of the vault by default; `None` if the log has a location of its own and none was given.
    beside: Option<Location>,
    maps: Maps,
    journal: Journal,
    vault: Option<Arc<Vault>>,
    tombstones: Tombstones,
    records: ErasureRecords,
    immutable_check: Option<ImmutableCheck>,
}

impl Source {
    /// Opens log and vault for reading; `live` if the command waits for other processes to write.
    ///
    /// # Errors
    /// There is no log, vault or master key at the given location.
    pub async fn open(wanted: &StoreArgs, live: bool) -> Result<Self, Failure> {
        let log = Location::parse(&wanted.store, "events.db").map_err(Failure::Location)?;
        let (reader, immutable_check) = open_log(&log, wanted, live).await?;
        let beside = place_of_views(&log, wanted)?;
        let secrets = Secrets::open(beside.as_ref(), wanted, live).await?;
        let maps = Maps::read(&wanted.map, reader.identity().await?)?;
        let (vault, tombstones) = (secrets.vault(), secrets.tombstones());
        let journal = secrets.journal(reader);
        Ok(Self { beside, maps, journal, vault, tombstones, records: ErasureRecords::default(), immutable_check })
    }

    /// Opens the log alone, and the vault's tombstones where there is a vault: whatever else the environment names does not
    /// matter, and no key is read.
    ///
    /// # Errors
    /// There is no log at the given location.
    pub async fn open_for_verify(wanted: &StoreArgs) -> Result<Self, Failure> {
        let log = Location::parse(&wanted.store, "events.db").map_err(Failure::Location)?;
        let (reader, immutable_check) = open_log(&log, wanted, false).await?;
        let beside = place_of_views(&log, wanted).ok().flatten();
        let tombstones = Secrets::open_tombstones(beside.as_ref(), wanted).await;
        let maps = Maps::read(&wanted.map, reader.identity().await?)?;
        let (journal, records) = (Journal::sealed(reader), ErasureRecords::default());
        Ok(Self { beside, maps, journal, vault: None, tombstones, records, immutable_check })
    }

    /// The vault without its keys, or why there is none.
    #[must_use]
    pub fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }

    /// Whether an event's personal part is gone although the log records no erasure of its key.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn is_lost(&self, recorded: &RecordedEvent, personal: &PersonalText) -> Result<bool, Failure> {
        Ok(*personal == PersonalText::Erased && !self.records.has(self.reader(), recorded).await?)
    }

    /// The log's reader.
    #[must_use]
    pub fn reader(&self) -> &dyn EventReader {
        &**self.journal.reader()
    }

    /// The log's reader, shared.
    #[must_use]
    pub fn shared_reader(&self) -> Arc<dyn EventReader> {
        self.journal.reader().clone()
    }

    /// The vault, if there is a master key.
    #[must_use]
    pub fn vault(&self) -> Option<Arc<Vault>> {
        self.vault.clone()
    }

    /// Location of the views of this log.
    ///
    /// # Errors
    /// The log has a location of its own, and none was given for the views.
    pub fn views(&self) -> Result<ViewsLocation, Failure> {
        match &self.beside {
            Some(Location::Sqlite(path)) => Ok(ViewsLocation::Folder(folder_of(path))),
            Some(Location::Postgres(url)) => Ok(ViewsLocation::Postgres { url: url.clone() }),
            Some(Location::Kurrent(_)) | None => Err(Failure::WhereAreTheViews),
        }
    }

    /// The lock file of a running desk, if the views are in files.
    #[must_use]
    pub fn desk_lock(&self) -> Option<PathBuf> {
        match &self.beside {
            Some(Location::Sqlite(path)) => Some(folder_of(path).join("desk.lock")),
            Some(Location::Postgres(_) | Location::Kurrent(_)) | None => None,
        }
    }

    /// The position maps, to translate checkpoints and cursors of copied logs.
    #[must_use]
    pub fn maps(&self) -> &Maps {
        &self.maps
    }

    /// Whether there is a master key.
    #[must_use]
    pub fn opens_personal_parts(&self) -> bool {
        self.vault.is_some()
    }

    /// The personal part of an event, as far as this reader may see it.
    ///
    /// # Errors
    /// The key is missing, wrong, or the part is damaged.
    pub async fn personal(&self, recorded: &RecordedEvent) -> Result<PersonalText, Failure> {
        let personal = self.journal.personal(recorded).await;
        personal.map_err(|source| Failure::Personal { position: recorded.position, source })
    }

    /// Checks that a log read in immutable mode was not opened for writing meanwhile.
    ///
    /// # Errors
    /// A process has opened it for writing.
    pub fn check_immutable(&self) -> Result<(), Failure> {
        match &self.immutable_check {
            Some(check) if !check.is_unchanged() => Err(Failure::Disturbed),
            Some(_) | None => Ok(()),
        }
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

type OpenedLog = (Arc<dyn EventReader>, Option<ImmutableCheck>);

async fn open_log(log: &Location, wanted: &StoreArgs, live: bool) -> Result<OpenedLog, Failure> {
    match log {
        Location::Sqlite(path) => open_sqlite(path, live).await,
        Location::Postgres(url) => Ok((open_postgres(url, log).await?, None)),
        Location::Kurrent(_) => Ok((open_kurrent(log, wanted).await?, None)),
    }
}

async fn open_sqlite(path: &Path, live: bool) -> Result<OpenedLog, Failure> {
    if !path.is_file() {
        return Err(Failure::NoLog(path.to_owned()));
    }
    let immutable_check = if live { None } else { ImmutableCheck::of(path) };
    let opened = match immutable_check {
        Some(_) => SqliteStore::open_reader_immutable(path).await,
        None => SqliteStore::open_reader(path).await,
    };
    let reader = opened.map_err(|source| Failure::OpenLog { at: path.display().to_string(), source })?;
    Ok((reader, immutable_check))
}

/// Location of everything but the log. Default: beside it.
fn place_of_views(log: &Location, wanted: &StoreArgs) -> Result<Option<Location>, Failure> {
    let place = match (&wanted.views, log) {
        (Some(text), _) => Location::parse(text, "views-current").map_err(Failure::Location)?,
        (None, Location::Kurrent(_)) => return Ok(None),
        (None, beside) => beside.clone(),
    };
    match place {
        Location::Kurrent(_) => Err(Failure::HoldsOnlyTheLog(place.to_string())),
        Location::Sqlite(folder) if wanted.views.is_some() && !folder.with_file_name("").is_dir() => {
            Err(Failure::NoFolder(folder.with_file_name("")))
        }
        place => Ok(Some(place)),
    }
}

#[cfg(feature = "kurrentdb")]
async fn open_kurrent(log: &Location, wanted: &StoreArgs) -> Result<Arc<dyn EventReader>, Failure> {
    use event_store::kurrentdb::{KurrentError, KurrentLog, KurrentSettings};
    let failed = |source| Failure::OpenKurrent { at: log.to_string(), source };
    let settings = KurrentSettings::parse(&wanted.store).map_err(KurrentError::from).map_err(failed)?;
    let settings = settings.with_credentials_file(wanted.store_credentials.clone());
    KurrentLog::open_reader(settings).await.map_err(failed)
}

#[cfg(not(feature = "kurrentdb"))]
async fn open_kurrent(log: &Location, _wanted: &StoreArgs) -> Result<Arc<dyn EventReader>, Failure> {
    Err(Failure::BuiltWithoutKurrent(log.to_string()))
}

async fn open_postgres(url: &str, log: &Location) -> Result<Arc<dyn EventReader>, Failure> {
    let opened = PostgresStore::open_reader(url).await;
    opened.map_err(|source| Failure::OpenPostgres { at: log.to_string(), source })
}
