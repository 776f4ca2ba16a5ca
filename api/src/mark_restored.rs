//! `desk mark-restored`: records that the log was put back to an earlier state, and raises its generation.
//!
//! Invariants: only a log that proves itself is marked, and fits every checkpoint up to where it ends; the record is signed and
//! appended before the generation is raised, so that a raised generation without a record explains nothing. Killed anywhere and run
//! again, it ends the same. What the log says was erased is erased in the vault, whose backup may have brought the keys back.

use std::{pin::pin, sync::Arc};

use clap::Args;
use commands::{Erasure, erasure::erased_subject};
use event_store::{
    Clock, EventStore, Identity, Log, Position, ReadError, SystemClock,
    checkpoint::{Checkpoint, CheckpointKey},
    pages::pages,
    restore::{Restored, record, restores},
    verify::verify_and_sum,
};
use futures::StreamExt as _;

use crate::{checkpoints, settings::Settings, startup};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const HELP: &str = "\
Run it once after the log was put back from a backup, and before desk is started on it. It verifies the log, appends
log.restored to it (up to where it was left, its Merkle root, who says so; signed with the key for checkpoints), and raises
the log's generation, so that views, policies and open event streams that remember what is gone are refused and not misread.
It also destroys the keys again that the log says were destroyed, should a backup of the vault have brought them back.

Checkpoints up to that position stay good. Those that reach beyond it make desk-replay verify answer 1, `replaced by a
restore at P`, until it is given --restored-at P: tell every auditor of the restore, and of that position.

Stop every desk on the log first. Afterwards delete the views and the policies' store, as the next start asks for.

Exit status: 0 done, 2 could not run, or the log does not prove itself.";

/// Who restored.
#[derive(Args)]
pub(crate) struct MarkRestoredArgs {
    /// Who put it back, in words that will stay in the log: a name or a ticket, at most 200 characters
    #[arg(long, value_name = "TEXT", value_parser = who)]
    who: String,
}

pub(crate) fn who(text: &str) -> Result<String, String> {
    let is_line = !text.trim().is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control);
    if is_line { Ok(text.trim().to_owned()) } else { Err("must be 1 to 200 characters on one line".to_owned()) }
}

/// Marks the log as restored; answers what to print.
///
/// # Errors
/// `desk` runs on the folder, the log does not prove itself, or something cannot be opened.
pub(crate) async fn mark_restored(args: &MarkRestoredArgs, settings: &Settings) -> Result<String, AnyError> {
    let clock = SystemClock::shared();
    let (store, vault, _data_dir) = startup::open_log_alone(settings, clock.clone()).await?;
    let (restored, raised) = mark(&*store, settings, &args.who, &*clock, |_| ()).await?;
    let erased = erase_again(&Log::new(store, vault)).await?;
    Ok(format!(
        "restored   up to position {}, root {}\nlog        {}, generation {}\nerased     the keys of {erased} persons, as the log says\n\
         next       delete views and policies' store, tell every auditor of position {}, and start desk\n",
        restored.from, restored.root, raised.log_id, raised.generation, restored.from
    ))
}

/// Records a restore, and raises the generation.
///
/// # Errors
/// The log does not prove itself, there is no key for checkpoints, or the log does not answer.
pub(crate) async fn mark(
    store: &dyn EventStore,
    settings: &Settings,
    who: &str,
    clock: &dyn Clock,
    progress: impl FnMut(Position),
) -> Result<(Restored, Identity), AnyError> {
    let here = store.identity().await?;
    let key = checkpoints::checkpoint_key(settings, here)?;
    let restored = match begun(store, here).await? {
        Some(begun) => begun,
        None => append_record(store, here, who, &key, clock, progress).await?,
    };
    Ok((restored, store.raise_generation().await?))
}

/// A record that an earlier run appended without raising the generation.
async fn begun(store: &dyn EventStore, here: Identity) -> Result<Option<Restored>, ReadError> {
    Ok(restores(store).await?.into_iter().find(|restored| restored.generation > here.generation))
}

async fn append_record(
    store: &dyn EventStore,
    here: Identity,
    who: &str,
    key: &CheckpointKey,
    clock: &dyn Clock,
    progress: impl FnMut(Position),
) -> Result<Restored, AnyError> {
    let (report, range) = verify_and_sum(store, progress).await?;
    if let Some(flaw) = report.first_flaw {
        return Err(format!("the log does not prove itself, so it is not marked: {flaw}").into());
    }
    let log = Identity { generation: here.generation + 1, ..here };
    let signed_at = checkpoints::to_the_microsecond(clock.now());
    let left = Checkpoint { log, size: range.size(), root: range.root(), position: report.last, signed_at };
    Ok(record(store, &left, who, key).await?)
}

/// Destroys the keys of everybody whom the log says was erased.
async fn erase_again(log: &Log) -> Result<usize, AnyError> {
    let (reader, erasure, mut erased) = (log.reader(), Erasure::new(log.clone()), 0);
    let mut pages = pin!(pages(&*reader));
    while let Some(page) = pages.next().await {
        for event in page?.iter().map(Arc::clone) {
            if let Some(person) = erased_subject(&event) {
                erasure.destroy(person).await?;
                erased += 1;
            }
        }
    }
    Ok(erased)
}
