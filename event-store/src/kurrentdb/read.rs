//! Raw reads from KurrentDB: the events of a stream, or filtered records of `$all`.
//!
//! Invariant: an answer that was cut off is never taken for a short one. A stream's answer ends with a marker; one of `$all` does not,
//! so its caller checks that expected records are in it (`reader.rs`). How long a read of `$all` takes depends on how many events of
//! others it looks through, so only silence ends it (`Connection::search`, `steps.rs`).

use std::{future::Future, time::Duration};

use eventstore::{
    Position as Place, ReadAllOptions, ReadEvent, ReadStream, RecordedEvent, ResolvedEvent, StreamPosition,
    SubscriptionFilter,
};
use uuid::Uuid;

use super::{
    connection::{Connection, Lent},
    fault::Fault,
    names,
    searched::Searched,
};
use crate::event::{Position, StreamName, StreamVersion};

/// Limit for the first message of an answer, and for each further one.
const STEP: Duration = Duration::from_millis(2500);
/// Retries of a read after a change of leader.
const REDIRECTS: usize = 2;
/// The largest possible revision.
const MAX_REVISION: u64 = i64::MAX as u64;
/// The stream with the identity of the log.
pub(super) const IDENTITY: &str = "fiido.desk.identity";

/// Filter of `$all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Events and the identity, which comes before all of them, so that a complete answer is never empty.
    Events,
    /// Metadata streams of our streams: `$$` and the stream's name.
    StreamMetadata,
}

impl Which {
    pub(super) fn filter(self) -> SubscriptionFilter {
        let regex = match self {
            Self::Events => names::events_regex(),
            Self::StreamMetadata => names::metadata_regex(),
        };
        SubscriptionFilter::on_stream_name().regex(regex)
    }
}

/// Start and direction of a read of `$all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// Forward from the first record.
    Start,
    /// Forward from a record, inclusive.
    At(Position),
    /// Backward from the last record.
    End,
    /// Backward from a record, exclusive.
    Before(Position),
}

/// Why a read of `$all` forward has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It has reached its limit, or the end of the log.
    Whole,
    /// Behind the last record there is a stretch that its reader knows.
    AtStretch,
    /// The server has been looking for the next one for longer than the limit.
    Slow,
}

impl Begin {
    fn options(self, options: ReadAllOptions) -> ReadAllOptions {
        match self {
            Self::Start => options.position(StreamPosition::Start),
            Self::At(Position(commit)) => {
                options.position(StreamPosition::Position(Place { commit, prepare: 0 })).forwards()
            }
            Self::End => options.position(StreamPosition::End),
            Self::Before(Position(commit)) => {
                options.position(StreamPosition::Position(Place { commit, prepare: commit })).backwards()
            }
        }
    }
}

/// Up to `limit` records of `$all`.
pub(super) async fn of_all(
    connection: &Connection,
    which: Which,
    begin: Begin,
    limit: usize,
) -> Result<Vec<RecordedEvent>, Fault> {
    of_the_leader(|| all_once(connection, which, begin, limit)).await
}

/// Up to `limit` records of ours, forward, in one call that does not look through a stretch that is known, nor for long.
pub(super) async fn forward(
    connection: &Connection,
    searched: &Searched,
    begin: Begin,
    limit: usize,
) -> Result<(Vec<RecordedEvent>, Ended), Fault> {
    of_the_leader(|| forward_once(connection, searched, begin, limit)).await
}

/// The last record of `$all`, whoever wrote it.
pub(super) async fn newest_record(connection: &Connection) -> Result<RecordedEvent, Fault> {
    let newest = of_the_leader(|| connection.call(STEP, |lent| async move { lent.newest_record().await })).await?;
    newest.ok_or(Fault::CutShort)
}

/// The id of the record at a place, whoever wrote it.
pub(super) async fn record_at(connection: &Connection, place: Position) -> Result<Option<Uuid>, Fault> {
    let read = |lent: Lent| async move {
        let options = Begin::At(place).options(lent.reading_all()).max_count(1);
        let first = lent.client.read_all(&options).await?.next().await?.and_then(|resolved| resolved.event);
        Ok::<_, eventstore::Error>(first.filter(|record| record.position.commit == place.0).map(|record| record.id))
    };
    of_the_leader(|| connection.call(STEP, read)).await
}

/// Retries if another node is the leader: the client has then switched to it.
async fn of_the_leader<T, F: Future<Output = Result<T, Fault>>>(read: impl Fn() -> F) -> Result<T, Fault> {
    for _redirect in 0..REDIRECTS {
        match read().await {
            Err(fault) if fault.is_not_leader() => {}
            answer => return answer,
        }
    }
    read().await
}

