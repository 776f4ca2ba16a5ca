//! Callers by role: a customer who keeps its visitor token as a browser would, and staff.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::frames::Frames;

/// The event that records a read of the log.
pub const LOOK: &str = "access.log_exported";
/// A cursor that no log of a test reaches.
const BEYOND_EVERY_HEAD: u64 = i64::MAX as u64;
/// How long staff may be refused after an outage.
const RESUMED: Duration = Duration::from_secs(10);

/// A customer, who keeps the visitor token of the first answer.
pub struct Customer {
    client: reqwest::Client,
    url: String,
    token: Mutex<Option<String>>,
}

impl Customer {
    /// Without a token, at a server.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self { client: crate::http_client::client(), url, token: Mutex::default() }
    }

    /// The same customer at another node.
    #[must_use]
    pub fn at(&self, url: String) -> Self {
        Self { client: self.client.clone(), url, token: Mutex::new(self.token()) }
    }

    /// The visitor token, once there is one.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.token.lock().expect("nobody panics with the token").clone()
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match self.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and keeps the token of the answer, if it has one.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, reqwest::Error> {
        let response = request.send().await?;
        if let Some(token) = response.headers().get("x-visitor-token").and_then(|value| value.to_str().ok()) {
            *self.token.lock().expect("nobody panics with the token") = Some(token.to_owned());
        }
        Ok(response)
    }

    /// Opens a session of this name, and so obtains a token.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn arrive(&self, name: &str) -> Result<Value, reqwest::Error> {
        self.post("/api/conversation/create", &json!({"user_id": name})).await?.json().await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Response, reqwest::Error> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Posts JSON under an idempotency key.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Result<Response, reqwest::Error> {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// Gets.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Response, reqwest::Error> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends a message and waits for the reply.
    ///
    /// # Errors
    /// The server cannot be reached, or its answer breaks off.
    pub async fn chat(&self, session: &str, message: &str) -> Result<Value, reqwest::Error> {
        self.post("/api/chat", &json!({"user_id": session, "message": message})).await?.json().await
    }

    /// Follows a session's events after a cursor.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn follow(&self, session: &str, after: Option<&str>) -> Result<Frames, reqwest::Error> {
        let request = self.request(Method::GET, &format!("/api/sessions/{session}/events"));
        let request = after.into_iter().fold(request, |request, cursor| request.header("Last-Event-ID", cursor));
        Ok(Frames::of(self.send(request).await?.error_for_status()?))
    }
}

/// A member of staff with a token.
#[derive(Clone)]
pub struct Staff {
    client: reqwest::Client,
    url: String,
    token: String,
    positions_are_dense: bool,
}

impl Staff {
    /// With this token at a server.
    #[must_use]
    pub fn new(url: String, token: String) -> Self {
        Self { client: crate::http_client::client(), url, token, positions_are_dense: false }
    }

    /// At a server whose positions are dense, which every read of the log then checks.
    #[must_use]
    pub fn where_positions_are_dense(self) -> Self {
        Self { positions_are_dense: true, ..self }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Response, reqwest::Error> {
        self.request(Method::POST, path).json(body).send().await
    }

    /// Puts JSON.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Response, reqwest::Error> {
        self.request(Method::PUT, path).json(body).send().await
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// Gets.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Response, reqwest::Error> {
        self.request(Method::GET, path).send().await
    }

    /// Follows the whole log after a cursor.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn follow(&self, after: Option<&str>) -> Result<Frames, reqwest::Error> {
        let request = self.request(Method::GET, "/api/events");
        let request = after.into_iter().fold(request, |request, cursor| request.header("Last-Event-ID", cursor));
        Ok(Frames::of(request.send().await?.error_for_status()?))
    }

    /// The position of the newest event. A cursor far beyond it is refused, and the refusal names the head; so asking leaves no
    /// note in the log. After an outage it is waited for.
    ///
    /// # Errors
    /// The server cannot be reached.
    ///
    /// # Panics
    /// The refusal does not name the head.
    pub async fn head(&self) -> Result<u64, reqwest::Error> {
        let refused: Value = self.read_log(BEYOND_EVERY_HEAD).await?.json().await?;
        Ok(refused["head"].as_u64().unwrap_or_else(|| panic!("no head in {refused}")))
    }

    /// Asks for the log after a position, again while the server is not available.
    async fn read_log(&self, after: u64) -> Result<Response, reqwest::Error> {
        let path = format!("/api/events?after={after}");
        let request = || self.request(Method::GET, &path).header("Accept", "application/x-ndjson").send();
        let mut answer = request().await?;
        let asked = Instant::now();
        while answer.status() == StatusCode::SERVICE_UNAVAILABLE && asked.elapsed() < RESUMED {
            tokio::time::sleep(Duration::from_millis(100)).await;
            answer = request().await?;
        }
        Ok(answer)
    }

    /// The whole log up to the head: see [`Self::log_after`].
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn log(&self) -> Result<Vec<Value>, reqwest::Error> {
        self.log_after(0).await
    }

    /// The log after a position up to the head, as envelopes, without the notes of who read it; after an outage it is waited for.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    ///
    /// # Panics
    /// Positions are not dense or do not rise.
    pub async fn log_after(&self, after: u64) -> Result<Vec<Value>, reqwest::Error> {
        let text = self.read_log(after).await?.error_for_status()?.text().await?;
        let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let positions = || all.iter().map(|envelope| envelope["position"].as_u64().expect("a position is a number"));
        if self.positions_are_dense {
            assert!(positions().eq(after + 1..=after + all.len() as u64), "positions after {after} are dense");
        }
        assert!(positions().is_sorted_by(|before, after| before < after), "positions rise");
        Ok(all.into_iter().filter(|envelope| envelope["type"] != LOOK).collect())
    }
}
