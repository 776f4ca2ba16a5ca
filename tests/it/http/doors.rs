//! Middleware: CORS, a trusted proxy, rate limits, slow clients, TLS.
//!
//! 127.0.0.1 is an untrusted client, 127.0.0.2 the trusted proxy. Tests of limits use addresses of their own, so that none uses up
//! the limit of another.

mod addresses;
mod connections;
mod floods;
mod headers;
mod origins;
mod rates;
mod refused_starts;
mod secrets;
mod slow;
mod tls;
mod unread;

use std::sync::OnceLock;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::json;
use tests::desk::{Desk, patient_rules};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{LIMIT, Shared, start_shared};

const SHOP: &str = "https://shop.example";
const WIDGET: &str = "https://widget.example";
const STRANGER: &str = "127.0.0.1";
const PROXY: &str = "127.0.0.2";

/// A server with allowed origins and a trusted proxy, without limits.
fn guarded() -> &'static Desk {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    &SHARED.get_or_init(|| start_shared(guests())).desk
}

/// The same with limits: the default for chat, and 20 a second for everything else.
fn limited() -> &'static Desk {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    let limits = [("DESK_CHAT_RATE_PER_MINUTE", "20".to_owned()), ("DESK_RATE_PER_SECOND", "20".to_owned())];
    &SHARED.get_or_init(|| start_shared([guests(), limits.to_vec()].concat())).desk
}

/// Their customers say the same words again and again.
fn guests() -> Vec<(&'static str, String)> {
    let guests = [
        ("DESK_ALLOWED_ORIGINS", format!("{SHOP},http://localhost:3000")),
        ("DESK_WIDGET_ORIGINS", WIDGET.to_owned()),
        ("DESK_FRAME_ANCESTORS", format!("self {SHOP}")),
        ("DESK_TRUSTED_PROXIES", PROXY.to_owned()),
    ];
    guests.into_iter().chain(patient_rules()).collect()
}

/// A client that calls from this address.
fn from(address: &str) -> Client {
    tests::http_client::client_builder().local_address(Some(address.parse().unwrap())).build().unwrap()
}

fn chat(desk: &Desk, client: &Client) -> RequestBuilder {
    client.post(format!("{}/api/chat", desk.url())).json(&json!({"message": "hello", "user_id": "s"}))
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A connection to a server.
async fn socket(desk: &Desk) -> TcpStream {
    TcpStream::connect(desk.url().strip_prefix("http://").unwrap()).await.unwrap()
}

/// Sends these bytes and reads until the server closes.
async fn say<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, bytes: &[u8]) -> String {
    // The server may refuse and close before everything is sent.
    let _ = timeout(LIMIT, stream.write_all(bytes)).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
