//! Where the signer goes on after a start: where it was, if that can be believed, otherwise at the log's first event.
//!
//! It is believed where the kept frontier gives the very root that `latest.checkpoint` has, signed by our key for this log and
//! generation, and the log still has the event that it ends with. Invariant: nothing is signed before the log has given the
//! root of every note in the folder that is newer than where reading began; a log that cannot give one was changed.

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

/// Where to go on.
pub(super) struct ResumePoint {
    pub(super) frontier: Frontier,
    /// Notes beyond the frontier, the oldest first.
    pub(super) ahead: VecDeque<FolderNote>,
    /// The newest note there is.
    pub(super) newest: Option<Checkpoint>,
}

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// It may pass: a folder that is away, a log that does not answer.
    #[error("{what}")]
    Passing {
        what: String,
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The log is not the one that was signed.
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

/// Looks at everything that is kept.
pub(super) async fn find_start(deps: &Dependencies) -> Result<ResumePoint, StartError> {
    let worker = deps.clone();
    let looked = tokio::task::spawn_blocking(move || look(&worker)).await;
    let (frontier, found) = looked.expect("looking at files does not panic")?;
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

/// The folder is made at the first start only: later, a folder that is gone is a disk that is not mounted.
fn look(deps: &Dependencies) -> Result<(Option<Frontier>, Vec<Found>), StartError> {
    let state = &deps.places.state;
    let frontier = Frontier::load(state).map_err(|error| StartError::of_file("the file", state, error))?;
    let of_folder = |error| StartError::of_file("the folder", deps.folder.path(), error);
    if !state.exists() {
        deps.folder.create().map_err(of_folder)?;
    }
    let found = deps.folder.survey(deps.key.public()).map_err(of_folder)?;
    Ok((frontier, found))
}

/// The notes of this log and generation, the oldest first.
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
                tracing::info!(file = name, "a checkpoint by another key is left as it is");
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

/// The kept frontier, if the newest note vouches for it and the log still has its event; says why not.
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
