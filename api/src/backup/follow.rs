//! `desk backup --follow`: ships log and keys beside a running `desk`.
//!
//! Invariant: what is desk's is only read; of the data directory only the file that says how the backup does is written.

use std::{
    future::Future,
    path::PathBuf,
    time::{Duration, Instant},
};

use ::backup::{
    Pace, Report, Shipper, Source, follow as follow_log,
    state::{FollowerState, write_follower},
};
use tokio::signal::unix::{SignalKind, signal};

use super::{AnyError, BackupEnds, open_backup};
use crate::{
    settings::{EventStoreLocation, Settings},
    startup,
};

/// A segment goes out at the latest with so many bytes of events.
const BYTES: usize = 1024 * 1024;
/// Between two lines that say how it does.
const LINE: Duration = Duration::from_secs(60);
const DAY: u64 = 24 * 60 * 60;

/// Ships until SIGTERM.
///
/// # Errors
/// Log, vault or target cannot be used, or are not each other's.
pub(super) async fn follow(ends: &BackupEnds, settings: &Settings) -> Result<(), AnyError> {
    let (target, key) = open_backup(ends, settings)?;
    refuse_nothing(settings)?;
    let clock = startup::clock(settings)?;
    let (log, vault) = (startup::log_reader(settings).await?, startup::vault_reader(settings).await?);
    let keep = Duration::from_secs(u64::from(settings.backup_keep_keys_days.max(1)) * DAY);
    let source = Source { log, vault, clock: clock.clone() };
    let shipper = Shipper::resume(target, key, source, keep).await?;
    tracing::info!(
        target = shipper.target(),
        position = shipper.shipped().0,
        segments = shipper.segments(),
        store = settings.log.kind(),
        "the backup follows the log"
    );
    let pace = Pace { every: Duration::from_secs(settings.backup_seconds.max(1).into()), bytes: BYTES };
    let stop = stop_signal()?;
    follow_log(shipper, pace, clock, stop, report(settings.data_dir.clone())).await?;
    tracing::info!("the backup has stopped");
    Ok(())
}

fn refuse_nothing(settings: &Settings) -> Result<(), AnyError> {
    match &settings.log {
        EventStoreLocation::File(path) if !path.is_file() => {
            Err(format!("there is no log at {}: has desk been started on this data directory?", path.display()).into())
        }
        EventStoreLocation::File(_) | EventStoreLocation::Postgres { .. } | EventStoreLocation::Kurrent { .. } => {
            Ok(())
        }
    }
}

fn stop_signal() -> Result<impl Future<Output = ()>, AnyError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Writes the state at each report, and a line every minute.
fn report(data_dir: PathBuf) -> Report {
    let (mut said, mut is_written) = (Instant::now(), true);
    Box::new(move |state: &FollowerState| {
        let written = write_follower(&data_dir, state);
        if let Err(error) = &written
            && is_written
        {
            tracing::warn!(error = error as &dyn std::error::Error, "the backup's state cannot be written");
        }
        is_written = written.is_ok();
        if said.elapsed() >= LINE && state.error.is_none() {
            said = Instant::now();
            let lag = state.head.saturating_sub(state.position);
            tracing::info!(position = state.position, lag, segments = state.segments, "the backup follows the log");
        }
    })
}
