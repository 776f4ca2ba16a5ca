//! `desk restore`: puts a backup into an empty place, as a new generation of the log.
//!
//! Invariants: nothing that is there is written over; nobody serves the place before all of it is there; what the log says was
//! erased, before the restored position or behind it, is erased in the restored vault and on record in the restored log; the
//! restore itself is an event, signed, and the log proves itself.

mod after;
mod filling;
mod notes;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    time::Instant,
};

use ::backup::{Backup, BackupError, Segments};
use clap::Args;
use event_store::{
    Identity, Log, Position,
    event::time_text,
    import::ImportError,
    port::{Exemption, Positions},
    position_map::MapWriter,
    restore::Restored,
};
use jiff::Timestamp;

use crate::{
    backup::{BackupEnds, open_backup},
    checkpoints,
    copy_log::progress::Progress,
    data_dir::DataDir,
    mark_restored::{mark, who},
    settings::{EventStoreLocation, Settings},
    startup::{self, Unfinished, refuse_filled},
};
use after::settle_erasures;

pub(crate) use after::{AfterRestore, look_at_events};
pub(crate) use filling::{Filled, Until, fill, fill_keys};
pub(crate) use notes::{Notes, missing};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const HELP: &str = "\
Into where the settings say that log and vault are: an empty data directory, an empty database. Put the secrets there
first: master-key (or master_key_file), without which nothing personal opens, and token-key and checkpoint-key, without
which everybody signs in anew and checkpoints get a new key. Stop every desk of this log.

What happens: segments are read in order, each proved to continue the one before it; every event is proved by its hash and
its links as it is written; the vault's keys follow; the whole log is verified and compared with the newest checkpoint, if
there is one in checkpoint_dir; the restore is recorded as an event and the log's generation raised, so that views,
policies and open streams of before are refused; keys that were destroyed by an erasure are destroyed again, also where
that is behind --to-position, and recorded again. At the end it says what is missing.

Then start desk: it builds its views. Tell every auditor of the restore and its position, and begin the backup again with
the same target. A restore that was killed is begun again in an empty place.

Examples:
  desk restore --from /mnt/backup/desk --key /etc/desk/backup-key --data-dir /var/lib/desk
  desk restore --from s3://shop-backup/desk --to-time 2026-11-30T09:00:00Z --data-dir /var/lib/desk
  DESK_DATABASE_URL=postgres://… DESK_DATABASE_OWNER_URL=postgres://… desk restore

Exit status: 0 restored and verified, 1 the backup is damaged or does not fit, 2 could not run.";

/// From where, and up to where.
#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// The target that `desk backup --follow` ships to [default: setting backup_target]
    #[arg(long, value_name = "TARGET")]
    from: Option<String>,
    /// File with the backup key [default: setting backup_key_file]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The last position to restore [default: all that there is]
    #[arg(long, value_name = "N", conflicts_with = "to_time")]
    to_position: Option<u64>,
    /// Restores what was recorded up to this time, like 2026-11-30T09:00:00Z
    #[arg(long, value_name = "T")]
    to_time: Option<Timestamp>,
    /// A generation of the log [default: the newest in the target]
    #[arg(long, value_name = "G")]
    generation: Option<u64>,
    /// Who restores, in words that will stay in the log
    #[arg(long, value_name = "TEXT", value_parser = who, default_value = "desk restore")]
    who: String,
}

/// What was found is not what should be there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Differs(pub(crate) String);

/// 1 where the backup is not what it should be; `None` for what has nothing to do with backups.
pub(crate) fn exit_code(error: &AnyError) -> Option<u8> {
    use ImportError::{Differs as Other, Flawed, NotAsWritten, Refused};
    let of_backup = error.downcast_ref::<BackupError>().is_some_and(BackupError::is_damage);
    let of_import = matches!(
        error.downcast_ref::<ImportError>(),
        Some(Other { .. } | Flawed { .. } | NotAsWritten(_) | Refused { .. })
    );
    (of_backup || of_import || error.is::<Differs>()).then_some(1)
}

/// Restores, and says what.
///
/// # Errors
/// There is no whole restore; the error says why, and what to do.
pub(crate) async fn restore(args: &RestoreArgs, settings: &Settings) -> Result<(), AnyError> {
    let began = Instant::now();
    let ends = BackupEnds { target: args.from.clone(), key: args.key.clone() };
    let (target, key) = open_backup(&ends, settings)?;
    let backup = Backup::open(target, key).await?;
    let segments = backup.segments(args.generation).await?;
    say_of_others(&backup, &segments).await?;
    let data_dir = DataDir::lock(&settings.data_dir)?;
    Unfinished::refuse(&settings.data_dir)?;
    refuse_filled(settings).await?;
    refuse_without_master_key(settings)?;
    let unfinished = Unfinished::begin(&settings.data_dir)?;
    let filled = fill_all(args, settings, &backup, &segments, &data_dir).await?;
    drop(data_dir);
    let done = finish(args, settings, &filled).await?;
    unfinished.end()?;
    let notes = Notes::read(settings, done.raised);
    say(&done, &filled, &notes, began)?;
    if done.after.missing_keys > 0 {
        return Err(done.after.complaint().into());
    }
    Ok(())
}