async fn all_once(
    connection: &Connection,
    which: Which,
    begin: Begin,
    limit: usize,
) -> Result<Vec<RecordedEvent>, Fault> {
    let lent = connection.lend()?;
    let options = begin.options(lent.reading_all()).filter(which.filter()).max_count(limit);
    let mut answer = connection.search(&lent, lent.client.read_all(&options)).await?;
    let mut records = Vec::new();
    while let Some(said) = connection.search(&lent, answer.next_read_event()).await? {
        if let ReadEvent::Event(resolved) = said {
            records.extend(resolved.event);
        }
    }
    Ok(records)
}

async fn forward_once(
    connection: &Connection,
    searched: &Searched,
    begin: Begin,
    limit: usize,
) -> Result<(Vec<RecordedEvent>, Ended), Fault> {
    let lent = connection.lend()?;
    let options = begin.options(lent.reading_all()).filter(Which::Events.filter()).max_count(limit);
    let mut records = Vec::new();
    let Some(mut answer) = connection.attempt(&lent, lent.client.read_all(&options)).await? else {
        return Ok((records, Ended::Slow));
    };
    loop {
        let said = match connection.attempt(&lent, answer.next_read_event()).await? {
            None => return Ok((records, Ended::Slow)),
            Some(None) => return Ok((records, Ended::Whole)),
            Some(Some(said)) => said,
        };
        let ReadEvent::Event(ResolvedEvent { event: Some(record), .. }) = said else { continue };
        let place = Position(record.position.commit);
        records.push(record);
        if searched.beyond(place) != place {
            return Ok((records, Ended::AtStretch));
        }
    }
}

/// Up to `limit` events of a stream after a version; empty for an unknown stream.
pub(super) async fn of_stream(
    connection: &Connection,
    stream: &StreamName,
    after: StreamVersion,
    limit: usize,
) -> Result<Vec<RecordedEvent>, Fault> {
    if after.0 >= MAX_REVISION || limit == 0 {
        return Ok(Vec::new());
    }
    let from = match after {
        StreamVersion::NONE => StreamPosition::Start,
        StreamVersion(version) => StreamPosition::Position(version),
    };
    of_named(connection, stream.as_str(), limit, from).await
}

/// The first or last event of one of the adapter's own streams.
pub(super) async fn one_of(connection: &Connection, name: &str, last: bool) -> Result<Option<RecordedEvent>, Fault> {
    let from = if last { StreamPosition::End } else { StreamPosition::Start };
    Ok(of_named(connection, name, 1, from).await?.pop())
}

async fn of_named(
    connection: &Connection,
    name: &str,
    limit: usize,
    from: StreamPosition<u64>,
) -> Result<Vec<RecordedEvent>, Fault> {
    of_the_leader(|| named_once(connection, name, limit, from)).await
}

async fn named_once(
    connection: &Connection,
    name: &str,
    limit: usize,
    from: StreamPosition<u64>,
) -> Result<Vec<RecordedEvent>, Fault> {
    let lent = connection.lend()?;
    let options = lent.reading_stream().position(from).max_count(limit);
    let opened = connection.step(STEP, lent.number(), lent.client.read_stream(name, &options)).await;
    let answer = match opened {
        Ok(answer) => to_the_end(connection, lent.number(), answer, limit).await,
        Err(fault) => Err(fault),
    };
    match answer {
        Err(fault) if fault.is_unknown_stream() => Ok(Vec::new()),
        Err(fault) if fault.is_deleted_stream() => Err(Fault::Deleted(name.to_owned())),
        answer => answer,
    }
}

/// An answer is complete if it has as many events as requested, or the end marker.
async fn to_the_end(
    connection: &Connection,
    number: u64,
    mut answer: ReadStream,
    limit: usize,
) -> Result<Vec<RecordedEvent>, Fault> {
    let (mut events, mut is_complete) = (Vec::new(), false);
    while let Some(said) = connection.step(STEP, number, answer.next_read_event()).await? {
        match said {
            ReadEvent::Event(resolved) => events.extend(resolved.event),
            ReadEvent::LastStreamPosition(_) => is_complete = true,
            ReadEvent::FirstStreamPosition(_) | ReadEvent::LastAllStreamPosition(_) => {}
        }
    }
    if is_complete || events.len() >= limit {
        return Ok(events);
    }
    connection.failed(&Fault::CutShort, number);
    Err(Fault::CutShort)
}
