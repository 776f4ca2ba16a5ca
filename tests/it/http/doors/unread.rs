//! What a client does not read is not kept for it: streams of a long session with large messages.

use std::time::Duration;

use serde_json::json;
use tests::desk::{Desk, Setup};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{LIMIT, socket};
use crate::http::{customer_with, fresh, ok, problem};

/// More than the network holds for a client, and more than the desk has in memory anyway.
const MESSAGES: usize = 700;
const STREAMS: usize = 40;
/// What they may take together: 150 kB each, and a page of the session that is read to open one.
const MEMORY_KB: u64 = 80_000;

#[tokio::test]
async fn parameters_have_at_most_16_kib() {
    let session = fresh("parameters");
    let customer = customer_with(&session).await;
    let said =
        |bytes: usize| json!({"message": "hello", "user_id": session, "parameters": {"a": "x".repeat(bytes - 8)}});
    let refused = problem(customer.post("/api/chat", &said(16_385)).await.unwrap(), 400, "INVALID_FIELD").await;
    assert_eq!(refused["field"], "parameters");
    ok(customer.post("/api/chat", &said(16_384)).await.unwrap()).await;
}

/// Of a server's process, in kB: what it has now, and the most it has had since this was asked for last.
fn memory(desk: &Desk) -> [u64; 2] {
    let process = format!("/proc/{}", desk.process_id());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    std::fs::write(format!("{process}/clear_refs"), "5").unwrap();
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    })
}

/// A stream of the session that is not read beyond its first bytes.
async fn unread(desk: &Desk, session: &str, token: &str) -> TcpStream {
    let mut stream = socket(desk).await;
    let request =
        format!("GET /api/sessions/{session}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    timeout(LIMIT, stream.read_exact(&mut begin)).await.unwrap().unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    stream
}

/// Each is a little less than may be sent, and never ends.
#[tokio::test]
async fn bodies_that_do_not_end_take_little_memory() {
    let desk = Desk::start(Setup::default());
    let (head, body) =
        ("POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n", vec![b' '; 254_000]);
    let head = format!("{head}Content-Length: 255000\r\n\r\n");
    let [before, _] = memory(&desk);
    let mut held = Vec::new();
    for _ in 0..800 {
        let mut stream = socket(&desk).await;
        // Some are refused before all of it is sent.
        let _ =
            timeout(LIMIT, async { stream.write_all(head.as_bytes()).await.and(stream.write_all(&body).await) }).await;
        held.push(stream);
    }
    // What was sent is still to be read; what is held goes after 20 s.
    let mut most = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(memory(&desk)[1]);
    }
    // 32 MB for all, and of each 16 kB and what its connection reads ahead.
    assert!(most < before + 150_000, "{} bodies: from {before} to {most} kB", held.len());
    let customer = desk.customer();
    ok(customer.post("/api/chat", &json!({"message": "hello", "user_id": "s"})).await.unwrap()).await;
}

#[tokio::test]
async fn streams_that_are_not_read_take_little_memory() {
    let mut desk = Desk::start(Setup::default().with_patient_rules());
    let customer = desk.customer();
    let said = json!({"message": "hello", "user_id": "s", "parameters": {"a": "x".repeat(16_000)}});
    for _ in 0..MESSAGES {
        let request =
            customer.request(reqwest::Method::POST, "/api/chat").header("Prefer", "respond-async").json(&said);
        ok(customer.send(request).await.unwrap()).await;
    }
    let token = customer.token().unwrap();
    // So that nothing of it is in memory.
    desk.kill();
    desk.start_again();
    drop(unread(&desk, "s", &token).await);
    let [before, _] = memory(&desk);
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(unread(&desk, "s", &token).await);
    }
    let [_, most] = memory(&desk);
    assert!(most < before + MEMORY_KB, "{STREAMS} streams: from {before} to {most} kB");
    // Connections from before the kill are closed.
    while customer.get("/healthz").await.is_err() {}
    let mut frames = customer.follow("s", None).await.unwrap();
    for _ in 0..MESSAGES {
        frames.next_within(LIMIT).await.expect("whoever reads gets all of it");
    }
}
