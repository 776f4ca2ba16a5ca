//! A kept HTTP connection that costs the measuring side next to nothing: on two cores the client's work is in the figure.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::fixture::Failure;

/// One connection and who speaks on it.
pub(super) struct Connection {
    address: String,
    stream: TcpStream,
    authorization: String,
    buffer: Vec<u8>,
}

/// An answer with a body of known length.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// A number of the body's JSON, by the first field of this name.
    pub(super) fn number(&self, field: &str) -> Option<u64> {
        let (_, value) = self.body.split_once(&format!("\"{field}\":"))?;
        let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        value[..end].parse().ok()
    }

    /// A text of the body's JSON without escapes, by the first field of this name.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        let (_, value) = self.body.split_once(&format!("\"{field}\":\""))?;
        value.split('"').next()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (of, value) = line.split_once(':')?;
            of.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Connection {
    /// Speaks with a bearer token.
    pub(super) async fn open(address: &str, token: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        Ok(Self { address: address.to_owned(), stream, authorization, buffer: Vec::new() })
    }

    /// A new customer, who opens a session of this name.
    pub(super) async fn arrive(address: &str, name: &str) -> Result<Self, Failure> {
        let mut connection = Self::open(address, "").await?;
        let body = format!(r#"{{"user_id":"{name}"}}"#);
        let answer = connection.post("/api/conversation/create", "", &body).await?;
        let token = answer.header("x-visitor-token").ok_or("a new customer is given a token")?;
        connection.authorization = format!("Authorization: Bearer {token}\r\n");
        Ok(connection)
    }

    /// The same caller on another connection.
    pub(super) async fn again(&self) -> Result<Self, Failure> {
        Ok(Self { authorization: self.authorization.clone(), ..Self::open(&self.address, "").await? })
    }

    /// On a new connection, for the server closes those that nobody has used for some seconds.
    pub(super) async fn post_again(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer, Failure> {
        *self = self.again().await?;
        self.post(path, headers, body).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: desk\r\n{}\r\n", self.authorization);
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    pub(super) async fn post(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer, Failure> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: desk\r\n{}{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.authorization,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Asks for a stream of server-sent events; what follows on the connection are its bytes.
    pub(super) async fn follow(mut self, path: &str) -> Result<TcpStream, Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: desk\r\n{}\r\n", self.authorization);
        self.stream.write_all(request.as_bytes()).await?;
        let head = self.head().await?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("a stream was answered {}", head.lines().next().unwrap_or_default()).into());
        }
        Ok(self.stream)
    }

    /// Asks for a stream that ends; how long it took until each of these texts was in it.
    pub(super) async fn stream(&mut self, path: &str, body: &str, texts: [&str; 2]) -> Result<[Duration; 2], Failure> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: desk\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.authorization,
            body.len()
        );
        let asked = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        let mut took = [None, None];
        while !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
            self.more().await?;
            for (took, text) in took.iter_mut().zip(texts) {
                if took.is_none() && contains(&self.buffer, text) {
                    *took = Some(asked.elapsed());
                }
            }
        }
        let said = String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned();
        let [Some(first), Some(last)] = took else { return Err(format!("a stream without {texts:?}: {said}").into()) };
        Ok([first, last])
    }

    async fn answer(&mut self) -> Result<Answer, Failure> {
        let head = self.head().await?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no HTTP status")?;
        let mut answer = Answer { status, head, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.buffer.len() < length {
            self.more().await?;
        }
        answer.body = String::from_utf8(self.buffer.drain(..length).collect())?;
        Ok(answer)
    }

    async fn head(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                return Ok(String::from_utf8(self.buffer.drain(..end + 4).collect())?);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), Failure> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _bytes => Ok(()),
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
