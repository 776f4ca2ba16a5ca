//! A response of the server, handed out piece by piece as it comes.
//!
//! Invariants: once a reason for the end is known the answer is whole, whatever the connection does after; nothing is read behind
//! `[DONE]`.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use commands::{AssistantError, Piece};
use domain::session::event::{Asked, FailureCode};
use futures::{Stream, StreamExt};
use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderMap},
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    failure::{Meaning, ServerError, causes},
    retry_after::retry_after,
    round::{Fault, Round},
};
use crate::sse::{SseError, SseEvent, events};

/// The longest event that is taken. Chunks have some hundred bytes, a whole answer in one of them some ten thousand.
const EVENT_LIMIT: usize = 4 << 20;
/// The most of an error's body that is read, and how long that may take: the status alone says enough.
const ERROR_LIMIT: usize = 64 << 10;
const ERROR_TIME: Duration = Duration::from_secs(5);
/// How long usage and `[DONE]` may come behind the end of an answer, which customers have to wait for.
const AFTER_END: Duration = Duration::from_secs(1);
/// How often a server that thinks, or only keeps the connection alive, is reported as alive.
const LIFE_SIGN: Duration = Duration::from_secs(3);
/// Where servers say by which id their support finds a request.
const LOG_IDS: [&str; 4] = ["x-request-id", "apim-request-id", "x-ds-trace-id", "x-litellm-call-id"];
/// The longest such id that is kept.
const LONGEST_ID: usize = 256;

type Events = Pin<Box<dyn Stream<Item = Result<SseEvent, SseError>> + Send>>;

/// A response that is being read.
pub(super) struct Reading {
    /// `None`: there is nothing more to read.
    events: Option<Events>,
    round: Round,
    ready: VecDeque<Piece>,
    log_id: Option<String>,
    /// When it is over, once it is finished.
    end: Option<Instant>,
    /// Whether it was said which ids the other side has given: once, for whoever hears it writes it down.
    is_named: bool,
    /// Whether anything came since the last piece, be it a comment.
    is_alive: Arc<AtomicBool>,
    /// When the next piece is due, if only to say that the server lives.
    due: Instant,
}

impl Reading {
    /// Begins with a response: an event stream, a whole answer in JSON, or a refusal, which is an error unless it is a content
    /// filter's.
    pub(super) async fn begin(response: Response) -> Result<Self, AssistantError> {
        let log_id = log_id(response.headers());
        let mut reading = Self {
            events: None,
            round: Round::default(),
            ready: VecDeque::new(),
            log_id,
            end: None,
            is_named: false,
            is_alive: Arc::default(),
            due: Instant::now() + LIFE_SIGN,
        };
        if !response.status().is_success() {
            reading.refused(response).await?;
        } else if is_json(response.headers()) {
            let body = whole(response, EVENT_LIMIT).await.map_err(|error| reading.malformed(error))?;
            reading.take(&body)?;
            reading.round.end();
        } else {
            let is_alive = reading.is_alive.clone();
            let bytes = response.bytes_stream().inspect(move |_| is_alive.store(true, Ordering::Relaxed));
            reading.events = Some(Box::pin(events(bytes, EVENT_LIMIT)));
        }
        Ok(reading)
    }

    /// The next piece; `None` at the end. A server that sends only reasoning or comments gives an empty text now and then, so that
    /// whoever waits does not take it for dead.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, AssistantError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                self.due = Instant::now() + LIFE_SIGN;
                return Ok(Some(piece));
            }
            match timeout_at(self.due, self.next_event()).await {
                Ok(Ok(Some(event))) => self.take(&event.data)?,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(error)) => return Err(error),
                Err(_elapsed) => {
                    self.due = Instant::now() + LIFE_SIGN;
                    self.name();
                    if self.ready.is_empty() && self.is_alive.swap(false, Ordering::Relaxed) {
                        self.ready.push_back(Piece::Text(String::new()));
                    }
                }
            }
        }
    }

    async fn next_event(&mut self) -> Result<Option<SseEvent>, AssistantError> {
        let Some(events) = self.events.as_mut().filter(|_| !self.round.is_done()) else { return Ok(None) };
        let event = match self.end {
            Some(end) => timeout_at(end, events.next()).await.unwrap_or(None),
            None => events.next().await,
        };
        match event {
            Some(Err(error)) if self.end.is_none() => Err(self.malformed(causes(&error))),
            None | Some(Err(_)) => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
        }
    }

    /// Takes the data of an event.
    fn take(&mut self, data: &str) -> Result<(), AssistantError> {
        match self.round.take(data) {
            Ok(text) => {
                if self.round.id().is_some() || !text.is_empty() {
                    self.name();
                }
                if !text.is_empty() {
                    self.ready.push_back(Piece::Text(text));
                }
                if self.end.is_none() && self.round.is_finished() {
                    self.end = Some(Instant::now() + AFTER_END);
                }
                Ok(())
            }
            Err(Fault::Server(error)) if error.meaning() == Meaning::Blocked => {
                self.round.block();
                Ok(())
            }
            Err(_) if self.end.is_some() => {
                self.events = None;
                Ok(())
            }
            Err(Fault::Server(error)) => self.refuse(error, None),
            Err(Fault::NoChunk) => Err(self.malformed("an event is no chunk")),
            Err(Fault::TooLong) => Err(self.malformed("the answer is longer than any answer")),
        }
    }

    async fn refused(&mut self, response: Response) -> Result<(), AssistantError> {
        let (status, wait) = (response.status().as_u16(), retry_after(response.headers()));
        let body = timeout(ERROR_TIME, whole(response, ERROR_LIMIT)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        self.refuse(ServerError::of_response(status, &body), wait)
    }

    fn refuse(&mut self, error: ServerError, retry_after: Option<Duration>) -> Result<(), AssistantError> {
        match error.meaning() {
            Meaning::Blocked => {
                self.round.block();
                Ok(())
            }
            Meaning::Failed(code) => {
                Err(AssistantError { retry_after, log_id: self.log_id.clone(), ..error.into_error(code) })
            }
        }
    }

    /// Says which ids the other side has given, if it has: with the answer's own, or without where that does not come in time.
    fn name(&mut self) {
        let asked = Asked { context: None, chat: self.round.id().map(str::to_owned), log_id: self.log_id.clone() };
        if !self.is_named && asked != Asked::default() {
            self.is_named = true;
            self.ready.push_back(Piece::Asked(asked));
        }
    }

    fn malformed(&self, detail: impl Into<String>) -> AssistantError {
        AssistantError { log_id: self.log_id.clone(), ..AssistantError::new(FailureCode::Malformed, detail) }
    }

    /// By which id the server's support finds it.
    pub(super) fn log_id(&self) -> Option<&String> {
        self.log_id.as_ref()
    }

    /// What was read.
    pub(super) fn round(&self) -> &Round {
        &self.round
    }
}

fn log_id(headers: &HeaderMap) -> Option<String> {
    let mut found = LOG_IDS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    found.find(|id| !id.is_empty() && id.len() <= LONGEST_ID).map(str::to_owned)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("application/json")
}

/// A body that is no stream.
async fn whole(mut response: Response, limit: usize) -> Result<String, String> {
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| causes(&error.without_url()))? {
        if body.len() + bytes.len() > limit {
            return Err(format!("a body is longer than {limit} bytes"));
        }
        body.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}
