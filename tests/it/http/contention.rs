//! Concurrent requests in one session: each is stored, none is refused, and every message is answered exactly once.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::desk::{Customer, Frames};

use super::{
    LIMIT, fresh, ok,
    patient::{customer_with, events_of_session},
};

const WRITERS: usize = 32;

fn of_type<'a>(events: &'a [Value], event_type: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["type"] == event_type)
}

/// Every message is in exactly one reply, every reply answers the messages of its run, and runs do not overlap.
fn assert_answered_once(events: &[Value], messages: usize) {
    let sent: Vec<&Value> =
        of_type(events, "session.customer_message_sent").map(|event| &event["data"]["message"]).collect();
    assert_eq!(sent.len(), messages);
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    let mut open: Option<&Value> = None;
    for event in events {
        match event["type"].as_str().unwrap() {
            "session.assistant_run_started" => assert!(open.replace(event).is_none(), "one run at a time"),
            "session.assistant_replied" => {
                let run = open.take().unwrap();
                assert_eq!(event["data"]["answers"], run["data"]["messages"]);
                for message in event["data"]["answers"].as_array().unwrap() {
                    *answered.entry(message.to_string()).or_default() += 1;
                }
            }
            _other => {}
        }
    }
    assert!(sent.iter().all(|message| answered.get(&message.to_string()) == Some(&1)), "{answered:?}");
    assert_eq!(answered.len(), messages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_chats_in_one_session_are_each_stored_and_answered_once() {
    let session = fresh("crowd");
    let customer = customer_with(&session).await;
    let texts: Vec<String> = (0..WRITERS).map(|number| format!("question {number}")).collect();
    let answers = join_all(texts.iter().map(|text| customer.chat(&session, text))).await;
    let answers: Vec<Value> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| answer["success"] == true), "{answers:?}");
    let events = events_of_session(&answers[0]["session_id"]).await;
    assert_answered_once(&events, WRITERS);
    let mut said: Vec<&str> = of_type(&events, "session.customer_message_sent")
        .map(|event| event["personal"]["text"].as_str().unwrap())
        .collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    said.sort_unstable();
    texts.sort_unstable();
    assert_eq!(said, texts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_chat_streams_in_one_session_each_end_with_their_answer() {
    let session = fresh("streams");
    let customer = customer_with(&session).await;
    let told = join_all((0..WRITERS).map(|number| stream(&customer, &session, number))).await;
    let events = events_of_session(&told[0].0).await;
    assert_answered_once(&events, WRITERS);
    let replies: Vec<&str> = of_type(&events, "session.assistant_replied")
        .map(|event| event["personal"]["text"].as_str().unwrap())
        .collect();
    assert!(told.iter().all(|(_, text)| replies.contains(&text.as_str())));
}

/// The session's id and the text that was streamed.
async fn stream(customer: &Customer, session: &str, number: usize) -> (Value, String) {
    let body = json!({"message": format!("question {number}"), "user_id": session});
    let mut frames = Frames::of(customer.post("/api/chat/stream", &body).await.unwrap());
    let frames = tokio::time::timeout(LIMIT, frames.until(|frame| frame.data["type"] == "done")).await.unwrap();
    assert_eq!(frames.last().unwrap().data["type"], "done", "{frames:?}");
    let mut text = String::new();
    for frame in &frames {
        match frame.data["type"].as_str().unwrap() {
            "message" => text.push_str(frame.data["content"].as_str().unwrap()),
            "restart" => text.clear(),
            _other => {}
        }
    }
    (frames[0].data["session_id"].clone(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_sent_during_a_run_are_answered_together() {
    let session = fresh("together");
    let customer = customer_with(&session).await;
    let answers = join_all((0..WRITERS).map(|number| {
        let text = format!("question {number}");
        let (customer, session) = (&customer, &session);
        async move { customer.chat(session, &text).await.unwrap() }
    }))
    .await;
    let events = events_of_session(&answers[0]["session_id"]).await;
    let replies = of_type(&events, "session.assistant_replied").count();
    assert!(replies < WRITERS, "{replies} replies to {WRITERS} messages that came at once");
    let positions: std::collections::BTreeSet<u64> =
        answers.iter().map(|answer| answer["position"].as_u64().unwrap()).collect();
    assert_eq!(positions.len(), replies, "who asked together is given the same answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_commands_in_one_session_keep_its_stream_consistent() {
    let session = fresh("everything");
    let customer = customer_with(&session).await;
    let body = json!({"session_id": session, "user_id": session, "message": "hello"});
    let paths = ["/api/chat", "/api/conversation/new", "/api/conversation/clear", "/api/conversation/create"];
    let all = join_all((0..WRITERS).map(|number| customer.post(paths[number % 4], &body))).await;
    for response in all {
        ok(response.unwrap()).await;
    }
    let answer = customer.chat(&session, "last").await.unwrap();
    let events = events_of_session(&answer["session_id"]).await;
    assert_answered_once(&events, WRITERS / 4 + 1);
    let versions: Vec<u64> = events.iter().map(|event| event["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=events.len() as u64).collect::<Vec<_>>());
}
