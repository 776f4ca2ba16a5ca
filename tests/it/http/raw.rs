//! Requests that no client library sends, over raw sockets.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{LIMIT, assert_log_lacks, assert_whole_problem, desk, fresh};

/// An answer: status, head, body up to `Content-Length`, and whether the connection was closed.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

struct Connection(TcpStream);

impl Connection {
    async fn open() -> Self {
        Self(TcpStream::connect(desk().url().strip_prefix("http://").unwrap()).await.unwrap())
    }

    /// Sends bytes; false if the server closed meanwhile, whose answer can still be read.
    async fn send(&mut self, bytes: &[u8]) -> bool {
        timeout(LIMIT, self.0.write_all(bytes)).await.unwrap().is_ok()
    }

    /// `None` if the server closed without an answer.
    async fn answer(&mut self) -> Option<Answer> {
        let head = self.read_head().await?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        timeout(LIMIT, self.0.read_exact(&mut body)).await.unwrap().ok()?;
        Some(Answer { status, head, body: String::from_utf8(body).unwrap() })
    }

    async fn read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LIMIT, self.0.read_u8()).await.unwrap().ok()?);
        }
        Some(String::from_utf8(head).unwrap())
    }

    /// The next request is answered, or the connection is closed.
    async fn is_usable_or_closed(&mut self) {
        if self.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await {
            assert!(self.answer().await.is_none_or(|answer| answer.status == 200));
        }
    }
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}{}", answer.head, answer.body);
    assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
    assert_whole_problem(&serde_json::from_str(&answer.body).unwrap(), status, code);
}

const POSTS: [&str; 5] =
    ["/api/chat", "/api/chat/stream", "/api/conversation/create", "/api/conversation/new", "/api/conversation/clear"];
const TEN_MEGABYTES: usize = 10 << 20;

#[tokio::test]
async fn too_large_content_length_gets_413_before_the_body_is_read() {
    for path in POSTS {
        let mut connection = Connection::open().await;
        let head = post(path, &format!("Content-Length: {TEN_MEGABYTES}\r\n"), b"");
        assert!(connection.send(&head).await);
        assert_problem(&connection.answer().await.unwrap(), 413, "BODY_TOO_LARGE");
        connection.send(&vec![b' '; 1 << 20]).await;
        connection.is_usable_or_closed().await;
    }
}

#[tokio::test]
async fn client_sending_ten_megabytes_receives_the_413() {
    let body = format!("{{\"message\": \"{}\"}}", "x".repeat(TEN_MEGABYTES));
    for path in POSTS {
        let response = tests::http_client::client().post(format!("{}{path}", desk().url()));
        let response = response.header("Content-Type", "application/json").body(body.clone()).send().await;
        // If the server closed while the client writes, some clients would not read the answer.
        if let Ok(response) = response {
            super::problem(response, 413, "BODY_TOO_LARGE").await;
        }
    }
}

#[tokio::test]
async fn too_large_chunked_body_gets_413() {
    for path in POSTS {
        let mut connection = Connection::open().await;
        assert!(connection.send(&post(path, "Transfer-Encoding: chunked\r\n", b"")).await);
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        for _ in 0..5 {
            connection.send(&chunk).await;
        }
        assert_problem(&connection.answer().await.unwrap(), 413, "BODY_TOO_LARGE");
        for _ in 0..TEN_MEGABYTES / 0x10000 {
            if !connection.send(&chunk).await {
                break;
            }
        }
    }
}

#[tokio::test]
async fn truncated_body_records_nothing() {
    let session = fresh("broken-off");
    let body = format!("{{\"message\": \"hello\", \"user_id\": \"{session}\"");
    for headers in ["Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut connection = Connection::open().await;
        let body = if headers.starts_with('T') { format!("{:x}\r\n{body}\r\n", body.len()) } else { body.clone() };
        assert!(connection.send(&post("/api/chat", headers, body.as_bytes())).await);
        connection.0.shutdown().await.unwrap();
        if let Some(answer) = connection.answer().await {
            assert!((400..500).contains(&answer.status), "{}", answer.head);
        }
    }
    let opened = super::recorded(|event| event["personal"]["session_name"] == session.as_str()).await;
    assert!(opened.is_empty(), "{opened:?}");
}

