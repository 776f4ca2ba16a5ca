//! Logs whose personal parts are sealed, laid out as `desk` lays them out.

use std::{path::Path, sync::Arc};

use event_store::{
    EventStore, Log, Vault,
    migration::migrate_vault,
    sql::{Access, Database},
    sqlite::SqliteStore,
    vault::{MasterKey, SqlKeys},
};

/// A log over a store, with its vault in a database and the master key in a file; the key is made where there is none.
///
/// # Panics
/// The database or the file cannot be used.
pub async fn log_over(store: Arc<dyn EventStore>, keys: &Database, master_key: &Path) -> Log {
    migrate_vault(keys).await.expect("the vault can be migrated");
    let (master, _) = MasterKey::read_or_create(master_key).expect("the master key can be read or made");
    Log::new(store, Arc::new(Vault::new(Arc::new(SqlKeys::new(keys.clone())), master)))
}

/// A log in the files `events.db` and `keys.db` of a folder.
///
/// # Panics
/// The folder cannot be used.
pub async fn log_in(folder: &Path, master_key: &Path) -> Log {
    let store = SqliteStore::open(&folder.join("events.db")).await.expect("the log can be opened");
    let keys = Database::sqlite(&folder.join("keys.db"), Access::Durable).await.expect("the vault can be opened");
    log_over(Arc::new(store), &keys, master_key).await
}
