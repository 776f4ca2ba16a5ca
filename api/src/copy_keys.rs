//! `desk copy-keys`: brings the vault's keys to where a desk on other databases will look for them.
//!
//! Invariant: the source is only read, and what is destroyed on either side stays so.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use clap::Args;
use event_store::{
    location::{Location, NoLocation},
    migration::{MigrationError, migrate_vault},
    sql::{Access, Database, SqlError},
    vault::key_migration::{KeyMigrationError, MigratedKeys, migrate_keys},
};

use crate::{
    data_dir::{DataDir, DataDirError},
    endpoints::{PasswordShown, folder_of, location, refuse_passwords},
};

pub(crate) const HELP: &str = "\
Places:
  DIR, DIR/keys.db, sqlite:PATH   a vault in SQLite; its desk must not run
  postgres://…                    a vault in PostgreSQL; as target, by the role that owns it

The keys stay wrapped by the same master key, which is not copied: take its file along. What is destroyed on either side is
destroyed afterwards; nothing comes back. It may be run again.

A URL with a password is not taken as an argument: set DESK_COPY_FROM and DESK_COPY_TO in the environment.

Then destroy the old vault and its backups: they would bring back keys that are destroyed from now on.

Exit status: 0 brought over, 2 could not.";

/// From where to where.
#[derive(Args)]
pub(crate) struct CopyKeysArgs {
    /// The vault to copy; it is only read
    #[arg(long, value_name = "URL", env = "DESK_COPY_FROM", hide_env_values = true)]
    from: String,
    /// Where to
    #[arg(long, value_name = "URL", env = "DESK_COPY_TO", hide_env_values = true)]
    to: String,
}

/// Why keys were not brought over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    #[error(transparent)]
    Location(#[from] NoLocation),
    #[error(transparent)]
    Password(#[from] PasswordShown),
    #[error("{0} can hold a log, and no vault")]
    HoldsOnlyLogs(String),
    #[error("there is no vault at {0}")]
    NoVault(PathBuf),
    #[error(transparent)]
    InUse(#[from] DataDirError),
    #[error("the vault {at} cannot be opened")]
    Open {
        at: String,
        #[source]
        source: SqlError,
    },
    #[error("the vault {at} cannot be used")]
    Migrate {
        at: String,
        #[source]
        source: MigrationError,
    },
    #[error(transparent)]
    Move(#[from] KeyMigrationError),
    #[error("cannot write what was done")]
    Output(#[from] io::Error),
}

/// Copies all keys and says how many.
///
/// # Errors
/// A vault cannot be used, or the target is another log's.
pub(crate) async fn copy_keys(args: &CopyKeysArgs) -> Result<(), KeysError> {
    refuse_passwords(&args.from, &args.to)?;
    let (from, to) = (vault_at(&args.from)?, vault_at(&args.to)?);
    let (source, _from_lock) = open(&from, Access::ReadOnly).await?;
    let (target, _to_lock) = open(&to, Access::Durable).await?;
    migrate_vault(&target).await.map_err(|source| KeysError::Migrate { at: to.to_string(), source })?;
    let MigratedKeys { keys, destroyed, erased_subjects } = migrate_keys(&source, &target).await?;
    target.flush().await.map_err(|source| KeysError::Open { at: to.to_string(), source })?;
    let mut out = io::stdout().lock();
    writeln!(out, "{keys} keys are in {to}, {destroyed} of them destroyed; {erased_subjects} subjects are erased")?;
    writeln!(out, "the same master key opens them (master_key_file); destroy {from} and its backups once desk runs")?;
    Ok(())
}

fn vault_at(text: &str) -> Result<Location, KeysError> {
    match location(text, "keys.db")? {
        place @ Location::Kurrent(_) => Err(KeysError::HoldsOnlyLogs(place.to_string())),
        place => Ok(place),
    }
}

async fn open(at: &Location, access: Access) -> Result<(Database, Option<DataDir>), KeysError> {
    let failed = |source| KeysError::Open { at: at.to_string(), source };
    match at {
        Location::Sqlite(file) => {
            if access == Access::ReadOnly && !file.is_file() {
                return Err(KeysError::NoVault(file.clone()));
            }
            let lock = DataDir::lock(folder_of(file))?;
            Ok((Database::sqlite(file, access).await.map_err(failed)?, Some(lock)))
        }
        Location::Postgres(url) | Location::Kurrent(url) => {
            Ok((Database::postgres(url, "vault", 2).await.map_err(failed)?, None))
        }
    }
}
