//! Truncations configured in KurrentDB. A stream's metadata (`$tb`, `$maxCount`, `$maxAge`) hide events from readers of the stream at
//! once, and a scavenge deletes them; this program never sets any of them.

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
    pages::PAGE,
    port::{ReadError, Truncation},
};

const TYPE: &str = "$metadata";

#[derive(Default, Deserialize)]
struct Metadata {
    /// The first kept revision.
    #[serde(rename = "$tb")]
    truncate_before: Option<u64>,
    #[serde(rename = "$maxCount")]
    max_count: Option<u64>,
    #[serde(rename = "$maxAge")]
    max_age: Option<u64>,
}

/// The truncations of all our streams; the last metadata event of a stream counts.
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
            let truncation = truncation(&stream, position_of(record), &metadata);
            of_stream.insert(stream, truncation);
        }
        match records.last().filter(|_| records.len() == PAGE) {
            Some(last) => begin = Begin::At(position_of(last)),
            // An answer of `$all` has no end marker; this one must reach the newest metadata event.
            None if records.last().map_or(Position::START, position_of) < newest => return Err(Fault::CutShort.into()),
            None => return Ok(of_stream.into_values().flatten().collect()),
        }
    }
}

/// Position of the newest metadata event of any stream.
async fn newest(connection: &Connection) -> Result<Position, ReadError> {
    let last = read::of_all(connection, Which::StreamMetadata, Begin::End, 1).await?;
    Ok(last.first().map_or(Position::START, position_of))
}

fn position_of(record: &RecordedEvent) -> Position {
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

    fn from_metadata(json: &str) -> Option<Truncation> {
        let stream = StreamName::parse("session-1").expect("a name");
        truncation(&stream, Position(5), &serde_json::from_str(json).expect("metadata"))
    }

    #[test]
    fn only_truncating_metadata_are_reported() {
        assert_eq!(from_metadata("{}"), None);
        assert_eq!(from_metadata("{\"$acl\":{\"$r\":\"desk\"},\"$cacheControl\":5}"), None);
        assert_eq!(from_metadata("{\"$tb\":0}"), None);
        assert_eq!(from_metadata("{\"$tb\":3}").and_then(|truncation| truncation.up_to), Some(StreamVersion(3)));
        assert_eq!(
            from_metadata("{\"$maxCount\":3}").map(|truncation| (truncation.up_to, truncation.what)),
            Some((None, "$maxCount is 3".into()))
        );
        assert_eq!(from_metadata("{\"$maxAge\":9}").map(|truncation| truncation.what), Some("$maxAge is 9".into()));
    }
}
