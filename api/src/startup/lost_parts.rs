//! Refuses to start beside data whose other half is gone: a new log beside filled views or a filled vault, or a new master key beside
//! keys that it cannot open, would hide the loss and make it final.
//!
//! Invariant: nothing is written before this has looked.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use event_store::{
    postgres::PostgresStore,
    sql::{Access, Database},
};

use super::AnyError;
use crate::settings::{EventStoreLocation, Settings};

/// Looks at what there is.
///
/// # Errors
/// The log or the master key is missing beside data that needs it; the error says which, and what to do.
pub(super) async fn refuse(settings: &Settings) -> Result<(), AnyError> {
    let folder = &settings.data_dir;
    let has_keys = has_keys(settings).await?;
    if has_keys && settings.master_key_file.is_none() && !folder.join("master-key").exists() {
        return Err(format!(
            "the master key {} is missing, and the vault beside it holds keys that only it can open: put it back from its \
             copy, or set master_key_file. Nothing was written",
            folder.join("master-key").display()
        )
        .into());
    }
    let Some(beside) = beside_the_log(folder, has_keys) else { return Ok(()) };
    if is_missing(&settings.log).await {
        return Err(format!(
            "there is no log at {}, and {beside} beside it holds what came of one: put the log back from its backup, or move \
             {beside} away to begin anew. Nothing was written",
            settings.log.shown()
        )
        .into());
    }
    Ok(())
}

/// Refuses a place for a restore in which there is anything of a desk but its secrets.
///
/// # Errors
/// There is; the error says what, and what to do.
pub(crate) async fn refuse_filled(settings: &Settings) -> Result<(), AnyError> {
    let folder = &settings.data_dir;
    let has_keys = has_keys(settings).await?;
    let there = if !is_missing(&settings.log).await && !matches!(settings.log, EventStoreLocation::Kurrent { .. }) {
        Some(format!("a log at {}", settings.log.shown()))
    } else if folder.join("policies.db").exists() {
        Some(folder.join("policies.db").display().to_string())
    } else {
        beside_the_log(folder, has_keys)
    };
    match there {
        Some(there) => Err(format!(
            "there is {there} already: a restore goes to an empty place. Move databases away (secrets may stay: master-key, \
             token-key, checkpoint-key), or name another with --data-dir or database_url. Nothing was written"
        )
        .into()),
        None => Ok(()),
    }
}

/// Marks a data directory as long as a restore into it goes on, so that nobody serves what is not whole.
pub(crate) struct Unfinished(PathBuf);

const UNFINISHED: &str = "restore-unfinished";

impl Unfinished {
    /// Sets the mark.
    pub(crate) fn begin(folder: &Path) -> io::Result<Self> {
        let path = folder.join(UNFINISHED);
        fs::write(&path, "a restore into this folder began and did not end\n")?;
        Ok(Self(path))
    }

    /// Takes it away: all of it is there.
    pub(crate) fn end(self) -> io::Result<()> {
        fs::remove_file(self.0)
    }

    /// Refuses a folder with the mark.
    pub(crate) fn refuse(folder: &Path) -> Result<(), AnyError> {
        if folder.join(UNFINISHED).exists() {
            return Err(format!(
                "a restore into {} did not end: empty the folder (secrets may stay) and the database, and run `desk restore` \
                 again",
                folder.display()
            )
            .into());
        }
        Ok(())
    }
}

/// Something that only exists once there was a log.
fn beside_the_log(folder: &Path, has_keys: bool) -> Option<String> {
    if has_keys {
        return Some("the vault".to_owned());
    }
    let entries = std::fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_view = |name: &String| name == "views-current" || (name.starts_with("views-") && name.ends_with(".db"));
    names.filter(is_view).min().map(|name| folder.join(name).display().to_string())
}

/// Whether the vault holds keys. One that is not there, or not made yet, holds none.
async fn has_keys(settings: &Settings) -> Result<bool, AnyError> {
    let url = settings.vault_url.as_ref().or(settings.database_url.as_ref());
    let file = settings.data_dir.join("keys.db");
    let database = match url {
        // A server that does not answer says so when the vault is opened.
        Some(url) => match Database::postgres(url, "vault", 1).await {
            Ok(database) => database,
            Err(_away) => return Ok(false),
        },
        None if file.is_file() => Database::sqlite(&file, Access::ReadOnly).await?,
        None => return Ok(false),
    };
    let rows = database.fetch("select 1 from data_key limit 1", &[]).await;
    database.close().await;
    // Without the table it is not made yet; whatever else is wrong with it, opening it says.
    Ok(rows.is_ok_and(|rows| !rows.is_empty()))
}

/// Whether a log has no identity yet. A server that does not answer says so when the log is opened.
async fn is_missing(log: &EventStoreLocation) -> bool {
    match log {
        EventStoreLocation::File(path) => !path.is_file() || path.metadata().is_ok_and(|file| file.len() == 0),
        EventStoreLocation::Postgres { url, .. } => PostgresStore::is_unused(&url.0).await,
        // A log in KurrentDB writes its identity first, and is refused without one.
        EventStoreLocation::Kurrent { .. } => false,
    }
}
