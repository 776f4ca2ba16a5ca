//! Where the signer resumes after a start: at the stored frontier if it can be trusted, otherwise at the log's first event.
//!
//! The frontier is trusted if its root equals that of `latest.checkpoint`, signed by our key for this log and generation, and the
//! log still has its last event. Invariant: nothing is signed before the log has matched every note in the folder that is newer
//! than the frontier; a log that does not match one was changed.

use std::{collections::VecDeque, io, path::Path, sync::Arc};

use super::{dependencies::Dependencies, status::Alarm};
use crate::{
    checkpoint::{
        Checkpoint, NoteError,
        folder::{FolderNote, Found, LATEST},
        frontier::Frontier,
    },
    event::Position,
    port::{Positions, ReadError},
    restore::{Restored, holds_up_to, restores},
};

/// Where to resume.
pub(super) struct ResumePoint {
    /// An alarm of an earlier life, and how far the log must prove itself before it is over.
    pub(super) suspicion: Option<(Alarm, Position)>,
    pub(super) frontier: Frontier,
    /// Notes beyond the frontier, oldest first.
    pub(super) ahead: VecDeque<FolderNote>,
    /// The newest checkpoint in the folder.
    pub(super) newest: Option<Checkpoint>,
}

/// Why signing cannot start.
#[derive(Debug, thiserror::Error)]
pub(in crate::checkpoint) enum StartError {
    /// Temporary: the folder is missing, or the log does not answer.
    #[error("{what}")]
    Passing {
        what: String,
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The log differs from what was signed.
    #[error("{}", .0.what)]
    Alarm(Alarm),
}

impl StartError {
    pub(super) fn of_file(what: &str, path: &Path, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::NotFound => ": mount its disk, or make it",
            _ => "",
        };
        Self::Passing { what: format!("{what} {}{hint}", path.display()), source: Arc::new(source) }
    }
}

impl From<ReadError> for StartError {
    fn from(error: ReadError) -> Self {
        Self::Passing { what: "the log cannot be read".to_owned(), source: Arc::new(error) }
    }
}

/// Reads the folder, the frontier and the log's head.
pub(super) async fn find_resume_point(deps: &Dependencies) -> Result<ResumePoint, StartError> {
    let worker = deps.clone();
    let read = tokio::task::spawn_blocking(move || read_files(&worker)).await;
    let (frontier, found, alarm) = read.expect("reading files does not panic")?;
    // After an alarm nothing is believed.
    let frontier = frontier.filter(|_| alarm.is_none());
    let suspicion = match alarm {
        Some(alarm) => Some((alarm, deps.reader.head().await?)),
        None => None,
    };
    let latest = found.iter().find(|found| found.name == LATEST).map(|found| found.opened.clone());
    let has_notes = !found.is_empty() || frontier.is_some();
    let restores = restores(&*deps.reader).await?;
    let mut ahead = held_by(&restores, of_this_log(deps, found)?);
    let newest = ahead.iter().rev().map(|kept| kept.checkpoint.clone()).find(|newest| newest.log == deps.log);
    is_long_enough(deps, &ahead).await?;
    let frontier = match believed(deps, frontier, latest, has_notes).await? {
        Some(frontier) => frontier,
        None => Frontier::start(deps.log),
    };
    ahead.retain(|kept| kept.checkpoint.size > frontier.size());
    Ok(ResumePoint { suspicion, frontier, ahead, newest })
}

/// The notes that the log must fit, without those that a restore on record has replaced. A raised generation alone excuses none.
pub(in crate::checkpoint) fn held_by(restores: &[Restored], notes: VecDeque<FolderNote>) -> VecDeque<FolderNote> {
    let holds = |note: &FolderNote| {
        let up_to = holds_up_to(restores, note.checkpoint.log.generation);
        up_to.is_none_or(|up_to| note.checkpoint.position <= up_to)
    };
    notes.into_iter().filter(holds).collect()
}

/// The notes of the folder, oldest first.
pub(in crate::checkpoint) async fn notes_to_fit(deps: &Dependencies) -> Result<VecDeque<FolderNote>, StartError> {
    let worker = deps.clone();
    let surveyed = tokio::task::spawn_blocking(move || worker.folder.survey(worker.key.public())).await;
    let found = surveyed.expect("reading files does not panic");
    of_this_log(deps, found.map_err(|error| StartError::of_file("the folder", deps.folder.path(), error))?)
}

