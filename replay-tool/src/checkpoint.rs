//! `checkpoint`: signs a checkpoint of the log as it is now.
//!
//! Invariant: only a valid log is signed.

use event_store::{
    checkpoint::{Checkpoint, CheckpointKey},
    verify::verify_and_sum,
};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    Finding,
    atomic_file::{self, Readers},
    cli::CheckpointArgs,
    failure::Failure,
    progress::Progress,
    render::Screen,
    source::Source,
    verify,
};

/// Verifies the whole log and signs its root; `Differences` if the log is not valid.
///
/// # Errors
/// The log or the key cannot be read, the key is another log's, or the file cannot be written.
pub async fn checkpoint(source: &Source, wanted: &CheckpointArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let reader = source.reader();
    let log = reader.identity().await?;
    let key = CheckpointKey::read_for(&wanted.key, log)?;
    if key.public().name() != Checkpoint::origin(log) {
        return Err(Failure::KeyOfAnotherLog { key: key.public().name().to_owned(), log: Checkpoint::origin(log) });
    }
    let progress = Progress::new("verifying", reader.head().await?);
    let (report, range) = verify_and_sum(reader, |position| progress.reached(position)).await?;
    drop(progress);
    if report.first_flaw.is_some() {
        verify::print_report(reader, report, screen).await?;
        return Ok(Finding::Differences);
    }
    let (size, root, position) = (range.size(), range.root(), report.last);
    let checkpoint = Checkpoint { log, size, root, position, signed_at: Timestamp::now() };
    give(&checkpoint, &checkpoint.sign(&key), wanted, screen)?;
    Ok(Finding::AsExpected)
}

fn give(checkpoint: &Checkpoint, note: &str, wanted: &CheckpointArgs, screen: &mut Screen<'_>) -> Result<(), Failure> {
    if let Some(file) = &wanted.out {
        atomic_file::write(file, note.as_bytes(), Readers::All, wanted.force)?;
    }
    let file = wanted.out.as_ref().map(|file| file.display().to_string());
    match file {
        _ if screen.json_wanted() => {
            let Checkpoint { size, position, root, .. } = checkpoint;
            screen.json(
                &json!({ "file": file, "events": size, "position": position, "root": hex::encode(root), "note": note }),
            )
        }
        Some(file) => {
            screen.line(&format!("{file}: {} events, root {}", checkpoint.size, hex::encode(checkpoint.root)))
        }
        None => screen.raw(note),
    }
}
