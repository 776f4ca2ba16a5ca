//! `prove`: makes a proof file from the log and a checkpoint.
//!
//! Invariant: only a proof that verifies is written.

use std::{path::Path, pin::pin, sync::Arc};

use event_store::{
    EventReader, Position, Positions, RecordedEvent, StreamName,
    checkpoint::PublicKey,
    pages::pages,
    proof::{MakeError, make},
};
use futures::StreamExt as _;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Finding,
    atomic_file::{self, Readers},
    checkpoint_files::CheckpointFile,
    cli::ProveArgs,
    failure::Failure,
    history,
    progress::Progress,
    render::Screen,
    source::Source,
};

/// Writes the proof of a stream's events up to the checkpoint, or of one event.
///
/// # Errors
/// There is no such stream or event, it is newer than the checkpoint, or the file cannot be written.
pub async fn prove(source: &Source, wanted: &ProveArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let key = PublicKey::read(&wanted.key)?;
    let note = CheckpointFile::read(&wanted.checkpoint, &key)?;
    let signed = note.in_terms_of(source.maps())?.position;
    let found = find(source, &wanted.what).await?;
    let chosen = &found[..found.partition_point(|event| event.position <= signed)];
    if chosen.is_empty() {
        let position = found.first().map_or(Position::START, |first| first.position);
        return Err(Failure::NewerThanCheckpoint { position, signed });
    }
    let Some(text) = file_of(source.reader(), &note, signed, &key, chosen).await? else {
        return not_the_signed_log(&note, screen);
    };
    give(&text, chosen.len(), found.len(), wanted, screen)?;
    Ok(Finding::AsExpected)
}

/// The note, and the proof of those of these events that it covers; `None` if the log is not the one that was signed, or the note
/// is older than all of them.
///
/// # Errors
/// Note, key or log cannot be read.
pub async fn proof_of(
    source: &Source,
    checkpoint: &Path,
    key: &Path,
    events: &[Arc<RecordedEvent>],
) -> Result<Option<(CheckpointFile, String)>, Failure> {
    let key = PublicKey::read(key)?;
    let note = CheckpointFile::read(checkpoint, &key)?;
    let signed = note.in_terms_of(source.maps())?.position;
    let chosen = &events[..events.partition_point(|event| event.position <= signed)];
    if chosen.is_empty() {
        return Ok(None);
    }
    let text = file_of(source.reader(), &note, signed, &key, chosen).await?;
    Ok(text.map(|text| (note, text)))
}

/// The requested events in order: those of a stream, or the one with this id.
async fn find(source: &Source, wanted: &str) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
    let not_a_session = match history::find(source, wanted).await {
        Err(failure @ (Failure::NoSession | Failure::NameNeedsKey)) => failure,
        found => return found,
    };
    if let Ok(stream) = StreamName::parse(wanted) {
        let events = history::load(source, &stream).await?;
        if !events.is_empty() {
            return Ok(events);
        }
    }
    match Uuid::try_parse(wanted) {
        Ok(id) => find_anywhere(source.reader(), id).await?.map(|event| vec![event]).ok_or(Failure::NoSuchEvent),
        Err(_) => Err(not_a_session),
    }
}

/// The event with this id in any stream; a log without an index by id is searched from the start.
async fn find_anywhere(reader: &dyn EventReader, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, Failure> {
    if let Some(stream) = reader.owner(id).await? {
        return Ok(reader.find(&stream, id).await?);
    }
    if reader.positions() == Positions::Dense {
        return Ok(None);
    }
    let mut pages = pin!(pages(reader));
    while let Some(page) = pages.next().await {
        if let Some(event) = page?.into_iter().find(|event| event.event.event_id == id) {
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// The text of the proof file; `None` if the log differs from the checkpoint.
async fn file_of(
    reader: &dyn EventReader,
    note: &CheckpointFile,
    signed: Position,
    key: &PublicKey,
    chosen: &[Arc<RecordedEvent>],
) -> Result<Option<String>, Failure> {
    let progress = Progress::new("building the tree", signed);
    match make(reader, &note.text, key, chosen, |position| progress.reached(position)).await {
        Ok(text) => Ok(Some(text)),
        Err(MakeError::AnotherLog) => Ok(None),
        Err(MakeError::Note(source)) => Err(Failure::CheckpointFile { file: note.file.clone(), source }),
        Err(MakeError::Log(error)) => Err(error.into()),
        Err(MakeError::TooLong { bytes }) => Err(Failure::ProofTooLong { bytes }),
        Err(MakeError::Unprovable(source)) => Err(Failure::Unprovable(source)),
    }
}

fn not_the_signed_log(note: &CheckpointFile, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let what =
        "the log is not the one that the checkpoint was signed over; desk-replay verify names the first bad position";
    if screen.json_wanted() {
        screen.json(&json!({ "ok": false, "what": what, "checkpoint": note.file.display().to_string() }))?;
    } else {
        screen.field("result", &format!("DIFFERENCES: {what}"))?;
    }
    Ok(Finding::Differences)
}

fn give(text: &str, proved: usize, all: usize, wanted: &ProveArgs, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let Some(file) = &wanted.out else { return screen.raw(text) };
    atomic_file::write(file, text.as_bytes(), Readers::Owner, wanted.force)?;
    let (file, newer) = (file.display().to_string(), all - proved);
    if screen.json_wanted() {
        return screen.json(&json!({ "file": file, "events": proved, "newer_events": newer, "bytes": text.len() }));
    }
    screen.line(&format!("{file}: {proved} events, {} bytes", text.len()))?;
    if newer > 0 {
        screen.line(&format!("{newer} more are newer than the checkpoint: make a newer one to prove them"))?;
    }
    Ok(())
}
