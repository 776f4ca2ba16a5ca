//! The databases as a start would find them: reached, of the right kind, and not of a newer version.

use std::path::Path;

use event_store::{
    EventReader,
    checkpoint::{Checkpoint, PublicKey},
    kurrentdb::{KurrentError, KurrentLog, KurrentSettings},
    migration::pending,
    postgres::check_server,
    sql::{Access, Database},
    sqlite::SqliteStore,
};

use super::Findings;
use crate::{
    settings::{EventStoreLocation, PostgresUrl, Settings},
    startup::{AnyError, server_urls},
};

pub(super) async fn check(settings: &Settings, findings: &mut Findings) {
    let mut are_reached = true;
    for (setting, url) in server_urls(settings) {
        let reached = check_server(&url).await;
        are_reached &= reached.is_ok();
        findings.outcome(setting, reached.map_err(AnyError::from));
    }
    // What could not be reached is named above, once.
    if !are_reached {
        return;
    }
    log(settings, findings).await;
    let owner = settings.database_owner_url.is_some();
    let vault = settings.vault_url.as_ref().or(settings.database_url.as_ref());
    room("vault", vault, &settings.data_dir.join("keys.db"), owner, findings).await;
    room("policy", settings.database_url.as_ref(), &settings.data_dir.join("policies.db"), owner, findings).await;
}

async fn log(settings: &Settings, findings: &mut Findings) {
    match &settings.log {
        EventStoreLocation::File(path) => {
            room("log", None, path, false, findings).await;
            if let Ok(reader) = SqliteStore::open_reader(path).await {
                key_is_of(settings, &*reader, findings).await;
            }
        }
        EventStoreLocation::Postgres { url, owner_url } => {
            let opened = Database::postgres(&url.0, "log", 1).await;
            report("log", opened.map_err(AnyError::from), owner_url.is_some(), findings).await;
        }
        EventStoreLocation::Kurrent { url, credentials_file } => {
            match kurrent(&url.0, credentials_file.clone()).await {
                Ok(()) => findings.good("event_store_url"),
                Err(KurrentError::NoLog) => findings.note("event_store_url has no log yet: the first start makes it"),
                Err(error) => findings.outcome("event_store_url", Err(AnyError::from(error))),
            }
        }
    }
}

async fn kurrent(url: &str, credentials_file: Option<std::path::PathBuf>) -> Result<(), KurrentError> {
    let settings = KurrentSettings::parse(url)?.with_credentials_file(credentials_file);
    KurrentLog::open_reader(settings).await.map(drop)
}

async fn room(name: &'static str, url: Option<&PostgresUrl>, file: &Path, has_owner: bool, findings: &mut Findings) {
    let opened = match url {
        Some(url) => Database::postgres(url, name, 1).await,
        None if file.exists() => Database::sqlite(file, Access::ReadOnly).await,
        None => return findings.note(&format!("{} is not there yet: the first start makes it", file.display())),
    };
    report(name, opened.map_err(AnyError::from), has_owner, findings).await;
}

async fn report(name: &'static str, opened: Result<Database, AnyError>, has_owner: bool, findings: &mut Findings) {
    let what = format!("{name} database");
    let database = match opened {
        Ok(database) => database,
        Err(error) => return findings.outcome(&what, Err(error)),
    };
    match pending(name, &database, has_owner).await {
        Ok(0) => findings.good(&what),
        Ok(count) => findings.note(&format!("{what}: {count} migrations are made at the next start")),
        Err(error) => findings.outcome(&what, Err(AnyError::from(error))),
    }
    database.close().await;
}

/// A key of another log is refused at the start.
async fn key_is_of(settings: &Settings, log: &dyn EventReader, findings: &mut Findings) {
    let (Ok(identity), Ok(key)) = (log.identity().await, PublicKey::read(&settings.checkpoint_key_file())) else {
        return;
    };
    if key.name() != Checkpoint::origin(identity) {
        findings.fault(&format!("the checkpoint key signs for {}, and this is another log", key.name()));
    }
}
