//! Answers that nobody waits for any more, and conversations that are deleted.

use std::time::{Duration, Instant};

use domain::session::event::Outcome;
use serde_json::{Value, json};
use tests::contract_server::ContractServer;

use super::fixture::{ENDPOINTS, Endpoint, ask, coze, listen, question, requests, start};

/// Waits until so many chats were cancelled.
pub(super) async fn cancelled(server: &ContractServer, count: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let cancels = server.state().await["cancels"].as_array().unwrap().clone();
        if cancels.len() >= count {
            return cancels;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{} of {count} were cancelled", cancels.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn leaving_in_the_middle_cancels_the_chat_and_frees_its_conversation() {
    let server = start();
    for (number, endpoint) in ENDPOINTS.into_iter().enumerate() {
        let coze = coze(&server, endpoint);
        server.tell(json!({"next": ["stall_midway"]})).await;
        let mut asked = question("?");
        let answer = listen(&coze, asked.clone(), |answer| !answer.texts.is_empty()).await;
        let cancels = cancelled(&server, number + 1).await;
        assert_eq!(cancels[number]["chat_id"].as_str(), answer.last_asked().chat.as_deref());
        asked.assistant_context = answer.last_asked().context;
        let next = ask(&coze, asked).await;
        assert_eq!((next.outcome(), next.last_asked().context), (Outcome::Answered, answer.last_asked().context));
    }
}

#[tokio::test]
async fn an_answer_that_was_heard_to_its_end_is_not_cancelled() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        server.tell(json!({"next": ["ok", "stall_before_done", "failed", "empty_result"]})).await;
        for _ in 0..4 {
            ask(&coze, question("?")).await;
        }
        // Left when there is nothing to cancel yet.
        listen(&coze, question("?"), |answer| !answer.asked.is_empty()).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.state().await["cancels"], json!([]));
}

#[tokio::test]
async fn a_chatflow_whose_stream_spoils_is_cancelled_and_a_bots_chat_is_left_for_the_next_attempt() {
    let server = start();
    server.tell(json!({"next": [{"behaviour": "malformed", "fault": "malformed", "at": 2}]})).await;
    ask(&coze(&server, Endpoint::Bot), question("?")).await;
    server.tell(json!({"next": [{"behaviour": "malformed", "fault": "malformed", "at": 2}]})).await;
    let answer = ask(&coze(&server, Endpoint::Workflow), question("?")).await;
    let cancels = cancelled(&server, 1).await;
    assert_eq!(cancels.len(), 1);
    assert_eq!(cancels[0]["chat_id"].as_str(), answer.last_asked().chat.as_deref());
}

#[tokio::test]
async fn a_hundred_who_leave_at_once_hold_nothing_up() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    server.tell(json!({"default": "stall_midway"})).await;
    let left =
        futures::future::join_all((0..100).map(|_| listen(&coze, question("?"), |answer| !answer.texts.is_empty())))
            .await;
    assert_eq!(left.len(), 100);
    assert!(!cancelled(&server, 50).await.is_empty());
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = start();
    let coze = coze(&server, Endpoint::Workflow);
    let asked = question("?");
    for _ in 0..10 {
        assert_eq!(ask(&coze, asked.clone()).await.outcome(), Outcome::Answered);
    }
    let requests = server.state().await["requests"].as_array().unwrap().clone();
    if requests.iter().all(|request| request.get("connection").is_some()) {
        let mut connections: Vec<String> = requests.iter().map(|request| request["connection"].to_string()).collect();
        connections.sort();
        connections.dedup();
        assert!(connections.len() <= 3, "{connections:?}");
    }
}

#[tokio::test]
async fn a_conversation_is_deleted_as_the_session_that_made_it_and_once_is_enough() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        let asked = question("?");
        let conversation = ask(&coze, asked.clone()).await.last_asked().context.unwrap();
        for _ in 0..2 {
            coze.delete_conversation(asked.session, &conversation).await.unwrap();
        }
        let deletes = server.state().await["deletes"].as_array().unwrap().clone();
        assert_eq!(deletes.last().unwrap()["conversation_id"], conversation);
        assert!(deletes.last().unwrap()["identity"].as_str().unwrap().contains(&asked.session.to_string()));
        server.tell(json!({"next": [{"behaviour": "http_error", "on": "delete"}]})).await;
        assert!(coze.delete_conversation(asked.session, &conversation).await.unwrap_err().retryable);
    }
    assert_eq!(requests(&server, "delete").await.len(), 6);
}

#[tokio::test]
async fn an_id_from_elsewhere_changes_no_path() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    let asked = question("?");
    for id in ["../../v1/conversations", "a/b?c#d", "%2e%2e", ""] {
        drop(coze.delete_conversation(asked.session, id).await);
    }
    let state = server.state().await;
    let paths: Vec<&str> = state["requests"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|request| request["method"] == "DELETE")
        .map(|request| request["path"].as_str().unwrap())
        .collect();
    assert!(paths.iter().all(|path| path.starts_with("/v1/conversations/")), "{paths:?}");
}
