//! What the customer's streams say of a hand-off, and what they do not.

use tests::desk::{EventFrame, Frames};

use super::*;
use crate::http::LIMIT;

async fn chat_stream(customer: &Customer, session: &str, message: &str) -> Vec<Value> {
    let body = json!({"user_id": session, "message": message});
    let mut frames = Frames::of(customer.post("/api/chat/stream", &body).await.unwrap());
    frames.until(|frame| frame.data["type"] == "done").await.into_iter().map(|frame| frame.data).collect()
}

/// The original's defect 4: its stream ended with a plain `done`.
#[tokio::test]
async fn chat_stream_says_that_a_rule_asks_for_a_person() {
    let frames = chat_stream(&desk().customer(), &fresh("rule"), "我要转人工").await;
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "message", "status_change", "done"]);
    assert_eq!(frames[1]["content"], "已为您转接人工客服，请稍候。");
    assert_eq!((&frames[2]["status"], &frames[2]["reason"]), (&json!("pending_manual"), &json!("keyword")));
    assert!(frames[2]["timestamp"].is_u64(), "{frames:?}");
    assert_eq!(frames[2].get("rule"), None);
}

#[tokio::test]
async fn repeated_chat_stream_tells_of_the_hand_off_again() {
    let (name, customer) = (fresh("again"), desk().customer());
    let body = json!({"user_id": name, "message": "我要转人工"});
    let ask = async || {
        let response = customer.post_keyed("/api/chat/stream", "k", &body).await.unwrap();
        Frames::of(response).until(|frame| frame.data["type"] == "done").await
    };
    assert_eq!(ask().await, ask().await);
}

async fn followed(frames: &mut Frames, event_type: &str) -> EventFrame {
    let wanted = async { frames.until(|frame| frame.data["type"] == event_type).await.pop().unwrap() };
    tokio::time::timeout(LIMIT, wanted).await.unwrap()
}

#[tokio::test]
async fn customers_frames_have_names_and_texts_and_nothing_of_the_queue() {
    let team = team().await;
    let thread = Thread::new().await;
    let mut frames = thread.customer.follow(&thread.name, None).await.unwrap();
    let body = json!({"session_name": thread.id, "reason": "secret reason"});
    ok(team.agent.staff().post("/api/manual/escalate", &body).await.unwrap()).await;
    let escalated = followed(&mut frames, "session.escalated").await.data;
    let fields: Vec<&str> = escalated["data"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["language", "messages", "reason"]);
    assert_eq!(escalated.get("personal"), None);
    let queued = followed(&mut frames, "session.notice_given").await.data;
    assert!(!queued["data"]["text"].as_str().unwrap().is_empty(), "{queued}");
    ok(thread.act(&team.agent, "takeover", json!({})).await).await;
    let taken = followed(&mut frames, "session.agent_took_over").await.data;
    assert_eq!((&taken["data"]["agent"], &taken["data"]["agent_name"]), (&json!(team.agent.id), &json!("Anna Li")));
    let joined = followed(&mut frames, "session.notice_given").await.data;
    assert!(joined["data"]["text"].as_str().unwrap().contains("Anna Li"), "{joined}");
    ok(thread.answer(&team.agent, "Hello").await).await;
    let said = followed(&mut frames, "session.agent_message_sent").await.data;
    assert_eq!((&said["personal"]["text"], &said["data"]["agent_name"]), (&json!("Hello"), &json!("Anna Li")));
    let body = json!({"to_agent_id": team.other.id, "reason": "secret reason"});
    ok(thread.act(&team.agent, "transfer", body).await).await;
    let moved = followed(&mut frames, "session.transferred").await.data;
    assert_eq!((&moved["data"]["from_name"], &moved["data"]["to_name"]), (&json!("Anna Li"), &json!("Anna Li")));
    let all = [escalated, queued, taken, joined, said, moved].map(|frame| frame.to_string()).concat();
    for secret in ["secret reason", &team.agent.username, &team.other.username, "R1", "severity"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

#[tokio::test]
async fn staffs_frames_of_a_session_have_what_the_customers_lack() {
    let team = team().await;
    let thread = Thread::waiting().await;
    let path = format!("/api/sessions/{}/events", thread.id);
    let mut frames = Frames::of(team.agent.staff().get(&path).await.unwrap());
    let escalated = followed(&mut frames, "session.escalated").await.data;
    assert_eq!((&escalated["data"]["rule"], &escalated["data"]["class"]), (&json!("R1"), &json!("normal")));
    let queued = followed(&mut frames, "session.notice_given").await.data;
    assert!(queued["data"]["text"].is_string(), "{queued}");
}
