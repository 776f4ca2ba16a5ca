//! The databases that a node opens, each by its own setting: the log, and the rest of them, which may be somewhere else.

use std::{path::PathBuf, sync::Arc};

use event_store::{
    Clock, EventReader, EventStore, Identity, Vault,
    import::{ImportError, ImportTarget},
    kurrentdb::{KurrentError, KurrentImport, KurrentLog, KurrentSettings},
    migration::{migrate_policy, migrate_vault},
    postgres::{PostgresImport, PostgresSettings, PostgresStore},
    sql::{Access, Database},
    sqlite::{SqliteImport, SqliteStore},
    vault::{MasterKey, SqlKeys},
};
use projections::ViewsLocation;

use super::AnyError;
use crate::{
    data_dir::DataDir,
    settings::{EventStoreLocation, PostgresUrl, Settings},
};

/// Connections for each of vault and policies.
const CONNECTIONS: u32 = 4;

/// Each PostgreSQL server that is used, once, by the setting that names it first.
pub(crate) fn server_urls(settings: &Settings) -> Vec<(&'static str, String)> {
    let log = match &settings.log {
        EventStoreLocation::Postgres { url, owner_url } => [Some(url), owner_url.as_ref()],
        EventStoreLocation::File(_) | EventStoreLocation::Kurrent { .. } => [None, None],
    };
    let [log, log_owner] = log.map(|url| url.map(|url| url.0.clone()));
    let text = |url: &Option<PostgresUrl>| url.as_ref().map(|url| url.to_string());
    let all = [
        ("database_url", text(&settings.database_url)),
        ("database_owner_url", text(&settings.database_owner_url)),
        ("vault_url", text(&settings.vault_url)),
        ("event_store_url", log),
        ("event_store_owner_url", log_owner),
    ];
    let mut named: Vec<(&'static str, String)> = Vec::new();
    for (setting, url) in all.into_iter().filter_map(|(setting, url)| Some((setting, url?))) {
        if !named.iter().any(|(_, other)| *other == url) {
            named.push((setting, url));
        }
    }
    named
}

pub(super) async fn open_log(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<dyn EventStore>, AnyError> {
    Ok(match &settings.log {
        EventStoreLocation::File(path) => Arc::new(SqliteStore::open_with(path, Access::Durable, clock).await?),
        EventStoreLocation::Postgres { url, owner_url } => {
            let postgres = PostgresSettings::new(&url.0);
            let postgres = match owner_url {
                Some(owner) => postgres.with_owner(&owner.0),
                None => postgres,
            };
            Arc::new(PostgresStore::open_with(postgres, clock).await?)
        }
        EventStoreLocation::Kurrent { url, credentials_file } => {
            let searched = settings.data_dir.join("kurrentdb-searched");
            let settings = KurrentSettings::parse(&url.0)?
                .with_credentials_file(credentials_file.clone())
                .with_searched_file(Some(searched));
            Arc::new(KurrentLog::open_with(settings, clock).await?)
        }
    })
}

/// Opens the log for reading, beside whoever writes it.
pub(crate) async fn log_reader(settings: &Settings) -> Result<Arc<dyn EventReader>, AnyError> {
    Ok(match &settings.log {
        EventStoreLocation::File(path) => SqliteStore::open_reader(path).await?,
        EventStoreLocation::Postgres { url, .. } => PostgresStore::open_reader(&url.0).await?,
        EventStoreLocation::Kurrent { url, credentials_file } => {
            let settings = KurrentSettings::parse(&url.0)?.with_credentials_file(credentials_file.clone());
            KurrentLog::open_reader(settings).await?
        }
    })
}

/// Opens the vault's database for reading, beside whoever writes it.
pub(crate) async fn vault_reader(settings: &Settings) -> Result<Database, AnyError> {
    Ok(match settings.vault_url.as_ref().or(settings.database_url.as_ref()) {
        Some(url) => Database::postgres(url, "vault", 2).await?,
        None => Database::sqlite(&settings.data_dir.join("keys.db"), Access::ReadOnly).await?,
    })
}

/// Opens the log to be filled with another's events.
pub(crate) async fn log_import(settings: &Settings, log: Identity) -> Result<Box<dyn ImportTarget>, ImportError> {
    Ok(match &settings.log {
        EventStoreLocation::File(path) => Box::new(SqliteImport::open(path, log).await?),
        EventStoreLocation::Postgres { url, owner_url } => {
            Box::new(PostgresImport::open(&owner_url.as_ref().unwrap_or(url).0, log).await?)
        }
        EventStoreLocation::Kurrent { url, credentials_file } => {
            let settings = KurrentSettings::parse(&url.0).map_err(KurrentError::from)?;
            let settings = settings.with_credentials_file(credentials_file.clone());
            Box::new(KurrentImport::open(settings, log).await?)
        }
    })
}

/// Reads the log as it is stored: a file's writer remembers its newest events.
pub(super) async fn stored_log(
    settings: &Settings,
    store: Arc<dyn EventReader>,
) -> Result<Arc<dyn EventReader>, AnyError> {
    match &settings.log {
        EventStoreLocation::File(path) => Ok(SqliteStore::open_reader(path).await?),
        EventStoreLocation::Postgres { .. } | EventStoreLocation::Kurrent { .. } => Ok(store),
    }
}

pub(crate) async fn open_vault(settings: &Settings, data_dir: &DataDir) -> Result<(Arc<Vault>, Database), AnyError> {
    let master = master_key(settings, data_dir)?;
    let url = settings.vault_url.as_ref().or(settings.database_url.as_ref());
    let database = open_room(settings, url, data_dir.join("keys.db"), "vault").await?;
    Ok((Arc::new(Vault::new(Arc::new(SqlKeys::new(database.clone())), master)), database))
}

pub(super) async fn open_policies(settings: &Settings, data_dir: &DataDir) -> Result<Database, AnyError> {
    let url = settings.database_url.as_ref();
    open_room(settings, url, data_dir.join("policies.db"), "policy").await
}

/// A room's database, migrated: a file, or a schema.
async fn open_room(
    settings: &Settings,
    url: Option<&PostgresUrl>,
    file: PathBuf,
    room: &'static str,
) -> Result<Database, AnyError> {
    let Some(url) = url else {
        let database = Database::sqlite(&file, Access::Durable).await?;
        migrate(&database, room).await?;
        return Ok(database);
    };
    if let Some(owner) = settings.database_owner_url.as_ref().filter(|_| settings.vault_url.as_ref() != Some(url)) {
        migrate_as_owner(owner, url, room).await?;
        return Ok(Database::postgres(url, room, CONNECTIONS).await?);
    }
    let database = Database::postgres(url, room, CONNECTIONS).await?;
    migrate(&database, room).await?;
    Ok(database)
}

async fn migrate(database: &Database, room: &'static str) -> Result<(), AnyError> {
    match room {
        "vault" => migrate_vault(database).await?,
        _policy => migrate_policy(database).await?,
    }
    Ok(())
}

async fn migrate_as_owner(owner: &str, url: &str, room: &'static str) -> Result<(), AnyError> {
    use event_store::postgres::{Rights, grant_new_schemas, grant_schema, role_of};
    let database = Database::postgres(owner, room, 1).await?;
    migrate(&database, room).await?;
    if let Database::Postgres(pool) = &database {
        grant_schema(pool, room, &role_of(url)?, Rights::ReadAndWrite).await?;
        grant_new_schemas(pool, &role_of(url)?).await?;
    }
    database.close().await;
    Ok(())
}

fn master_key(settings: &Settings, data_dir: &DataDir) -> Result<MasterKey, AnyError> {
    if let Some(path) = &settings.master_key_file {
        return Ok(MasterKey::read(path)?);
    }
    if settings.database_url.is_some() {
        return Err(
            "with PostgreSQL a master key is required, the same on every node: put 64 hexadecimal digits into a \
                    file (`openssl rand -hex 32 > master-key; chmod 600 master-key`), keep a copy elsewhere, and set \
                    master_key_file (DESK_MASTER_KEY_FILE)"
                .into(),
        );
    }
    let path = data_dir.join("master-key");
    let (key, made) = MasterKey::read_or_create(&path)?;
    if made {
        tracing::info!(path = %path.display(), "a master key was made; keep a copy elsewhere: without it personal data is lost");
    }
    Ok(key)
}

pub(super) fn views_location(settings: &Settings, data_dir: &DataDir) -> ViewsLocation {
    match &settings.database_url {
        Some(url) => ViewsLocation::Postgres { url: url.to_string() },
        None => ViewsLocation::Folder(data_dir.join("")),
    }
}
