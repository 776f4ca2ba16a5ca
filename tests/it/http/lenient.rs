//! What clients and proxies of all kinds send, and mean the plain thing by: empty values, marks of byte order, slashes too many,
//! names that are words of ours.

use reqwest::{Method, RequestBuilder, redirect::Policy};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{LIMIT, customer_with, desk, fresh, ok, problem};

#[tokio::test]
async fn a_session_called_like_a_word_of_ours_is_its_customers() {
    let (customer, stranger) = (desk().customer(), customer_with(&fresh("stranger")).await);
    for word in ["stats", "queue", "counts", "available"] {
        let answer = customer.chat(word, "hello").await.unwrap();
        let path = format!("/api/sessions/{word}?min_position={}", answer["position"]);
        let shown = ok(customer.get(&path).await.unwrap()).await;
        assert_eq!(shown["data"]["session"]["session_id"], answer["session_id"], "{word}");
        assert_eq!(customer.get(&format!("/api/sessions/{word}/events")).await.unwrap().status(), 200, "{word}");
    }
    for word in ["stats", "queue", "counts"] {
        let path = format!("/api/sessions/{word}");
        for outsider in [stranger.get(&path).await.unwrap(), desk().customer().get(&path).await.unwrap()] {
            problem(outsider, 401, "UNAUTHORIZED").await;
        }
        assert!(ok(desk().staff().get(&path).await.unwrap()).await["data"].is_object(), "{word} is staff's");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_path_without_it() {
    let client = tests::http_client::client_builder().redirect(Policy::none()).build().unwrap();
    for (path, led) in [
        ("/api/config/", "/api/config"),
        ("/api/v1/config/?a=1", "/api/v1/config?a=1"),
        ("/api/chat/", "/api/chat"),
        ("/healthz/", "/healthz"),
        ("/widget.js/", "/widget.js"),
    ] {
        let answer = client.get(format!("{}{path}", desk().url())).send().await.unwrap();
        assert_eq!(answer.status(), 308, "{path}");
        let location = answer.url().join(answer.headers()["location"].to_str().unwrap()).unwrap();
        assert_eq!(location.as_str(), format!("{}{led}", desk().url()));
    }
    for path in ["/nothing", "/api/nothing", "/api/config//"] {
        assert_eq!(client.get(format!("{}{path}", desk().url())).send().await.unwrap().status(), 404, "{path}");
    }
    let posted = desk().customer().post("/api/chat/", &json!({"message": "hello", "user_id": fresh("slash")})).await;
    ok(posted.unwrap()).await;
}

#[tokio::test]
async fn empty_cursors_names_and_devices_count_as_absent() {
    let session = fresh("empty");
    let customer = customer_with(&session).await;
    let path = format!("/api/sessions/{session}/events");
    let first = async |request: RequestBuilder| {
        let mut stream = request.send().await.unwrap();
        assert_eq!(stream.status(), 200);
        String::from_utf8(timeout(LIMIT, stream.chunk()).await.unwrap().unwrap().unwrap().to_vec()).unwrap()
    };
    let get = |query: &str| customer.request(Method::GET, &format!("{path}{query}"));
    let begin = first(get("")).await;
    assert!(begin.contains("session.opened"), "{begin}");
    for request in [get("?after="), get("?lastEventId="), get("").header("Last-Event-ID", "")] {
        assert_eq!(first(request).await, begin);
    }
    let chatted = customer.chat(&session, "hello").await.unwrap();
    let opened = begin.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let after = first(get(&format!("?after={opened}"))).await;
    assert!(!after.contains("session.opened"), "{after}");
    assert_eq!(first(get(&format!("?lastEventId={opened}"))).await, after, "as polyfills of EventSource send it");
    problem(get("?lastEventId=x").send().await.unwrap(), 400, "INVALID_FIELD").await;
    assert!(chatted["position"].is_u64());

    let named = ok(customer.post("/api/chat", &json!({"message": "hello", "user_id": ""})).await.unwrap()).await;
    assert!(named["session_name"].as_str().unwrap().starts_with("user_"), "{named}");
    let login = json!({"username": "admin", "password": tests::desk::ADMIN_PASSWORD, "device_id": ""});
    ok(desk().customer().post("/api/agent/login", &login).await.unwrap()).await;
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over_and_a_compressed_body_is_refused() {
    let customer = desk().customer();
    let send = |headers: &[(&'static str, &'static str)], body: Vec<u8>| {
        let request = customer.request(Method::POST, "/api/chat").header("Content-Type", "application/json");
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body).send()
    };
    let body = json!({"message": "hello", "user_id": fresh("mark")}).to_string();
    let marked = ["\u{feff}".as_bytes(), body.as_bytes()].concat();
    ok(send(&[], marked).await.unwrap()).await;
    ok(send(&[("Content-Encoding", "identity")], body.clone().into_bytes()).await.unwrap()).await;
    for encoding in ["gzip", "br", "zstd, gzip"] {
        let refused = send(&[("Content-Encoding", encoding)], body.clone().into_bytes()).await.unwrap();
        problem(refused, 415, "BODY_ENCODED").await;
    }
}

#[tokio::test]
async fn a_message_of_nothing_that_anybody_sees_is_refused() {
    let session = fresh("blank");
    let customer = customer_with(&session).await;
    for blank in ["\u{200b}", " \u{feff}\u{2060}\n", "\u{3164}", "\u{2800}\u{2800}", "\u{202e}\u{ad}", "\u{7}"] {
        for path in ["/api/chat", "/api/chat/stream"] {
            let answer = customer.post(path, &json!({"message": blank, "user_id": session})).await.unwrap();
            let refused = problem(answer, 400, "INVALID_FIELD").await;
            assert_eq!(refused["field"], "message", "{blank:?}");
        }
    }
    ok(customer.post("/api/chat", &json!({"message": "👩\u{200d}🔧", "user_id": session})).await.unwrap()).await;
}

#[tokio::test]
async fn a_preview_keeps_letters_and_emoji_whole() {
    let session = fresh("preview");
    let customer = customer_with(&session).await;
    let text = format!("{}👩\u{200d}👧\u{200d}👦 and more of it", "x".repeat(47));
    let answer = customer.chat(&session, "hello").await.unwrap();
    let taken = format!("/api/sessions/{}/takeover", answer["session_id"].as_str().unwrap());
    ok(desk().staff().post(&taken, &json!({"from": "any"})).await.unwrap()).await;
    let message = json!({"session_name": session, "role": "user", "content": text});
    let sent = ok(customer.post("/api/manual/messages", &message).await.unwrap()).await;
    let path = format!("/api/sessions?min_position={}&keyword={session}", sent["position"]);
    let listed: Value = ok(desk().staff().get(&path).await.unwrap()).await;
    let row = listed["data"]["sessions"].as_array().unwrap().iter().find(|row| row["session_name"] == session).unwrap();
    assert_eq!(row["last_message_preview"]["content"], format!("{}...", "x".repeat(47)), "{row}");
}

/// The whole answer to a request of HTTP/1.0.
async fn by_http_1_0(path: &str, token: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(desk().url().strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.0\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Connection: keep-alive\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(LIMIT, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_stream_without_chunks_that_ends_with_the_connection() {
    let session = fresh("old");
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session}).to_string();
    let answer = by_http_1_0("/api/chat/stream", &customer.token().unwrap(), &body).await;
    let (head, frames) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    assert!(frames.starts_with("data: {") && frames.contains("\"done\""), "{frames}");
    assert!(
        frames.lines().all(|line| line.is_empty() || line.starts_with("data: ") || line.starts_with(": ")),
        "{frames}"
    );
}
