//! `desk drill`: restores the backup into a temporary folder, verifies and compares it, and says how long that took.
//!
//! Invariant: what is desk's is only read; the folder is gone afterwards. What was found is in the data directory for health and
//! metrics.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

use ::backup::{
    Backup,
    state::{self, DrillState, write_drill},
};
use clap::Args;
use event_store::{
    EventReader, Identity, Position,
    event::time_text,
    migration::migrate_vault,
    port::Exemption,
    sql::{Access, Database},
    sqlite::{SqliteImport, SqliteStore},
    verify::{Evidence, verify_against},
};

use crate::{
    backup::{BackupEnds, open_backup},
    copy_log::progress::Progress,
    error_chain::chain,
    restore::{AfterRestore, Differs, Filled, Notes, Until, fill, fill_keys, look_at_events, missing},
    settings::Settings,
    startup,
};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const HELP: &str = "\
A backup counts when it was restored and verified. This does so in a folder of its own (desk-drill.tmp in the data directory, or
--in DIR), always in SQLite, whatever desk's own databases are, and removes it again. It needs as much free space as the
log has; it works while desk runs.

It proves every segment, every event's hash and links, that each checkpoint in checkpoint_dir fits, that each event's key is
there or was destroyed, and that the log that is served has the same last event. The seconds that it took are what a
restore takes, without building the views. What it found is in drill-state.json in the data directory, from which health
and metrics have it. Run it weekly, by a timer:

  desk drill --from /mnt/backup/desk --key /etc/desk/backup-key --data-dir /var/lib/desk

Exit status: 0 the backup can be restored, 1 it cannot or differs, 2 could not run.";

/// What to restore, and where.
#[derive(Args)]
pub(crate) struct DrillArgs {
    /// The target that `desk backup --follow` ships to [default: setting backup_target]
    #[arg(long, value_name = "TARGET")]
    from: Option<String>,
    /// File with the backup key [default: setting backup_key_file]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A folder for the temporary one [default: the data directory]
    #[arg(long = "in", value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// What a drill found.
struct Found {
    log: Identity,
    filled: Filled,
    after: AfterRestore,
    checkpoints: usize,
    /// Where the served log ends.
    head: Option<Position>,
}

/// Restores, compares, removes, and records what it found.
///
/// # Errors
/// The backup cannot be restored, or differs from checkpoints or log.
pub(crate) async fn drill(args: &DrillArgs, settings: &Settings) -> Result<(), AnyError> {
    let (began, clock) = (Instant::now(), startup::clock(settings)?);
    let found = try_it(args, settings).await;
    let seconds = began.elapsed().as_secs_f64();
    let ended_at = clock.now();
    let before = state::read(&settings.data_dir).drill.and_then(|drill| drill.last_success_at);
    let state = DrillState {
        ended_at,
        last_success_at: if found.is_ok() { Some(ended_at) } else { before },
        seconds,
        events: found.as_ref().map_or(0, |found| found.filled.events),
        error: found.as_ref().err().map(|error| chain(&**error)),
    };
    write_drill(&settings.data_dir, &state)?;
    let found = found?;
    say(&found, &Notes::read(settings, found.log), seconds)
}

async fn try_it(args: &DrillArgs, settings: &Settings) -> Result<Found, AnyError> {
    let ends = BackupEnds { target: args.from.clone(), key: args.key.clone() };
    let (target, key) = open_backup(&ends, settings)?;
    let backup = Backup::open(target, key).await?;
    let folder = Folder::make(args.folder.as_deref().unwrap_or(&settings.data_dir))?;
    let (filled, log, vault) = restore_into(&folder.0, &backup).await?;
    let identity = log.identity().await?;
    let checkpoints = verify_with_notes(&*log, &filled, Notes::read(settings, identity)).await?;
    let mut after = AfterRestore::default();
    look_at_events(&*log, &vault, &mut after, async |_person| Ok(())).await?;
    vault.close().await;
    if after.missing_keys > 0 {
        return Err(after.complaint().into());
    }
    let head = compare_with_served(settings, &filled).await?;
    Ok(Found { log: identity, filled, after, checkpoints, head })
}

async fn restore_into(
    folder: &Path,
    backup: &Backup,
) -> Result<(Filled, std::sync::Arc<dyn EventReader>, Database), AnyError> {
    let segments = backup.segments(None).await?;
    let log = Identity { log_id: backup.log_id(), generation: segments.generation() };
    let file = folder.join("events.db");
    let (keys, progress) = (backup.keys().await?, Progress::new("restoring", segments.count()));
    let import = Box::new(SqliteImport::open(&file, log).await?);
    let unsigned = |rises_after| Exemption { rises_after, note: None, is_copy: true };
    let filled = fill(&segments, &keys, Until::default(), import, None, unsigned, &progress).await?;
    drop(progress);
    let vault = Database::sqlite(&folder.join("keys.db"), Access::Derived).await?;
    migrate_vault(&vault).await?;
    fill_keys(&keys, &vault).await?;
    Ok((filled, SqliteStore::open_reader(&file).await?, vault))
}

/// Compares with each checkpoint that does not reach beyond the backup; returns how many.
async fn verify_with_notes(log: &dyn EventReader, filled: &Filled, notes: Notes) -> Result<usize, AnyError> {
    let Notes { mut checkpoints, key } = notes;
    let here = log.identity().await?;
    checkpoints.retain(|note| note.size.0 <= filled.events && note.log.generation <= here.generation);
    let compared = checkpoints.len();
    let evidence = Evidence { checkpoints, key, ..Evidence::default() };
    let (progress, mut events) = (Progress::new("verifying", filled.last.0), 0);
    let verified = verify_against(log, evidence, |event| {
        events += 1;
        progress.reached(event.position.0, events);
    });
    match verified.await?.first_flaw {
        Some(flaw) => Err(Differs(format!("the restored log does not prove itself: {flaw}")).into()),
        None => Ok(compared),
    }
}

/// Where the served log ends; `None` if it does not answer.
async fn compare_with_served(settings: &Settings, filled: &Filled) -> Result<Option<Position>, AnyError> {
    let Ok(served) = startup::log_reader(settings).await else { return Ok(None) };
    let Ok(head) = served.head().await else { return Ok(None) };
    if filled.position == Position::START {
        return Ok(Some(head));
    }
    let there = served.read_at(filled.position).await?;
    if there.is_some_and(|event| event.hash == filled.last_hash) {
        return Ok(Some(head));
    }
    Err(Differs(format!("the log that is served has another event at position {}", filled.position)).into())
}

fn say(found: &Found, notes: &Notes, seconds: f64) -> Result<(), AnyError> {
    let (mut out, filled) = (io::stdout().lock(), &found.filled);
    let until = filled.recorded_at.map(time_text).unwrap_or_default();
    writeln!(out, "restored   {} events up to position {}, recorded at {until}", filled.events, filled.position)?;
    writeln!(out, "verified   every hash, link, number and time; {} checkpoints fit", found.checkpoints)?;
    writeln!(out, "keys       {}, for every event that has one", found.after.keys)?;
    writeln!(out, "missing    {}", missing(notes, filled))?;
    match found.head {
        Some(head) => writeln!(out, "compared   the served log has the same last event, and ends at position {head}")?,
        None => writeln!(out, "compared   not: the served log does not answer")?,
    }
    Ok(writeln!(out, "took       {seconds:.1} s")?)
}

/// A folder that is removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    /// What a killed drill left is removed.
    fn make(beside: &Path) -> io::Result<Self> {
        let path = beside.join("desk-drill.tmp");
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
