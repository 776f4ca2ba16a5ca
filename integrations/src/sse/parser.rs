//! The parser itself, without I/O: it takes bytes as they come and gives an event as soon as its blank line is there.
//!
//! Lines are split as bytes and decoded whole: neither CR nor LF occurs within a UTF-8 sequence, so a character that two reads
//! share is never cut.

use super::{SseError, SseEvent};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What came of a stream so far and is not an event yet.
#[derive(Debug)]
pub struct SseParser {
    limit: usize,
    /// The line that has no end yet.
    line: Vec<u8>,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    /// No line has ended yet: a byte order mark may come.
    at_start: bool,
    event: Option<String>,
    data: Option<String>,
}

impl SseParser {
    /// A parser that refuses events of more than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), after_cr: false, at_start: true, event: None, data: None }
    }

    /// Reads on up to the end of the next event, and leaves in `bytes` what follows it. `None`: all bytes are read.
    ///
    /// # Errors
    /// [`SseError::TooLong`]; the parser is of no further use.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<SseEvent>, SseError> {
        loop {
            if self.after_cr && !bytes.is_empty() {
                self.after_cr = false;
                *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.extend(bytes)?;
                *bytes = &[];
                return Ok(None);
            };
            self.extend(&bytes[..end])?;
            self.after_cr = bytes[end] == b'\r';
            *bytes = &bytes[end + 1..];
            if let Some(event) = self.end_line() {
                return Ok(Some(event));
            }
        }
    }

    /// The event that the end of the body leaves unfinished.
    pub fn finish(mut self) -> Option<SseEvent> {
        self.end_line().or_else(|| self.dispatch())
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), SseError> {
        let held = self.event.as_ref().map_or(0, String::len) + self.data.as_ref().map_or(0, String::len);
        if held + self.line.len() + bytes.len() > self.limit {
            return Err(SseError::TooLong { limit: self.limit });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// A line is complete: a blank one ends an event, any other adds to it.
    fn end_line(&mut self) -> Option<SseEvent> {
        let line = std::mem::take(&mut self.line);
        let is_first = std::mem::take(&mut self.at_start);
        let line = if is_first { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) } else { &line };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = split(line);
        match field {
            b"event" => self.event = Some(text(value)),
            b"data" => self.add_data(value),
            // A comment (no field name), `id`, `retry`, or what the specification says to ignore.
            _ => {}
        }
        None
    }

    fn add_data(&mut self, value: &[u8]) {
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(&String::from_utf8_lossy(value));
            }
            None => self.data = Some(text(value)),
        }
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        let (event, data) = (self.event.take(), self.data.take());
        (event.is_some() || data.is_some()).then(|| SseEvent { event, data: data.unwrap_or_default() })
    }
}

/// A field's name and its value, without the one space that may follow the colon.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return (line, &[]);
    };
    let value = &line[colon + 1..];
    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