/// The frontier, the folder's notes, and the alarm of an earlier life.
type Files = (Option<Frontier>, Vec<Found>, Option<Alarm>);

/// The folder is created at the first start only: later, a missing folder means that its disk is not mounted.
fn read_files(deps: &Dependencies) -> Result<Files, StartError> {
    let state = &deps.places.state;
    let frontier = Frontier::load(state).map_err(|error| StartError::of_file("the file", state, error))?;
    let of_folder = |error| StartError::of_file("the folder", deps.folder.path(), error);
    if !state.exists() {
        deps.folder.create().map_err(of_folder)?;
    }
    let found = deps.folder.survey(deps.key.public()).map_err(of_folder)?;
    let alarm =
        Alarm::load(&deps.places.alarm).map_err(|error| StartError::of_file("the file", &deps.places.alarm, error))?;
    Ok((frontier, found, alarm))
}

/// The notes of this log, also those of earlier generations, oldest first.
fn of_this_log(deps: &Dependencies, found: Vec<Found>) -> Result<VecDeque<FolderNote>, StartError> {
    let mut notes = Vec::new();
    for Found { name, opened } in found {
        match opened {
            Ok(newer) if newer.log.generation > deps.log.generation => {
                return Err(StartError::Alarm(deps.alarm_of_generation(&FolderNote { name, checkpoint: newer })));
            }
            Ok(checkpoint) => notes.push(FolderNote { name, checkpoint }),
            Err(_) if name == LATEST => {}
            Err(error @ (NoteError::Malformed(_) | NoteError::Forged)) => {
                tracing::warn!(file = name, error = &error as &dyn std::error::Error, "a checkpoint was damaged");
            }
            Err(NoteError::OtherKey | NoteError::OtherLog) => {
                tracing::info!(file = name, "a checkpoint by another key is left unchanged");
            }
        }
    }
    notes.sort_by_key(|kept| kept.checkpoint.size);
    Ok(notes.into())
}

async fn is_long_enough(deps: &Dependencies, notes: &VecDeque<FolderNote>) -> Result<(), StartError> {
    let head = deps.reader.head().await?;
    let is_beyond = |kept: &&FolderNote| kept.checkpoint.log == deps.log && kept.checkpoint.position > head;
    match notes.iter().find(is_beyond).or_else(|| older_beyond(deps, notes, head)) {
        Some(kept) => Err(StartError::Alarm(deps.alarm_of_cut(kept, head))),
        None => Ok(()),
    }
}

/// Positions of an earlier generation may be another database's; in a dense log sizes are positions.
fn older_beyond<'a>(deps: &Dependencies, notes: &'a VecDeque<FolderNote>, head: Position) -> Option<&'a FolderNote> {
    let is_dense = deps.reader.positions() == Positions::Dense;
    notes.iter().find(|kept| is_dense && kept.checkpoint.size.0 > head.0)
}

/// The stored frontier if the newest note confirms it and the log still has its last event; otherwise logs why not.
async fn believed(
    deps: &Dependencies,
    frontier: Option<Frontier>,
    latest: Option<Result<Checkpoint, NoteError>>,
    has_notes: bool,
) -> Result<Option<Frontier>, StartError> {
    let latest = match latest {
        Some(Ok(latest)) => latest,
        Some(Err(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "{LATEST} cannot be used: the log is read again from its first event"
            );
            return Ok(None);
        }
        None if has_notes => {
            tracing::warn!("{LATEST} is gone: the log is read again from its first event");
            return Ok(None);
        }
        None => return Ok(None),
    };
    if latest.log != deps.log {
        tracing::info!(
            generation = latest.log.generation,
            "{LATEST} is of the log before it was restored: the log is read from its first event"
        );
        return Ok(None);
    }
    let Some(frontier) = frontier.filter(|frontier| frontier.log == deps.log && frontier.is_at(&latest)) else {
        tracing::info!(
            "it is not known how far the newest checkpoint went: the log is read again from its first event"
        );
        return Ok(None);
    };
    match frontier.is_in(&*deps.reader).await {
        Ok(true) => Ok(Some(frontier)),
        Err(error @ ReadError::Unavailable(_)) => Err(error.into()),
        Ok(false) | Err(ReadError::Gap { .. } | ReadError::Damaged { .. }) => {
            tracing::warn!(
                position = frontier.position.0,
                "the event that the newest checkpoint ends with is another one: the log is read again from its first event"
            );
            Ok(None)
        }
    }
}
