//! Idempotency keys: a repeated request has one effect and the same answer.

use reqwest::Method;
use serde_json::{Value, json};
use tests::desk::Frames;

use super::{customer_with, events_of_session, fresh, ok, problem};

/// The types of a session's events, in order.
async fn recorded(session_id: &Value) -> Vec<String> {
    let events = events_of_session(session_id).await;
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn count(events: &[String], event_type: &str) -> usize {
    events.iter().filter(|event| *event == event_type).count()
}

#[tokio::test]
async fn repeated_chat_key_is_one_message_with_the_same_answer() {
    let (session, key) = (fresh("twice"), fresh("key"));
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session, "parameters": {"page": "p", "n": 1.5}});
    let first = ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await;
    for _ in 0..3 {
        assert_eq!(ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await, first);
    }
    let events = recorded(&first["session_id"]).await;
    assert_eq!(count(&events, "session.customer_message_sent"), 1, "{events:?}");
    assert_eq!(count(&events, "session.assistant_replied"), 1, "{events:?}");
}

#[tokio::test]
async fn concurrent_repeats_of_a_chat_key_are_one_message() {
    let (session, key) = (fresh("at-once"), fresh("key"));
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session});
    let all = futures::future::join_all((0..8).map(|_| customer.post_keyed("/api/chat", &key, &body))).await;
    let mut answers = Vec::new();
    for response in all {
        answers.push(ok(response.unwrap()).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(count(&recorded(&answers[0]["session_id"]).await, "session.customer_message_sent"), 1);
}

#[tokio::test]
async fn keyed_chat_without_a_session_repeats_in_the_same_session() {
    let (customer, key) = (customer_with(&fresh("any")).await, fresh("key"));
    let body = json!({"message": "hello"});
    let first = ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await;
    assert_eq!(ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await, first);
    let other = ok(customer.post_keyed("/api/chat", &fresh("key"), &body).await.unwrap()).await;
    assert_ne!(other["session_name"], first["session_name"]);
}

#[tokio::test]
async fn respond_async_gets_202_and_the_reply_arrives_on_the_stream() {
    let (session, key) = (fresh("no-wait"), fresh("key"));
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session});
    let ask = || {
        let request = customer.request(Method::POST, "/api/chat").header("Idempotency-Key", &key);
        customer.send(request.header("Prefer", "wait=5, respond-async").json(&body))
    };
    let response = ask().await.unwrap();
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers()["Preference-Applied"], "respond-async");
    let accepted: Value = response.json().await.unwrap();
    assert_eq!(ask().await.unwrap().json::<Value>().await.unwrap(), accepted, "a repeat is answered alike");
    let mut frames = customer.follow(&session, Some(&accepted["position"].to_string())).await.unwrap();
    let replied = frames.until(|frame| frame.event.as_deref() == Some("session.assistant_replied")).await;
    let reply = &replied.last().unwrap().data["data"];
    assert_eq!(reply["answers"], json!([accepted["message_id"]]));
}

#[tokio::test]
async fn repeated_chat_stream_sends_the_whole_text_again() {
    let (session, key) = (fresh("stream-twice"), fresh("key"));
    let customer = customer_with(&session).await;
    let body = json!({"message": "How long does the battery last?", "user_id": session});
    let mut tellings = Vec::new();
    for _ in 0..3 {
        let response = customer.post_keyed("/api/chat/stream", &key, &body).await.unwrap();
        tellings.push(told(Frames::of(response)).await);
    }
    assert!(!tellings[0].1.is_empty());
    assert!(tellings.iter().all(|telling| *telling == tellings[0]), "{tellings:?}");
    let events = recorded(&tellings[0].0["session_id"]).await;
    assert_eq!(count(&events, "session.customer_message_sent"), 1);
    let chat = ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await;
    assert_eq!(chat["message"], tellings[0].1, "who lost the stream may ask without one");
}

/// The `accepted` frame, and the text up to `done`.
async fn told(mut frames: Frames) -> (Value, String) {
    let accepted = frames.next().await.unwrap().data;
    let rest = frames.until(|frame| frame.data["type"] == "done").await;
    assert_eq!(rest.last().unwrap().data["type"], "done");
    (accepted, rest.iter().map(|frame| frame.data["content"].as_str().unwrap()).collect())
}

#[tokio::test]
async fn repeated_create_key_gets_the_first_answer() {
    let (session, key) = (fresh("create-twice"), fresh("key"));
    let customer = customer_with(&fresh("other")).await;
    let (path, body) = ("/api/conversation/create", json!({"user_id": session}));
    let first = ok(customer.post_keyed(path, &key, &body).await.unwrap()).await;
    customer.chat(&session, "hello").await.unwrap();
    ok(customer.post("/api/conversation/new", &json!({"session_id": session})).await.unwrap()).await;
    assert_eq!(ok(customer.post_keyed(path, &key, &body).await.unwrap()).await, first);
}

