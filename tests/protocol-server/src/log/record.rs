//! How an event lies in the file: `length u32, crc u32, state u8, flags u8`, then the body. All numbers are little-endian.
//!
//! The sum covers length, flags and body, not the state: a scavenge turns that one byte and then wipes the body, so that
//! every other record stays where it is and positions keep their meaning.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use uuid::Uuid;

use crate::event::Event;

/// Bytes before the body.
pub(crate) const HEADER: usize = 10;
/// Where in a record its state stands.
pub(crate) const STATE: usize = 8;
/// The state of a record that was scavenged.
pub(crate) const GONE: u8 = 0x5a;
const LIVE: u8 = 0xa5;

const ENDS_WRITE: u8 = 1;
const JSON: u8 = 2;

/// A record as it was read.
pub(crate) struct Record {
    /// None if it was scavenged.
    pub(crate) event: Option<Event>,
    /// Whether it is the last one of what was written at once.
    pub(crate) ends_write: bool,
    pub(crate) end: u64,
    /// Whether it was scavenged, but its content is still in the file: something stopped the scavenge.
    pub(crate) is_left_over: bool,
}

/// Why a record cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The file ends before the record does.
    Short,
    /// It is not what was written.
    Damaged,
}

/// How many bytes an event's record has.
pub(crate) fn length(stream: &str, event_type: &str, metadata: usize, data: usize) -> u64 {
    (HEADER + 16 + 8 + 8 + 4 * 3 + stream.len() + event_type.len() + metadata + data) as u64
}

/// Appends the event's record.
pub(crate) fn write(out: &mut BytesMut, event: &Event, ends_write: bool) {
    let begin = out.len();
    let body = u32::try_from(event.end - event.position - HEADER as u64).expect("an append is smaller than 4 GiB");
    out.put_u32_le(body);
    out.put_u32_le(0);
    out.put_u8(LIVE);
    out.put_u8(if ends_write { ENDS_WRITE } else { 0 } | if event.is_json { JSON } else { 0 });
    out.put_slice(event.id.as_bytes());
    out.put_u64_le(event.revision);
    out.put_i64_le(event.created);
    for text in [event.stream.as_bytes(), event.event_type.as_bytes(), &event.metadata] {
        out.put_u32_le(u32::try_from(text.len()).expect("an append is smaller than 4 GiB"));
        out.put_slice(text);
    }
    out.put_slice(&event.data);
    let sum = sum(&out[begin..]);
    out[begin + 4..begin + 8].copy_from_slice(&sum.to_le_bytes());
}

/// Reads the record that begins at `position`, of which `file` is the whole file.
pub(crate) fn read(file: &Bytes, position: u64) -> Result<Record, Unreadable> {
    let begin = usize::try_from(position).map_err(|_| Unreadable::Short)?;
    let rest = file.slice(begin..);
    if rest.len() < HEADER {
        return Err(Unreadable::Short);
    }
    let whole = HEADER + rest.clone().get_u32_le() as usize;
    if rest.len() < whole {
        return Err(Unreadable::Short);
    }
    let record = rest.slice(..whole);
    let flags = record[9];
    let end = position + whole as u64;
    let ends_write = flags & ENDS_WRITE != 0;
    let event = match record[STATE] {
        GONE => None,
        LIVE if record[4..8] == sum(&record).to_le_bytes() => {
            Some(body(record.slice(HEADER..), position, end, flags & JSON != 0).ok_or(Unreadable::Damaged)?)
        }
        _ => return Err(Unreadable::Damaged),
    };
    let is_left_over = event.is_none() && record[HEADER..].iter().any(|byte| *byte != 0);
    Ok(Record { event, ends_write, end, is_left_over })
}

fn body(mut body: Bytes, position: u64, end: u64, is_json: bool) -> Option<Event> {
    let id = Uuid::from_slice(body.get(..16)?).ok()?;
    body.advance(16);
    let revision = body.try_get_u64_le().ok()?;
    let created = body.try_get_i64_le().ok()?;
    let stream = Arc::from(text(&mut body)?);
    let event_type = text(&mut body)?;
    let metadata = part(&mut body)?;
    Some(Event { position, end, stream, revision, id, event_type, is_json, created, metadata, data: body })
}

fn text(body: &mut Bytes) -> Option<String> {
    String::from_utf8(part(body)?.to_vec()).ok()
}

fn part(body: &mut Bytes) -> Option<Bytes> {
    let length = body.try_get_u32_le().ok()? as usize;
    (body.len() >= length).then(|| body.split_to(length))
}

fn sum(record: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&record[..4]);
    sum.update(&record[9..]);
    sum.finalize()
}
