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
    port::ReadError,
};

/// Where to resume.
pub(super) struct ResumePoint {
    pub(super) frontier: Frontier,
    /// Notes beyond the frontier, oldest first.
    pub(super) ahead: VecDeque<FolderNote>,
    /// The newest checkpoint in the folder.
    pub(super) newest: Option<Checkpoint>,
}

/// Why signing cannot start.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
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
    let (frontier, found) = read.expect("reading files does not panic")?;
    let latest = found.iter().find(|found| found.name == LATEST).map(|found| found.opened.clone());
    let has_notes = !found.is_empty() || frontier.is_some();
    let mut ahead = of_this_log(deps, found)?;
    let newest = ahead.back().map(|kept| kept.checkpoint.clone());
    is_long_enough(deps, &ahead).await?;
    let frontier = match believed(deps, frontier, latest, has_notes).await? {
        Some(frontier) => frontier,
        None => Frontier::start(deps.log),
    };
    ahead.retain(|kept| kept.checkpoint.size > frontier.size());
    Ok(ResumePoint { frontier, ahead, newest })
}

/// The folder is created at the first start only: later, a missing folder means that its disk is not mounted.
fn read_files(deps: &Dependencies) -> Result<(Option<Frontier>, Vec<Found>), StartError> {
    let state = &deps.places.state;
    let frontier = Frontier::load(state).map_err(|error| StartError::of_file("the file", state, error))?;
    let of_folder = |error| StartError::of_file("the folder", deps.folder.path(), error);
    if !state.exists() {
        deps.folder.create().map_err(of_folder)?;
    }
    let found = deps.folder.survey(deps.key.public()).map_err(of_folder)?;
    Ok((frontier, found))
}

/// The notes of this log and generation, oldest first.
fn of_this_log(deps: &Dependencies, found: Vec<Found>) -> Result<VecDeque<FolderNote>, StartError> {
    let mut notes = Vec::new();
    for Found { name, opened } in found {
        match opened {
            Ok(checkpoint) if checkpoint.log == deps.log => notes.push(FolderNote { name, checkpoint }),
            Ok(newer) if newer.log.generation > deps.log.generation => {
                return Err(StartError::Alarm(deps.alarm_of_generation(&FolderNote { name, checkpoint: newer })));
            }
            Ok(_of_an_older_generation) => {}
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
    match notes.iter().find(|kept| kept.checkpoint.position > head) {
        Some(kept) => Err(StartError::Alarm(deps.alarm_of_cut(kept, head))),
        None => Ok(()),
    }
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
