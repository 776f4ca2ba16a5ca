//! Coze's endpoints over HTTP: envelopes, both places of errors, and bodies that are not what their request asked for.
//!
//! A response is taken in two steps: its head, which bears the id for Coze's support, and its body, which may be a stream of
//! events, an envelope in JSON (with any content type), or what a proxy wrote.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream, stream::BoxStream};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header::CONTENT_TYPE};
use serde_json::Value;

use super::{Failure, frames};
use crate::sse::{SseError, SseEvent, events};

/// The most that one event or one envelope may have: lines of megabytes are seen, with all that a tool returned.
const MOST_BYTES: usize = 8 << 20;

pub(super) type Events = BoxStream<'static, Result<SseEvent, SseError>>;

/// Where requests go.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    base: Url,
}

/// A response whose body was not read.
#[derive(Debug)]
pub(super) struct Head {
    response: Response,
    log_id: Option<String>,
}

/// A response.
pub(super) enum Body {
    /// A stream of events.
    Events(Events),
    /// JSON, whatever it says.
    Json(Value),
}

impl Http {
    pub(super) fn new(client: Client, base: Url) -> Self {
        Self { client, base }
    }

    /// A request to a path below the base; segments and query are escaped.
    pub(super) fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.client.request(method, url)
    }
}

/// Sends a request and returns the head of its response.
pub(super) async fn send(request: RequestBuilder) -> Result<Head, Failure> {
    let response = request.send().await.map_err(Failure::of_transport)?;
    let log_id = response.headers().get("x-tt-logid").and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Head { response, log_id })
}

/// Sends a request whose answer is an envelope: its data.
pub(super) async fn call(request: RequestBuilder) -> Result<Value, Failure> {
    let head = send(request).await?;
    let log_id = head.log_id().map(str::to_owned);
    match head.read().await? {
        Body::Json(mut envelope) => Ok(envelope["data"].take()),
        Body::Events(_) => {
            Err(Failure::malformed("a stream came where JSON was asked for").with_log_id(log_id.as_deref()))
        }
    }
}

impl Head {
    /// What Coze's support asks for.
    pub(super) fn log_id(&self) -> Option<&str> {
        self.log_id.as_deref()
    }

    /// The body, if it says neither by its status nor by its code that something failed.
    pub(super) async fn read(self) -> Result<Body, Failure> {
        let log_id = self.log_id.clone();
        self.body().await.map_err(|failure| failure.with_log_id(log_id.as_deref()))
    }

    /// The body as JSON with its status, whatever either says.
    pub(super) async fn json(self) -> Result<(StatusCode, reqwest::header::HeaderMap, Option<Value>), Failure> {
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        let text = collect(self.response.bytes_stream()).await?;
        Ok((status, headers, serde_json::from_slice(&text).ok()))
    }

    async fn body(self) -> Result<Body, Failure> {
        let (status, headers) = (self.response.status(), self.response.headers().clone());
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = content_type.contains("json");
        let mut bytes = self.response.bytes_stream().boxed();
        if status.is_success() && !is_json {
            let start = start(&mut bytes).await?;
            let is_stream = !matches!(start.trim_ascii_start().first(), None | Some(b'{' | b'<'));
            bytes = stream::iter([Ok(Bytes::from(start))]).chain(bytes).boxed();
            if is_stream {
                return Ok(Body::Events(events(bytes, MOST_BYTES).boxed()));
            }
        }
        let json = serde_json::from_slice::<Value>(&collect(bytes).await?).ok().filter(Value::is_object);
        let Some(json) = json else {
            let failed = || Failure::of_response(status, &headers, None);
            return Err(if status.is_success() {
                Failure::malformed("the response is neither events nor JSON")
            } else {
                failed()
            });
        };
        if let Some((code, message)) = frames::error(&json) {
            let failure = Failure::of_response(status, &headers, Some((code, &message)));
            return Err(failure.with_log_id(json["detail"]["logid"].as_str()));
        }
        if status.is_success() { Ok(Body::Json(json)) } else { Err(Failure::of_response(status, &headers, None)) }
    }
}

/// The first reads, up to one that shows what the body is.
async fn start(bytes: &mut BoxStream<'static, reqwest::Result<Bytes>>) -> Result<Vec<u8>, Failure> {
    let mut start = Vec::new();
    while start.trim_ascii_start().is_empty() && start.len() < MOST_BYTES {
        let Some(read) = bytes.next().await else { break };
        start.extend_from_slice(&read.map_err(Failure::of_transport)?);
    }
    Ok(start)
}

async fn collect(bytes: impl Stream<Item = reqwest::Result<Bytes>>) -> Result<Vec<u8>, Failure> {
    let (mut bytes, mut all) = (std::pin::pin!(bytes), Vec::new());
    while let Some(read) = bytes.next().await {
        all.extend_from_slice(&read.map_err(Failure::of_transport)?);
        if all.len() > MOST_BYTES {
            return Err(Failure::malformed("the response is too long"));
        }
    }
    Ok(all)
}
