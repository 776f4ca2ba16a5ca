//! Slow clients and too large heads: disconnected within their limit, with an error where possible.

use std::time::{Duration, Instant};

use tests::test_scale::is_long;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{guarded, say, socket, status};
use crate::http::desk;

/// Timeout, longer than any limit of the server.
const PATIENCE: Duration = Duration::from_secs(45);

/// Sends a piece every half second until the server closes; returns its answer and the time until then.
async fn drip(mut stream: TcpStream, piece: &[u8]) -> (String, Duration) {
    let (started, mut answer, mut buffer) = (Instant::now(), Vec::new(), [0; 4096]);
    while started.elapsed() < PATIENCE {
        if stream.write_all(piece).await.is_err() {
            break;
        }
        match timeout(Duration::from_millis(500), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(bytes)) => {
                answer.extend_from_slice(&buffer[..bytes]);
                sleep(Duration::from_millis(100)).await;
            }
            Err(_nothing_yet) => {}
        }
    }
    (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
}

async fn after(bytes: &[u8]) -> TcpStream {
    let mut stream = socket(desk()).await;
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Concurrently, because each of them waits for a limit.
#[tokio::test]
async fn unfinished_request_head_and_idle_connection_are_closed() {
    tokio::join!(
        a_head_that_does_not_end_is_cut_off(),
        a_later_head_that_does_not_end_is_cut_off_as_well(),
        a_client_that_says_nothing_is_cut_off(),
    );
}

/// In long runs only: the limits of a body are 20 s.
#[tokio::test]
async fn slow_body_gets_408_and_a_stream_reader_stays_connected() {
    if !is_long() {
        return;
    }
    tokio::join!(
        a_body_that_trickles_in_is_cut_off_and_told_why("Content-Length: 1000", b" "),
        a_body_that_trickles_in_is_cut_off_and_told_why("Transfer-Encoding: chunked", b"1\r\n \r\n"),
        a_refused_body_cannot_trickle_in_for_ever("GET /healthz HTTP/1.1"),
        a_refused_body_cannot_trickle_in_for_ever("POST /api/chat HTTP/1.1\r\nContent-Type: text/plain"),
        a_stream_that_is_only_read_goes_on(),
    );
}

async fn a_head_that_does_not_end_is_cut_off() {
    let (answer, time) = drip(after(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await, b"x").await;
    assert!(time < Duration::from_secs(20), "{time:?}");
    assert!(answer.is_empty() || status(&answer) == 408, "{answer}");
}

async fn a_later_head_that_does_not_end_is_cut_off_as_well() {
    let (answer, time) =
        drip(after(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nX-Slow: ").await, b"x").await;
    assert!(time < Duration::from_secs(25), "{time:?}");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
}

async fn a_client_that_says_nothing_is_cut_off() {
    let (_, time) = drip(socket(desk()).await, b"").await;
    assert!(time < Duration::from_secs(20), "{time:?}");
}

async fn a_body_that_trickles_in_is_cut_off_and_told_why(length: &str, piece: &[u8]) {
    let head = format!("POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n");
    let (answer, time) = drip(after(head.as_bytes()).await, piece).await;
    assert!(time < PATIENCE, "{length}: {time:?}");
    assert_eq!(status(&answer), 408, "{length}: {answer}");
    assert!(answer.contains("BODY_TOO_SLOW"), "{length}: {answer}");
}

async fn a_refused_body_cannot_trickle_in_for_ever(head: &str) {
    let head = format!("{head}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    let (answer, time) = drip(after(head.as_bytes()).await, b"1\r\n \r\n").await;
    assert!(time < Duration::from_secs(25), "{time:?}: {answer}");
    assert_ne!(status(&answer), 0, "it was answered at once");
}

async fn a_stream_that_is_only_read_goes_on() {
    let token = desk().staff_token();
    let request =
        format!("GET /api/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", token.trim());
    let mut stream = after(request.as_bytes()).await;
    let (started, mut buffer) = (Instant::now(), vec![0; 65_536]);
    while started.elapsed() < Duration::from_secs(35) {
        let read = timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.expect("heartbeats come");
        assert!(read.unwrap() > 0, "it ended after {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn too_large_request_head_gets_431() {
    let with = |bytes: usize| {
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: {}\r\n\r\n", "x".repeat(bytes))
    };
    assert_eq!(status(&say(socket(guarded()).await, with(30_000).as_bytes()).await), 200);
    let refused = say(socket(guarded()).await, with(33_000).as_bytes()).await;
    assert_eq!(status(&refused), 431, "{refused}");
    assert!(refused.contains("HEAD_TOO_LARGE") && refused.contains("application/problem+json"), "{refused}");
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "x".repeat(33_000));
    assert_eq!(status(&say(socket(guarded()).await, long.as_bytes()).await), 431);
    for beyond in [with(200_000), format!("GET / HTTP/1.1\r\n{}\r\n", "X-Many: x\r\n".repeat(97))] {
        assert_eq!(status(&say(socket(guarded()).await, beyond.as_bytes()).await), 431);
    }
}

/// In long runs only: it waits more than a minute.
#[tokio::test]
async fn client_that_does_not_read_is_disconnected() {
    if !is_long() {
        return;
    }
    // 863 kB each: together more than any buffer on the way.
    let request = b"GET /docs/rapidoc-9.3.8.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n";
    let mut stream = after(&request.repeat(25)).await;
    sleep(Duration::from_secs(75)).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server has closed");
    let whole = answer.windows(12).filter(|bytes| bytes == b"HTTP/1.1 200").count();
    assert!(whole < 25, "all of it was kept for a client that did not read");
}
