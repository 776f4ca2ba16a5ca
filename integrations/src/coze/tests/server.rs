//! A server that answers each request with what a function says, and keeps what it was asked.

use std::{collections::BTreeMap, sync::Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

type Answer = dyn Fn(usize, &Asked) -> (u16, String) + Send + Sync;

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// `answer` gets the request's number, from 0.
    pub(super) async fn start(answer: impl Fn(usize, &Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it has one"));
        let (asked, answer): (Arc<Mutex<Vec<Asked>>>, Arc<Answer>) = (Arc::default(), Arc::new(answer));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&seen), Arc::clone(&answer)));
            }
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

async fn serve(connection: TcpStream, seen: Arc<Mutex<Vec<Asked>>>, answer: Arc<Answer>) {
    let mut connection = BufReader::new(connection);
    while let Some(asked) = request(&mut connection).await {
        let number = {
            let mut seen = seen.lock().expect("nobody panics with it");
            seen.push(asked.clone());
            seen.len() - 1
        };
        // Long enough that whoever asks at the same time is waiting.
        tokio::time::sleep(Duration::from_millis(30)).await;
        let (status, body) = answer(number, &asked);
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nX-Tt-Logid: log-{number}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if connection.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(connection: &mut BufReader<TcpStream>) -> Option<Asked> {
    let (mut line, mut headers) = (String::new(), BTreeMap::new());
    connection.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
    loop {
        let mut header = String::new();
        connection.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    Some(Asked { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).ok()? })
}