#[tokio::test]
async fn repeated_new_or_clear_key_gets_the_first_answer() {
    for path in ["/api/conversation/new", "/api/conversation/clear"] {
        for is_idle in [false, true] {
            let (session, key) = (fresh("context-twice"), fresh("key"));
            let customer = customer_with(&session).await;
            let body = json!({"session_id": session});
            if !is_idle {
                customer.chat(&session, "hello").await.unwrap();
            }
            let first = ok(customer.post_keyed(path, &key, &body).await.unwrap()).await;
            let id = customer.chat(&session, "hello again").await.unwrap()["session_id"].clone();
            let before = recorded(&id).await;
            assert_eq!(
                ok(customer.post_keyed(path, &key, &body).await.unwrap()).await,
                first,
                "{path} idle: {is_idle}"
            );
            ok(customer.post_keyed("/api/conversation/new", &fresh("key"), &body).await.unwrap()).await;
            assert_eq!(
                ok(customer.post_keyed(path, &key, &body).await.unwrap()).await,
                first,
                "{path} idle: {is_idle}"
            );
            assert_eq!(recorded(&id).await.len(), before.len() + 1, "only the other key's context came");
        }
    }
}

#[tokio::test]
async fn reused_key_with_another_body_gets_422() {
    let (session, key) = (fresh("reused"), fresh("key"));
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session, "parameters": {"a": 1}});
    let first = ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await;
    for other in [
        json!({"message": "hello!", "user_id": session, "parameters": {"a": 1}}),
        json!({"message": "hello", "user_id": session, "parameters": {"a": 2}}),
        json!({"message": "hello", "user_id": session}),
    ] {
        for path in ["/api/chat", "/api/chat/stream"] {
            let response = customer.post_keyed(path, &key, &other).await.unwrap();
            let body = problem(response, 422, "IDEMPOTENCY_KEY_REUSED").await;
            assert!(body["detail"].as_str().unwrap().contains("Idempotency-Key"));
        }
    }
    assert_eq!(ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await, first);
    assert_eq!(count(&recorded(&first["session_id"]).await, "session.customer_message_sent"), 1);
}

#[tokio::test]
async fn idempotency_keys_are_separate_per_visitor() {
    let (session, key) = (fresh("shared-name"), fresh("key"));
    let mut ids = Vec::new();
    for text in ["one", "two"] {
        let customer = customer_with(&session).await;
        let body = json!({"message": text, "user_id": session});
        ids.push(ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await["session_id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn idempotency_keys_are_separate_per_route_and_session() {
    let (session, other, key) = (fresh("routes"), fresh("routes"), fresh("key"));
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session, "session_id": session});
    let created = ok(customer.post_keyed("/api/conversation/create", &key, &body).await.unwrap()).await;
    let chat = ok(customer.post_keyed("/api/chat", &key, &body).await.unwrap()).await;
    let new = ok(customer.post_keyed("/api/conversation/new", &key, &body).await.unwrap()).await;
    assert_ne!(new["conversation_id"], created["conversation_id"]);
    ok(customer.post_keyed("/api/conversation/clear", &key, &body).await.unwrap()).await;
    let elsewhere = json!({"message": "hello", "user_id": other});
    let elsewhere = ok(customer.post_keyed("/api/chat", &key, &elsewhere).await.unwrap()).await;
    assert_ne!(elsewhere["session_id"], chat["session_id"]);
    let events = recorded(&chat["session_id"]).await;
    assert_eq!(count(&events, "session.context_started"), 2, "{events:?}");
}

#[tokio::test]
async fn invalid_idempotency_key_gets_400() {
    let session = fresh("bad-key");
    let customer = customer_with(&session).await;
    let body = json!({"message": "hello", "user_id": session, "session_id": session});
    for path in ["chat", "chat/stream", "conversation/create", "conversation/new", "conversation/clear"] {
        for key in ["k".repeat(256).into_bytes(), "ключ".into(), b"a\tb".into(), b" ".into(), b"".into(), vec![0xff]]
        {
            let request = customer.request(Method::POST, &format!("/api/{path}")).header("Idempotency-Key", &*key);
            let refused = problem(request.json(&body).send().await.unwrap(), 400, "INVALID_FIELD").await;
            assert_eq!(refused["field"], "Idempotency-Key", "{path} {key:?}");
        }
        let request =
            customer.request(Method::POST, &format!("/api/{path}")).header("Idempotency-Key", "k".repeat(255));
        assert_eq!(request.json(&body).send().await.unwrap().status(), 200, "{path}");
    }
}
