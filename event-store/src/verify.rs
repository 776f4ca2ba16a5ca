//! Verifies the log from its own bytes: every hash, every link, every number. Needs no key.
//!
//! A rewrite of everything after some position with new hashes, a stream's last event or a whole stream taken out, or a truncation
//! together with the head record, cannot be detected that way: for those the same walk compares the log with checkpoints kept
//! elsewhere.

mod signed;
#[cfg(test)]
mod tests;
mod walk;

use std::{pin::pin, sync::Arc};

use futures::StreamExt as _;

use crate::{
    event::{Position, RecordedEvent},
    merkle::CompactRange,
    pages::{PAGE, pages},
    port::{EventReader, Positions, ReadError, RecordedEnd},
    restore::Restored,
};

pub use crate::flaw::{FirstFlaw, Flaw};
use signed::Signed;
pub use signed::{Evidence, Proved};
use walk::{Walk, Walked};

/// The result of verifying a log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Number of verified events.
    pub events: u64,
    /// Number of streams that were met.
    pub streams: u64,
    /// The log's head at the start.
    pub head: Position,
    /// Position of the last verified event.
    #[serde(skip)]
    pub last: Position,
    /// The first flaw, and where.
    pub first_flaw: Option<FirstFlaw>,
    /// What the checkpoints prove, if any were given.
    #[serde(skip)]
    pub proved: Option<Proved>,
    /// The restores that the log records.
    #[serde(skip)]
    pub restores: Vec<Restored>,
    /// Up to here times were only compared within each stream, because the log says that it is a copy, and nobody signed that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times_unchecked_up_to: Option<Position>,
}

/// Verifies the log up to its head at the start; `progress` is called with each position reached.
///
/// # Errors
/// The log cannot be read. A flaw in its content is not an error but the report's `first_flaw`.
pub async fn verify(reader: &dyn EventReader, mut progress: impl FnMut(Position)) -> Result<Report, ReadError> {
    let (report, _) = walk(reader, Evidence::default(), false, |event| progress(event.position)).await?;
    Ok(Report { proved: None, ..report })
}

/// Verifies the log and compares it with checkpoints; `seen` is called with each event that is verified in itself.
///
/// # Errors
/// As [`verify`].
pub async fn verify_against(
    reader: &dyn EventReader,
    evidence: Evidence,
    seen: impl FnMut(&Arc<RecordedEvent>),
) -> Result<Report, ReadError> {
    Ok(walk(reader, evidence, false, seen).await?.0)
}

/// Verifies the log and returns the right edge of the Merkle tree over all verified events, to make a checkpoint from.
///
/// # Errors
/// As [`verify`].
pub async fn verify_and_sum(
    reader: &dyn EventReader,
    mut progress: impl FnMut(Position),
) -> Result<(Report, CompactRange), ReadError> {
    let (report, signed) = walk(reader, Evidence::default(), true, |event| progress(event.position)).await?;
    Ok((Report { proved: None, ..report }, signed.into_range()))
}

async fn walk(
    reader: &dyn EventReader,
    evidence: Evidence,
    is_summed: bool,
    mut seen: impl FnMut(&Arc<RecordedEvent>),
) -> Result<Walked, ReadError> {
    let end = reader.recorded_end().await?;
    let head = head_of(reader, end.as_ref()).await?;
    let mut walk = begin(reader, evidence, is_summed, end).await?;
    let mut pages = pin!(pages(reader));
    while let Some(page) = pages.next().await {
        let (page, unreadable) = match page {
            Ok(page) => (page, None),
            Err(ReadError::Gap { .. } | ReadError::Damaged { .. }) => last_readable(reader, walk.position).await?,
            Err(error) => return Err(error),
        };
        for event in &page {
            if let Some(flaw) = walk.step(event) {
                return Ok(walk.report(head, Some(flaw)));
            }
            seen(event);
        }
        // A shorter page has reached the end; in a damaged file a search for what follows may end anywhere.
        let is_last = walk.dense && page.len() < PAGE;
        if let Some(error) = unreadable {
            let flaw = unreadable_flaw(&walk, error);
            return Ok(walk.report(head, Some(flaw)));
        }
        if is_last {
            break;
        }
    }
    end_of_log(reader, walk, head).await
}

async fn begin(
    reader: &dyn EventReader,
    evidence: Evidence,
    is_summed: bool,
    end: Option<RecordedEnd>,
) -> Result<Walk, ReadError> {
    let dense = reader.positions() == Positions::Dense;
    let here = reader.identity().await?;
    let key = evidence.key.clone();
    let mut walk = Walk::new(dense, end, Signed::new(evidence, here, dense, is_summed));
    if dense {
        let exemption = reader.exemption().await?;
        walk.rises_after = exemption.rises_after;
        let is_signed = key.is_some_and(|key| exemption.is_signed_by(&key, here));
        walk.is_unsigned = exemption.rises_after > Position::START && !is_signed;
        walk.signed.is_copy = exemption.is_copy;
    }
    walk.truncations =
        reader.truncations().await?.into_iter().map(|truncation| (truncation.stream.clone(), truncation)).collect();
    walk.signed.compare(Position::START);
    Ok(walk)
}

/// A page with a gap or a damaged event cannot be read at all. The events before that are read from the same place as the page:
/// in a damaged file a search for any other place may end anywhere.
async fn last_readable(
    reader: &dyn EventReader,
    after: Position,
) -> Result<(Vec<Arc<RecordedEvent>>, Option<ReadError>), ReadError> {
    let (mut readable, mut too_many) = (0, PAGE);
    while too_many - readable > 1 {
        let between = usize::midpoint(readable, too_many);
        match reader.read_all(after, between).await {
            Ok(_) => readable = between,
            Err(ReadError::Gap { .. } | ReadError::Damaged { .. }) => too_many = between,
            Err(error) => return Err(error),
        }
    }
    let page = if readable == 0 { Vec::new() } else { reader.read_all(after, readable).await? };
    match reader.read_all(after, too_many).await {
        Ok(page) => Ok((page, None)),
        Err(error @ (ReadError::Gap { .. } | ReadError::Damaged { .. })) => Ok((page, Some(error))),
        Err(error) => Err(error),
    }
}

fn unreadable_flaw(walk: &Walk, error: ReadError) -> FirstFlaw {
    match error {
        ReadError::Damaged { position, what } => {
            FirstFlaw::at(if walk.dense { walk.position.next() } else { position }, Flaw::Damaged { what })
        }
        ReadError::Gap { .. } | ReadError::Unavailable(_) => FirstFlaw::at(walk.position.next(), Flaw::Missing),
    }
}

async fn end_of_log(reader: &dyn EventReader, mut walk: Walk, head: Position) -> Result<Walked, ReadError> {
    let now = head_of(reader, reader.recorded_end().await?.as_ref()).await?;
    let last = walk.position;
    let of_the_head = if last < head {
        Some(walk.missing_at_end(head))
    } else if let Some(flaw) = walk.truncated_entirely() {
        Some(flaw)
    } else if last > now {
        let beyond = if walk.dense { now.next() } else { last };
        Some(walk.placed(beyond, Flaw::BeyondHead))
    } else {
        None
    };
    let longer = walk.signed.flaw_at_end(last);
    Ok(walk.report(head, of_the_head.into_iter().chain(longer)))
}

async fn head_of(reader: &dyn EventReader, end: Option<&RecordedEnd>) -> Result<Position, ReadError> {
    match end {
        Some(end) => Ok(end.position),
        None => reader.head().await,
    }
}
