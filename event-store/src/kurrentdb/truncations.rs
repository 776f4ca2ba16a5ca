//! What KurrentDB was told to drop. A stream's own metadata (`$tb`, `$maxCount`, `$maxAge`) withhold events from whoever reads the
//! stream at once, and a scavenge takes them away for good; this log never sets any of them.

use std::collections::BTreeMap;

use eventstore::RecordedEvent;
use serde::Deserialize;

use super::{
    connection::Connection,
    fault::Fault,
    read::{self, Begin, Which},
};
use crate::{
    event::{Position, StreamName, StreamVersion},
    port::{ReadError, Truncation},
};

const PAGE: usize = 512;
const TYPE: &str = "$metadata";

#[derive(Default, Deserialize)]
struct Metadata {
    /// The first revision that is kept.
    #[serde(rename = "$tb")]
    truncate_before: Option<u64>,
    #[serde(rename = "$maxCount")]
    max_count: Option<u64>,
    #[serde(rename = "$maxAge")]
    max_age: Option<u64>,
}

/// Every stream of ours that something was said of; what was said last counts.
pub(super) async fn all(connection: &Connection) -> Result<Vec<Truncation>, ReadError> {
    let mut of_stream: BTreeMap<StreamName, Option<Truncation>> = BTreeMap::new();
    let newest = newest(connection).await?;
    let mut begin = Begin::Start;
    loop {
        let records = read::of_all(connection, Which::StreamMetadata, begin, PAGE).await?;
        for record in records.iter().filter(|record| record.event_type == TYPE) {
            let name = record.stream_id().trim_start_matches("$$");
            let Ok(stream) = StreamName::parse(name) else { continue };
            let metadata = serde_json::from_slice(&record.data).unwrap_or_default();
            let truncation = truncation(&stream, place(record), &metadata);
            of_stream.insert(stream, truncation);
        }
        match records.last().filter(|_| records.len() == PAGE) {
            Some(last) => begin = Begin::At(place(last)),
            // An answer of `$all` has no mark of its end; this one has to come as far as there was something to say.
            None if records.last().map_or(Position::START, place) < newest => return Err(Fault::CutShort.into()),
            None => return Ok(of_stream.into_values().flatten().collect()),
        }
    }
}

/// Where the last thing was said of any stream.
async fn newest(connection: &Connection) -> Result<Position, ReadError> {
    let last = read::of_all(connection, Which::StreamMetadata, Begin::End, 1).await?;
    Ok(last.first().map_or(Position::START, place))
}

fn place(record: &RecordedEvent) -> Position {
    Position(record.position.commit)
}

fn truncation(stream: &StreamName, position: Position, metadata: &Metadata) -> Option<Truncation> {
    let Metadata { truncate_before, max_count, max_age } = *metadata;
    let (up_to, what) = match (truncate_before.filter(|first| *first > 0), max_count, max_age) {
        (Some(first), _, _) => (Some(StreamVersion(first)), format!("$tb is {first}")),
        (None, Some(count), _) => (None, format!("$maxCount is {count}")),
        (None, None, Some(seconds)) => (None, format!("$maxAge is {seconds}")),
        (None, None, None) => return None,
    };
    Some(Truncation { stream: stream.clone(), position, up_to, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Option<Truncation> {
        let stream = StreamName::parse("session-1").expect("a name");
        truncation(&stream, Position(5), &serde_json::from_str(json).expect("metadata"))
    }

    #[test]
    fn what_takes_events_away_is_told_and_nothing_else() {
        assert_eq!(said("{}"), None);
        assert_eq!(said("{\"$acl\":{\"$r\":\"desk\"},\"$cacheControl\":5}"), None);
        assert_eq!(said("{\"$tb\":0}"), None);
        assert_eq!(said("{\"$tb\":3}").and_then(|truncation| truncation.up_to), Some(StreamVersion(3)));
        assert_eq!(
            said("{\"$maxCount\":3}").map(|truncation| (truncation.up_to, truncation.what)),
            Some((None, "$maxCount is 3".into()))
        );
        assert_eq!(said("{\"$maxAge\":9}").map(|truncation| truncation.what), Some("$maxAge is 9".into()));
    }
}
