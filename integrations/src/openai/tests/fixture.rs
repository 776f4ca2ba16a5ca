//! A server that gives prepared responses in order and keeps what it was asked, and one question about two entries.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use commands::{Answering, Assistant, AssistantError, Completion, Piece, Question};
use domain::Language;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    grounding::{Grounding, Passage},
    openai::{OpenAi, OpenAiConfig},
};

pub(super) const DONE: &str = "data: [DONE]\n\n";

/// A response; it ends with the connection unless that is held.
#[derive(Clone)]
pub(super) struct Response {
    head: String,
    body: String,
    is_held: bool,
    /// Sent again and again.
    beat: String,
}

impl Response {
    /// With one more header.
    pub(super) fn with(mut self, header: &str) -> Self {
        self.head.push_str(&format!("{header}\r\n"));
        self
    }

    /// Leaves the connection open.
    pub(super) fn held(self) -> Self {
        Self { is_held: true, ..self }
    }

    /// Leaves the connection open, and sends this ten times a second.
    pub(super) fn beating(self, beat: &str) -> Self {
        Self { beat: beat.to_owned(), ..self.held() }
    }
}

/// A stream of events.
pub(super) fn stream(body: &str) -> Response {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n".to_owned();
    Response { head, body: body.to_owned(), is_held: false, beat: String::new() }
}

/// JSON with a status.
pub(super) fn json_response(status: &str, body: &str) -> Response {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n");
    Response { head, body: body.to_owned(), is_held: false, beat: String::new() }
}

/// A chunk with this delta.
pub(super) fn chunk(delta: &str, finish: Option<&str>) -> String {
    let delta: Value = serde_json::from_str(delta).unwrap();
    let chunk =
        json!({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": null});
    format!("data: {chunk}\n\n")
}

/// A chunk with text.
pub(super) fn say(text: &str) -> String {
    chunk(&json!({"content": text}).to_string(), None)
}

/// The chunk that says what it cost.
pub(super) fn usage(input: u64, output: u64) -> String {
    format!("data: {}\n\n", json!({"choices": [], "usage": {"prompt_tokens": input, "completion_tokens": output}}))
}

/// What the server was asked.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: Value,
}

#[derive(Default)]
struct Log {
    responses: Mutex<VecDeque<Response>>,
    requests: Mutex<Vec<Request>>,
    closed: Mutex<usize>,
}

/// A server.
pub(super) struct Server {
    pub(super) port: u16,
    log: Arc<Log>,
}

impl Server {
    /// Starts one that answers so, in this order.
    pub(super) async fn start(responses: Vec<Response>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Log { responses: Mutex::new(responses.into()), ..Log::default() });
        let kept = log.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, kept.clone()));
            }
        });
        Self { port, log }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.log.requests.lock().unwrap().clone()
    }

    /// How many held connections the other side has closed.
    pub(super) fn closed(&self) -> usize {
        *self.log.closed.lock().unwrap()
    }

    pub(super) async fn wait_until_closed(&self, count: usize) {
        let closed = async {
            while self.closed() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the connection is closed");
    }
}

async fn serve(mut connection: TcpStream, log: Arc<Log>) {
    let request = receive(&mut connection).await;
    log.requests.lock().unwrap().push(request);
    let response = log.responses.lock().unwrap().pop_front().expect("a response is prepared for each request");
    let bytes = format!("{}\r\n{}", response.head, response.body);
    connection.write_all(bytes.as_bytes()).await.unwrap();
    while !response.beat.is_empty() && connection.write_all(response.beat.as_bytes()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    if response.is_held {
        let _closed = connection.read(&mut [0]).await;
        *log.closed.lock().unwrap() += 1;
    }
}

async fn receive(connection: &mut TcpStream) -> Request {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(read > 0, "a request is whole");
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if body.len() >= length.unwrap().parse().unwrap() {
            return Request { head: format!("{head}\r\n"), body: serde_json::from_str(body).unwrap() };
        }
    }
}

/// Knows two entries.
struct Shop;

#[async_trait]
impl Grounding for Shop {
    async fn passages(&self, text: &str, _: Language, most: usize) -> Vec<Passage> {
        let known = if text.contains("lock") {
            [("lock", "With a key")].to_vec()
        } else {
            [("range", "100 km"), ("winter", "Less")].to_vec()
        };
        let entry =
            |(key, answer): (&str, &str)| Passage { key: key.into(), question: "How?".into(), answer: answer.into() };
        known.into_iter().map(entry).take(most).collect()
    }
}

pub(super) fn config(server: &Server) -> OpenAiConfig {
    OpenAiConfig::new(&format!("http://127.0.0.1:{}/v1", server.port), "m")
}

pub(super) fn openai(config: OpenAiConfig) -> OpenAi {
    OpenAi::new(config, Arc::new(Shop)).unwrap()
}

pub(super) fn question() -> Question {
    let id = json!("00000000-0000-0000-0000-000000000001");
    Question {
        session: serde_json::from_value(id.clone()).unwrap(),
        request: serde_json::from_value(id.clone()).unwrap(),
        run: serde_json::from_value(id).unwrap(),
        attempt: 1,
        messages: vec!["How far?".to_owned(), "And in winter?".to_owned()],
        history: Vec::new(),
        language: Language::En,
        parameters: serde_json::Map::new(),
        assistant_context: None,
        earlier: None,
    }
}

pub(super) fn answer(config: OpenAiConfig) -> Answering {
    openai(config).answer(question())
}

/// All that an answer gave.
pub(super) struct Given {
    pub(super) pieces: Vec<Piece>,
    pub(super) text: String,
    pub(super) end: Result<Completion, AssistantError>,
}

pub(super) async fn asked(_: &Server, config: OpenAiConfig) -> Given {
    collect(openai(config), question()).await
}

pub(super) async fn collect(assistant: OpenAi, question: Question) -> Given {
    let (mut pieces, mut text) = (Vec::new(), String::new());
    let mut answer = assistant.answer(question);
    loop {
        match answer.next().await.expect("an answer ends with its end") {
            Ok(Piece::Done(completion)) => break Given { pieces, text, end: Ok(completion) },
            Err(error) => break Given { pieces, text, end: Err(error) },
            Ok(piece) => {
                if let Piece::Text(more) = &piece {
                    text.push_str(more);
                }
                pieces.push(piece);
            }
        }
    }
}
