//! Where the signer goes on after a start: where it was, if that can be believed, otherwise at the log's first event.
//!
//! It is believed where the kept edge gives the very root that `latest.checkpoint` has, signed by our key for this log and
//! generation, and the log still has the event that it ends with. Invariant: nothing is signed before the log has given the
//! root of every note in the folder that is newer than where reading began; a log that cannot give one was changed.

use std::{collections::VecDeque, io, path::Path, sync::Arc};

use super::{
    Checkpoint, NoteError,
    edge::Edge,
    folder::{Found, LATEST},
    signer::{Alarm, Means},
};
use crate::port::ReadError;

/// A note in the folder that the log must give.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) checkpoint: Checkpoint,
}

/// Where to go on.
pub(super) struct Start {
    pub(super) edge: Edge,
    /// Notes beyond the edge, the oldest first.
    pub(super) ahead: VecDeque<Kept>,
    /// The newest note there is.
    pub(super) newest: Option<Checkpoint>,
}

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Hindrance {
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

impl Hindrance {
    pub(super) fn of_file(what: &str, path: &Path, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::NotFound => ": mount its disk, or make it",
            _ => "",
        };
        Self::Passing { what: format!("{what} {}{hint}", path.display()), source: Arc::new(source) }
    }
}

impl From<ReadError> for Hindrance {
    fn from(error: ReadError) -> Self {
        Self::Passing { what: "the log cannot be read".to_owned(), source: Arc::new(error) }
    }
}

/// Looks at everything that is kept.
pub(super) async fn find_start(means: &Means) -> Result<Start, Hindrance> {
    let worker = means.clone();
    let looked = tokio::task::spawn_blocking(move || look(&worker)).await;
    let (edge, found) = looked.expect("looking at files does not panic")?;
    let latest = found.iter().find(|found| found.name == LATEST).map(|found| found.opened.clone());
    let has_notes = !found.is_empty() || edge.is_some();
    let mut ahead = of_this_log(means, found)?;
    let newest = ahead.back().map(|kept| kept.checkpoint.clone());
    is_long_enough(means, &ahead).await?;
    let edge = match believed(means, edge, latest, has_notes).await? {
        Some(edge) => edge,
        None => Edge::start(means.log),
    };
    ahead.retain(|kept| kept.checkpoint.size > edge.size());
    Ok(Start { edge, ahead, newest })
}

/// The folder is made at the first start only: later, a folder that is gone is a disk that is not mounted.
fn look(means: &Means) -> Result<(Option<Edge>, Vec<Found>), Hindrance> {
    let state = &means.places.state;
    let edge = Edge::load(state).map_err(|error| Hindrance::of_file("the file", state, error))?;
    let of_folder = |error| Hindrance::of_file("the folder", means.folder.path(), error);
    if !state.exists() {
        means.folder.create().map_err(of_folder)?;
    }
    let found = means.folder.survey(means.key.public()).map_err(of_folder)?;
    Ok((edge, found))
}

/// The notes of this log and generation, the oldest first.
fn of_this_log(means: &Means, found: Vec<Found>) -> Result<VecDeque<Kept>, Hindrance> {
    let mut notes = Vec::new();
    for Found { name, opened } in found {
        match opened {
            Ok(checkpoint) if checkpoint.log == means.log => notes.push(Kept { name, checkpoint }),
            Ok(newer) if newer.log.generation > means.log.generation => {
                return Err(Hindrance::Alarm(means.alarm_of_generation(&Kept { name, checkpoint: newer })));
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

async fn is_long_enough(means: &Means, notes: &VecDeque<Kept>) -> Result<(), Hindrance> {
    let head = means.reader.head().await?;
    match notes.iter().find(|kept| kept.checkpoint.position > head) {
        Some(kept) => Err(Hindrance::Alarm(means.alarm_of_cut(kept, head))),
        None => Ok(()),
    }
}

/// The kept edge, if the newest note vouches for it and the log still has its event; says why not.
async fn believed(
    means: &Means,
    edge: Option<Edge>,
    latest: Option<Result<Checkpoint, NoteError>>,
    has_notes: bool,
) -> Result<Option<Edge>, Hindrance> {
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
    if latest.log != means.log {
        tracing::info!(
            generation = latest.log.generation,
            "{LATEST} is of the log before it was restored: the log is read from its first event"
        );
        return Ok(None);
    }
    let Some(edge) = edge.filter(|edge| edge.log == means.log && edge.is_at(&latest)) else {
        tracing::info!(
            "it is not known how far the newest checkpoint went: the log is read again from its first event"
        );
        return Ok(None);
    };
    match edge.is_in(&*means.reader).await {
        Ok(true) => Ok(Some(edge)),
        Err(error @ ReadError::Unavailable(_)) => Err(error.into()),
        Ok(false) | Err(ReadError::Gap { .. } | ReadError::Damaged { .. }) => {
            tracing::warn!(
                position = edge.position.0,
                "the event that the newest checkpoint ends with is another one: the log is read again from its first event"
            );
            Ok(None)
        }
    }
}
