//! Server-sent events as a client reads them: frames across the borders of network chunks.

use std::{pin::Pin, time::Duration};

use futures::{Stream, StreamExt};
use serde_json::Value;

/// One frame.
#[derive(Debug, Clone, PartialEq)]
pub struct EventFrame {
    /// `id:`
    pub id: Option<String>,
    /// `event:`
    pub event: Option<String>,
    /// `data:`, parsed.
    pub data: Value,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Vec<u8>, reqwest::Error>> + Send>>;

/// The frames of an answer.
pub struct Frames {
    chunks: Chunks,
    buffer: Vec<u8>,
}

impl Frames {
    /// Reads an answer's body.
    #[must_use]
    pub fn of(response: reqwest::Response) -> Self {
        let chunks = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()));
        Self { chunks: Box::pin(chunks), buffer: Vec::new() }
    }

    /// The next frame; `None` when the stream has ended or broken off. Comments are passed over.
    pub async fn next(&mut self) -> Option<EventFrame> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|bytes| bytes == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(frame) = parse(&String::from_utf8(block).expect("frames are UTF-8")) {
                    return Some(frame);
                }
            }
            self.buffer.extend(self.chunks.next().await?.ok()?);
        }
    }

    /// The next frame, within a limit.
    ///
    /// # Panics
    /// None came in time.
    pub async fn next_within(&mut self, limit: Duration) -> Option<EventFrame> {
        tokio::time::timeout(limit, self.next()).await.expect("a frame comes in time")
    }

    /// All frames up to and with the first that satisfies `is_last`, or to the end.
    pub async fn until(&mut self, is_last: impl Fn(&EventFrame) -> bool) -> Vec<EventFrame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
            if frames.last().is_some_and(&is_last) {
                break;
            }
        }
        frames
    }
}

fn parse(block: &str) -> Option<EventFrame> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
    let data = serde_json::from_str(&field("data")?).expect("data is JSON");
    Some(EventFrame { id: field("id"), event: field("event"), data })
}
