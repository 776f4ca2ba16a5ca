//! `desk backup`: a copy of a data directory's databases once, or a backup that follows the log.

mod ends;
mod follow;
mod once;

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use clap::{ArgGroup, Args};

use crate::settings::Settings;

pub(crate) use ends::{BackupEnds, open_backup};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const HELP: &str = "\
--follow runs beside desk, for SQLite, PostgreSQL and KurrentDB alike. It ships every event to the target at most
10 seconds (backup_seconds) after it was recorded, sealed with the backup key, and the vault's keys apart from them, which
go after 7 days (backup_keep_keys_days). It only reads what is desk's, and says how it does in backup-state.json in the data
directory, from which health and metrics have it. Killed, it goes on where the target ends. SIGTERM stops it. `desk restore`
puts the backup back, `desk drill` tries that. docs/backup.md has all of it.

  TARGET   a folder, best a mount of another machine, or s3://BUCKET/PREFIX, for which AWS_REGION, AWS_ACCESS_KEY_ID,
           AWS_SECRET_ACCESS_KEY and (for another service than Amazon's) AWS_ENDPOINT_URL stand in the environment

--once copies policies.db, events.db and keys.db, in this order, into a new folder; only for SQLite. It works while desk
runs and while it does not. The folder appears when all of it is on disk; one that has something in it is refused.

In neither: the master key, which must not lie beside the vault's keys (keep a copy elsewhere), token-key, checkpoint-key
and the FAQ's folder, which change rarely, and the views, which are rebuilt. Keep copies of keys.db for a short time only:
an old one brings destroyed keys back. README.md has step by step how to put a copy of --once back.

Examples:
  desk backup --new-key /etc/desk/backup-key            once; keep a copy of it elsewhere
  desk backup --follow /mnt/backup/desk --key /etc/desk/backup-key --data-dir /var/lib/desk
  DESK_BACKUP_TARGET=s3://shop-backup/desk DESK_BACKUP_KEY_FILE=/etc/desk/backup-key desk backup --follow
  desk backup --once /var/backups/desk-2026-11-30

Exit status: 0 done or stopped, 1 log or target are not what they should be, 2 could not run.";

/// What to do.
#[derive(Args)]
#[command(group(ArgGroup::new("backup_mode").required(true).args(["follow", "once", "new_key"])))]
pub(crate) struct BackupArgs {
    /// Follow the log and ship it, until SIGTERM [default target: setting backup_target]
    #[arg(long, value_name = "TARGET", num_args = 0..=1, default_missing_value = "")]
    follow: Option<String>,
    /// Copy a data directory's databases into a folder that is new or empty
    #[arg(long, value_name = "DIR")]
    once: Option<PathBuf>,
    /// Make a backup key in a new file
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
    /// File with the backup key [default: setting backup_key_file]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub(crate) async fn backup(args: BackupArgs, settings: &Settings) -> Result<(), AnyError> {
    if let Some(file) = &args.new_key {
        ::backup::BackupKey::create(file)?;
        writeln!(io::stdout(), "a backup key is in {}: keep a copy where neither backup nor desk are", file.display())?;
        return Ok(());
    }
    if let Some(folder) = &args.once {
        return Ok(once::backup_once(folder, settings).await?);
    }
    let ends = BackupEnds { target: args.follow.filter(|target| !target.is_empty()), key: args.key };
    let _logging = crate::logging::start(settings.dev, None)?;
    follow::follow(&ends, settings).await
}
