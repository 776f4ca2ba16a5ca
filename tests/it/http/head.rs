//! HEAD answers like GET without a body. A raw socket is used because client libraries never read a body after HEAD.

use std::collections::BTreeMap;

use domain::agent::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{LIMIT, customer_with, desk, fresh, staff::Member};

/// Headers that differ between two answers.
const OF_THE_MOMENT: [&str; 4] = ["date", "x-request-id", "connection", "keep-alive"];

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    rest: Vec<u8>,
}

/// Sends a request on its own connection; of an endless answer only the beginning is read.
async fn ask(method: &str, path: &str, token: &str, headers: &str) -> Answer {
    let mut socket = TcpStream::connect(desk().url().strip_prefix("http://").unwrap()).await.unwrap();
    let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{bearer}{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    let is_whole = |all: &[u8]| method == "GET" && all.windows(4).any(|bytes| bytes == b"\r\n\r\n");
    while !is_whole(&all) {
        let read =
            timeout(LIMIT, socket.read_buf(&mut all)).await.unwrap_or_else(|_| panic!("{method} {path} goes on"));
        if read.unwrap() == 0 {
            break;
        }
    }
    let end = all.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers = headers.filter(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str())).collect();
    Answer { status: line.split(' ').nth(1).unwrap().parse().unwrap(), headers, rest: all[end..].to_vec() }
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let session = fresh("head");
    let (customer, member) = (customer_with(&session).await, Member::with_role(Role::Auditor).await);
    let position = customer.chat(&session, "hello").await.unwrap()["position"].as_u64().unwrap();
    super::session_at(&customer, &session, position).await;
    let (visitor, staff) = (customer.token().unwrap(), member.staff.token().to_owned());
    let own = format!("/api/sessions/{session}");
    for (path, token, headers) in [
        ("/", "", ""),
        ("/", "", "Accept: text/html\r\n"),
        ("/page/shop.js", "", ""),
        ("/page/shop.js", "", "Accept-Encoding: br\r\n"),
        ("/embed", "", ""),
        ("/widget.js", "", ""),
        ("/workbench/sessions/x", "", ""),
        ("/openapi.json", "", "Accept-Encoding: gzip\r\n"),
        ("/docs/", "", ""),
        ("/api/config", "", ""),
        ("/api/v1/config", "", ""),
        (&own, &visitor, ""),
        (&own, &staff, ""),
        (&format!("{own}/events"), &visitor, ""),
        ("/api/agent/profile", &staff, ""),
        ("/api/events", &staff, ""),
        ("/api/events", &staff, "Accept: application/x-ndjson\r\n"),
        ("/api/agent/profile", "", ""),
        ("/api/sessions/nobodys", &visitor, ""),
        ("/nothing", "", ""),
        ("/api/nothing", "", ""),
    ] {
        let (mut head, mut get) = (ask("HEAD", path, token, headers).await, ask("GET", path, token, headers).await);
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.rest, b"", "{path} {headers:?}");
        // A body that names the method or the head of the log has another length each time.
        if get.status == 405 || path.contains("/sessions/") || path.contains("/profile") {
            let lengths = [&mut head, &mut get].map(|answer| answer.headers.remove("content-length").is_some());
            assert_eq!(lengths[0], lengths[1], "{path}");
        }
        assert_eq!(head.headers, get.headers, "{path} {headers:?}");
    }
}

#[tokio::test]
async fn connection_stays_usable_after_head() {
    let mut socket = TcpStream::connect(desk().url().strip_prefix("http://").unwrap()).await.unwrap();
    let token = desk().staff_token();
    for path in ["/api/config", "/api/events", "/api/nothing", "/api/sessions"] {
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LIMIT, socket.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 "), "{path}: {}", String::from_utf8_lossy(&head));
    }
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut last = String::new();
    timeout(LIMIT, socket.read_to_string(&mut last)).await.unwrap().unwrap();
    assert!(last.starts_with("HTTP/1.1 200 ") && last.ends_with("{\"status\":\"ok\"}"), "{last}");
}
