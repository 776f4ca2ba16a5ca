//! A shop's developer in Rust, with types that typify makes of the description: chats as a customer, reads the session, follows the
//! stream, meets a problem, signs in as staff and lists the sessions.
//!
//! Invariant: every answer is read as the type that the description names for it.

use std::{env, error::Error};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use types::{
    ChatAnswer, ChatFrameData, ChatRequest, ChatRequestUserId, ConversationAnswer, CreateRequest, ListAnswer,
    LoginAnswer, LoginRequest, LoginRequestDeviceId, Name, Problem, SessionAnswer, Text,
};

/// What the description has.
#[allow(missing_docs, unreachable_pub, dead_code, clippy::all, clippy::unwrap_used, reason = "written by typify")]
mod types {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

type AnyError = Box<dyn Error>;

const NAME: &str = "clients-rust";

struct Desk {
    http: Client,
    url: String,
    token: String,
}

impl Desk {
    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    async fn post(&mut self, path: &str, body: &impl Serialize) -> Result<Response, AnyError> {
        let request =
            self.http.post(format!("{}{path}", self.url)).header("Idempotency-Key", Uuid::new_v4().to_string());
        let answer = self.authorized(request).json(body).send().await?;
        let token = answer.headers().get("X-Visitor-Token").and_then(|token| token.to_str().ok()).map(str::to_owned);
        self.token = token.unwrap_or_else(|| self.token.clone());
        Ok(answer)
    }

    async fn get(&self, path: &str) -> Result<Response, AnyError> {
        Ok(self.authorized(self.http.get(format!("{}{path}", self.url))).send().await?)
    }
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, AnyError> {
    let (status, text) = (answer.status(), answer.text().await?);
    serde_json::from_str(&text).map_err(|error| format!("{status} {error}: {text}").into())
}

fn message(text: &str) -> Result<ChatRequest, AnyError> {
    let (message, name): (Text, ChatRequestUserId) = (text.parse()?, NAME.parse()?);
    Ok(ChatRequest::builder().message(message).user_id(Some(name)).try_into()?)
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "another provider is there")?;
    let url = env::args().nth(1).ok_or("the server's URL is missing")?;
    let mut desk = Desk { http: Client::new(), url, token: String::new() };
    let position = chats(&mut desk).await?;
    follows(&mut desk).await?;
    lists(&mut desk, position).await
}

async fn chats(desk: &mut Desk) -> Result<i64, AnyError> {
    let name: Name = NAME.parse()?;
    let request: CreateRequest = CreateRequest::builder().user_id(name).try_into()?;
    let created: ConversationAnswer = read(desk.post("/api/conversation/create", &request).await?).await?;
    assert!(created.success && !desk.token.is_empty());
    let answer: ChatAnswer = read(desk.post("/api/chat", &message("How long is the warranty?")?).await?).await?;
    assert!(answer.success && answer.message.is_some() && answer.session_name == NAME);
    let path = format!("/api/sessions/{NAME}?min_position={}", answer.position);
    let shown: SessionAnswer = read(desk.get(&path).await?).await?;
    assert!(shown.data.session.history.iter().any(|said| said.content.as_deref() == Some("How long is the warranty?")));
    let missing = desk.get("/api/sessions/another").await?;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let problem: Problem = read(missing).await?;
    assert_eq!(problem.code, "NOT_FOUND");
    Ok(answer.position)
}

async fn follows(desk: &mut Desk) -> Result<(), AnyError> {
    let stream = desk.post("/api/chat/stream", &message("And the battery?")?).await?.text().await?;
    let frames = stream.split("\n\n").filter_map(|frame| frame.strip_prefix("data: "));
    let frames: Vec<ChatFrameData> = frames.map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert!(matches!(frames.first(), Some(ChatFrameData::AcceptedData(_))), "{frames:?}");
    assert!(matches!(frames.last(), Some(ChatFrameData::DoneData(_))), "{frames:?}");
    Ok(())
}

async fn lists(desk: &mut Desk, position: i64) -> Result<(), AnyError> {
    let password = env::var("DESK_ADMIN_PASSWORD")?;
    let device: LoginRequestDeviceId = "the device of a program".parse()?;
    let credentials =
        LoginRequest::builder().username(Some("admin".to_owned())).password(password).device_id(Some(device));
    let login: LoginRequest = credentials.try_into()?;
    let signed_in: LoginAnswer = read(desk.post("/api/agent/login", &login).await?).await?;
    desk.token = signed_in.access_token;
    let listed: ListAnswer = read(desk.get(&format!("/api/sessions?limit=200&min_position={position}")).await?).await?;
    assert!(listed.data.sessions.iter().any(|row| row.session_name.as_deref() == Some(NAME)));
    Ok(())
}