/// An older generation of a target may hold more, where a restore went back in time.
async fn say_of_others(backup: &Backup, segments: &Segments) -> Result<(), AnyError> {
    let events = async |segments: &Segments| -> Result<u64, BackupError> {
        Ok(segments.newest().await?.map_or(0, |newest| newest.head.events_before + newest.head.events))
    };
    let own = events(segments).await?;
    for other in backup.generations().await?.into_iter().filter(|other| *other != segments.generation()) {
        let there = events(&backup.segments(Some(other)).await?).await.unwrap_or(0);
        if there > own {
            let generation = segments.generation();
            writeln!(
                io::stderr(),
                "generation {generation} is restored, of {own} events; --generation {other} has {there}"
            )?;
        }
    }
    Ok(())
}

fn refuse_without_master_key(settings: &Settings) -> Result<(), AnyError> {
    let file = settings.master_key_file.clone().unwrap_or_else(|| settings.data_dir.join("master-key"));
    if file.is_file() {
        return Ok(());
    }
    let shown = file.display();
    Err(format!("there is no master key in {shown}: put its copy there first, or set master_key_file; without it nothing personal opens").into())
}

/// The log and the vault's keys.
async fn fill_all(
    args: &RestoreArgs,
    settings: &Settings,
    backup: &Backup,
    segments: &Segments,
    data_dir: &DataDir,
) -> Result<Filled, AnyError> {
    let newest = backup.generations().await?.into_iter().max().unwrap_or(1);
    // The restore raises it by one, beyond each that the target has.
    let log = Identity { log_id: backup.log_id(), generation: newest };
    let import = startup::log_import(settings, log).await?;
    if import.reader().head().await? > Position::START {
        return Err("the log is not empty: a restore goes to an empty place. Nothing was written".into());
    }
    let keys = backup.keys().await?;
    let until = Until { position: args.to_position.map(Position), time: args.to_time };
    let raised = Identity { generation: newest + 1, ..log };
    let mut map = position_map(settings, segments, raised).await?;
    let key = checkpoints::checkpoint_key(settings, log)?;
    let sign = |rises_after: Position| match rises_after {
        Position::START => Exemption { rises_after, note: None, is_copy: true },
        _ => Exemption::signed(rises_after, raised, &key),
    };
    let progress = Progress::new("restoring", segments.count());
    let filled = fill(segments, &keys, until, import, map.as_mut(), sign, &progress).await?;
    drop(progress);
    if let Some(map) = map {
        let map = map.finish()?;
        writeln!(io::stderr(), "positions have changed; {} says which has become which", map.display())?;
    }
    let (_vault, database) = startup::open_vault(settings, data_dir).await?;
    fill_keys(&keys, &database).await?;
    database.flush().await?;
    database.close().await;
    Ok(filled)
}

/// Where a log has holes, positions are others afterwards.
async fn position_map(settings: &Settings, segments: &Segments, to: Identity) -> Result<Option<MapWriter>, AnyError> {
    let Some(newest) = segments.newest().await? else { return Ok(None) };
    let is_dense = !matches!(settings.log, EventStoreLocation::Kurrent { .. });
    if is_dense && newest.head.positions() == Positions::Dense {
        return Ok(None);
    }
    let from = newest.head.log;
    let name = format!("position-map-{}-to-{}", from.generation, to.generation);
    Ok(Some(MapWriter::create(&settings.data_dir.join(name), from, to)?))
}

/// What a restore did.
struct Done {
    restored: Restored,
    raised: Identity,
    after: AfterRestore,
}

/// Verifies, records the restore, and has erasures where they belong.
async fn finish(args: &RestoreArgs, settings: &Settings, filled: &Filled) -> Result<Done, AnyError> {
    let clock = startup::clock(settings)?;
    let (store, vault, _data_dir) = startup::open_log_alone(settings, clock.clone()).await?;
    let progress = Progress::new("verifying", filled.last.0);
    let mut events = 0;
    let verified = |position: Position| {
        events += 1;
        progress.reached(position.0, events);
    };
    let (restored, raised) = mark(&*store, settings, &args.who, &*clock, verified).await?;
    drop(progress);
    let database = startup::vault_reader(settings).await?;
    let log = Log::new(store, vault).with_clock(clock);
    let after = settle_erasures(&log, &database, filled).await?;
    log.flush().await?;
    database.close().await;
    Ok(Done { restored, raised, after })
}

fn say(done: &Done, filled: &Filled, notes: &Notes, began: Instant) -> Result<(), AnyError> {
    let (mut out, Restored { from, root, .. }) = (io::stdout().lock(), &done.restored);
    let until = filled.recorded_at.map(time_text).unwrap_or_default();
    writeln!(out, "restored   {} events up to position {from}, recorded at {until}, root {root}", filled.events)?;
    writeln!(out, "verified   every hash, link, number and time")?;
    writeln!(out, "log        {}, generation {}", done.raised.log_id, done.raised.generation)?;
    let AfterRestore { keys, erased, recorded_again, .. } = &done.after;
    writeln!(
        out,
        "keys       {keys}; those of {erased} persons destroyed again, {recorded_again} of them recorded again"
    )?;
    writeln!(out, "missing    {}", missing(notes, filled))?;
    writeln!(out, "took       {:.1} s", began.elapsed().as_secs_f64())?;
    writeln!(
        out,
        "next       start desk, which builds its views; tell every auditor of position {from}; begin the backup again"
    )?;
    Ok(())
}