#[tokio::test]
async fn malformed_http_gets_4xx_and_the_server_keeps_serving() {
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(300_000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: x\r\n".repeat(300));
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(200_000));
    let both = post("/api/chat", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n");
    let twice = post("/api/chat", "Content-Length: 2\r\nContent-Length: 3\r\n", b"{}");
    let negative = post("/api/chat", "Content-Length: -1\r\n", b"{}");
    let chunk = post("/api/chat", "Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n");
    let requests = [large.as_bytes(), many.as_bytes(), long.as_bytes(), &both, &twice, &negative, &chunk];
    let rubbish: [&[u8]; 4] =
        [b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"];
    for request in requests.into_iter().chain(rubbish) {
        let mut connection = Connection::open().await;
        connection.send(request).await;
        let shown = String::from_utf8_lossy(&request[..request.len().min(60)]).into_owned();
        if let Some(answer) = connection.answer().await {
            assert!((400..500).contains(&answer.status), "{shown:?}: {}", answer.head);
        }
        let mut next = Connection::open().await;
        next.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(next.answer().await.unwrap().status, 200, "after {shown:?}");
    }
    assert_log_lacks("xxxxxxxxxxxxxxxx");
}

#[tokio::test]
async fn invalid_and_traversing_paths_get_404() {
    let bad = [
        "/api/sessions/%FF",
        "/api/sessions/%00",
        "/api/sessions/a%00b",
        "/api/sessions/%2e%2e%2fx",
        "/api/sessions/..%2Fx",
        "/api/sessions/a%5Cb",
        "/api/sessions/%E2%80%AEgnp",
        "/api/sessions/%0d%0aSet-Cookie:x",
        "/api/sessions/%zz",
        "/api/sessions/%",
        "/api/sessions/..",
        "/api/sessions/../../etc/passwd",
        "/page/../index.html",
        "/page/..%2f..%2fCargo.toml",
        "/page/%2e%2e/%2e%2e/Cargo.toml",
        "/page/../../Cargo.toml",
        "/page/%252e%252e/Cargo.toml",
        "/page/..%5c..%5cCargo.toml",
        "/page/....//....//Cargo.toml",
        "/page//etc/passwd",
        "/page/%2fetc%2fpasswd",
        "/page/shop.js%00.css",
        "/page/test/none.mjs",
        "/page/README.md",
        "/workbench/assets/..%2f..%2fCargo.toml",
        "/workbench/assets/%2e%2e%2f%2e%2e%2fwidget%2fwidget.js",
        "/docs/%2e%2e/%2e%2e/Cargo.toml",
        "/static/.env",
        "//api/sessions",
        "/api//sessions",
        "/docs/../../etc/passwd",
    ];
    for path in bad {
        for suffix in ["", "/events"] {
            let mut connection = Connection::open().await;
            let request = format!("GET {path}{suffix} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n");
            assert!(connection.send(request.as_bytes()).await);
            let answer = connection.answer().await.unwrap();
            assert!((400..500).contains(&answer.status), "{path}{suffix}: {}", answer.head);
            if answer.head.contains("problem+json") {
                let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                assert_whole_problem(&body, answer.status, body["code"].as_str().unwrap());
            } else {
                panic!("{path}{suffix}: {}{}", answer.head, answer.body);
            }
            connection.is_usable_or_closed().await;
        }
    }
}

#[tokio::test]
async fn invalid_session_in_a_path_is_named() {
    for name in ["%00", "a%2Fb", "a%5Cb", "%E2%80%AEgnp", "%0d%0a", "%20", &"x".repeat(129)] {
        for suffix in ["", "/events"] {
            let mut connection = Connection::open().await;
            let request = format!("GET /api/sessions/{name}{suffix} HTTP/1.1\r\nHost: x\r\n\r\n");
            assert!(connection.send(request.as_bytes()).await);
            let answer = connection.answer().await.unwrap();
            assert_problem(&answer, 400, "INVALID_FIELD");
            assert!(answer.body.contains("\"field\":\"name\""), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn no_request_is_redirected_to_another_host() {
    let paths = [
        "/docs",
        "//evil.example/docs",
        "/docs?next=https://evil.example",
        "/docs//evil.example",
        "/docs/..//evil.example",
        "//evil.example",
        "///evil.example/..",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/\\evil.example",
        "/.//evil.example",
        "/api//evil.example",
        "/page//evil.example",
        "/?url=//evil.example",
        "/api/v1",
        "/api",
        "/docs%2f",
        "/docs/index.html/",
        "http://evil.example/docs",
        "https://evil.example/",
    ];
    for path in paths {
        for host in ["x", "evil.example", "evil.example@x", "x/docs"] {
            let mut connection = Connection::open().await;
            let forwarded =
                "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example";
            let head =
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{forwarded}\r\nReferer: https://evil.example\r\n\r\n");
            assert!(connection.send(head.as_bytes()).await);
            let Some(answer) = connection.answer().await else { continue };
            let location = answer.head.lines().find_map(|line| line.strip_prefix("location: "));
            assert!(location.is_none_or(|location| location == "docs/"), "{path} of {host}: {}", answer.head);
            assert_eq!(location.is_some(), (300..400).contains(&answer.status), "{path} of {host}: {}", answer.head);
            assert!(
                !answer.head.contains("evil") && !answer.head.contains("refresh:"),
                "{path} of {host}: {}",
                answer.head
            );
        }
    }
}
