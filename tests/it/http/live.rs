//! Events reach every open stream soon, and clients read their own writes.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tests::desk::EventFrame;

use super::{LIMIT, customer_with, desk, fresh, ok, patient, problem};

#[tokio::test]
async fn event_reaches_open_streams_within_two_seconds() {
    let session = fresh("soon");
    let customer = customer_with(&session).await;
    let mut own = customer.follow(&session, None).await.unwrap();
    let head = desk().staff().head().await.unwrap().to_string();
    let mut all = desk().staff().follow(Some(&head)).await.unwrap();
    own.next_within(LIMIT).await.unwrap();
    let began = Instant::now();
    let sent = customer.chat(&session, "hello");
    let heard = async {
        let frame = own.next_within(LIMIT).await.unwrap();
        assert_eq!(frame.data["personal"]["text"], "hello");
        all.until(|frame| frame.data["personal"]["text"] == "hello").await;
        began.elapsed()
    };
    let (answer, elapsed) = tokio::join!(sent, heard);
    answer.unwrap();
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

#[tokio::test]
async fn customers_frames_have_no_node_confidence_or_source() {
    let session = fresh("inside");
    let customer = customer_with(&session).await;
    customer.chat(&session, "How long is the warranty?").await.unwrap();
    let is_last = |frame: &EventFrame| frame.event.as_deref() == Some("session.assistant_replied");
    let frames = customer.follow(&session, None).await.unwrap().until(is_last).await;
    for frame in &frames {
        for field in ["incarnation", "confidence_permille", "sources", "rule_signals", "tokens", "cost"] {
            assert!(frame.data["data"].get(field).is_none(), "{field} in {frame:?}");
        }
    }
    let all = desk().staff().log().await.unwrap();
    let replied = all.iter().find(|event| event["position"] == frames.last().unwrap().data["position"]).unwrap();
    assert!(replied["data"]["sources"].is_array() && replied["data"]["confidence_permille"].is_u64(), "{replied}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_followers_each_see_every_event_once() {
    let session = fresh("followed");
    let customer = patient::customer_with(&session).await;
    let staff = patient::desk().staff();
    let head = staff.head().await.unwrap().to_string();
    let own = join_all((0..150).map(|_| customer.follow(&session, Some(&head)))).await;
    let all = join_all((0..50).map(|_| staff.follow(Some(&head)))).await;
    let mut last = 0;
    for number in 0..10 {
        last = customer.chat(&session, &format!("message {number}")).await.unwrap()["position"].as_u64().unwrap();
    }
    let id = format!("session-{}", domain_id(&session).await);
    let seen = join_all(own.into_iter().chain(all).map(|frames| positions(frames.unwrap(), last, &id))).await;
    assert_eq!(seen[0].len(), 30, "ten messages, runs and replies");
    assert!(seen.iter().all(|positions| *positions == seen[0]));
}

async fn domain_id(session: &str) -> String {
    let shown = ok(patient::desk().staff().get(&format!("/api/sessions/{session}")).await.unwrap()).await;
    shown["data"]["session"]["session_id"].as_str().unwrap().to_owned()
}

/// Positions of a stream's events up to a last one.
async fn positions(mut frames: tests::desk::Frames, last: u64, stream: &str) -> Vec<u64> {
    let read = frames.until(|frame| frame.data["position"].as_u64().unwrap() >= last);
    let read = tokio::time::timeout(LIMIT, read).await.unwrap();
    let of_stream = read.iter().filter(|frame| frame.data["stream"] == stream);
    of_stream.map(|frame| frame.data["position"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn min_position_reads_every_own_write() {
    let customer = patient::desk().customer();
    let sessions = [fresh("own-writes"), fresh("own-writes")];
    for number in 0..100 {
        let session = &sessions[number % 2];
        let text = format!("message {number}");
        let answer = customer.chat(session, &text).await.unwrap();
        let shown = super::session_at(&customer, session, answer["position"].as_u64().unwrap()).await;
        let history = shown["data"]["session"]["history"].as_array().unwrap();
        assert_eq!(history[history.len() - 2]["content"], text);
        assert!(shown["position"].as_u64() >= answer["position"].as_u64());
    }
}

#[tokio::test]
async fn min_position_far_ahead_gets_409_after_two_seconds() {
    let session = fresh("far-ahead");
    let customer = customer_with(&session).await;
    for far in ["999999999", "9223372036854775807"] {
        let began = Instant::now();
        let response = customer.get(&format!("/api/sessions/{session}?min_position={far}")).await.unwrap();
        let refused = problem(response, 409, "CURSOR_AHEAD").await;
        assert!(refused["head"].as_u64().unwrap() > 0, "{refused}");
        let waited = began.elapsed();
        assert!(waited >= Duration::from_millis(1900) && waited < Duration::from_secs(5), "{waited:?}");
    }
}

#[tokio::test]
async fn min_position_waits_for_the_next_event() {
    let session = fresh("about-to-come");
    let customer = customer_with(&session).await;
    let head = desk().staff().head().await.unwrap();
    let path = format!("/api/sessions?min_position={}", head + 1);
    let staff = desk().staff();
    let body = json!({"user_id": fresh("next"), "message": "hello"});
    let (read, written) = tokio::join!(staff.get(&path), customer.post("/api/chat", &body));
    ok(written.unwrap()).await;
    assert!(ok(read.unwrap()).await["position"].as_u64().unwrap() > head);
}

#[tokio::test]
async fn min_position_waits_for_a_session_found_by_name() {
    let own = tests::desk::Desk::start(tests::desk::Setup::default());
    let staff = own.staff();
    let arrive = async |name: &str| own.customer().arrive(name).await.unwrap()["position"].as_u64().unwrap();
    let (first, second) = (arrive("first").await, arrive("second").await);
    let third = second + (second - first);
    let path = format!("/api/sessions/about-to-come?min_position={third}");
    let arriving = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        arrive("about-to-come").await
    };
    let (read, arrived) = tokio::join!(staff.get(&path), arriving);
    assert_eq!(arrived, third);
    assert_eq!(ok(read.unwrap()).await["data"]["session"]["session_name"], "about-to-come");
}

#[tokio::test]
async fn idle_stream_sends_heartbeats() {
    use futures::StreamExt as _;
    let session = fresh("quiet");
    let customer = customer_with(&session).await;
    let response = customer.get(&format!("/api/sessions/{session}/events")).await.unwrap();
    let (mut chunks, mut text, began) = (response.bytes_stream(), String::new(), Instant::now());
    while !text.contains("\n: still here\n\n") {
        let chunk = tokio::time::timeout(LIMIT, chunks.next()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(began.elapsed() >= Duration::from_secs(14), "{:?}: {text}", began.elapsed());
}
