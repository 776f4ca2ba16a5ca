//! A conversation of its own for each session and context, and never the default one that everybody shares.

use commands::assistant::{Speaker, Turn};
use domain::session::event::Outcome;
use serde_json::json;

use super::fixture::{ENDPOINTS, Endpoint, ask, coze, question, requests, start};

fn history() -> Vec<Turn> {
    let turn = |speaker, text: &str| Turn { speaker, text: text.to_owned() };
    vec![
        turn(Speaker::Customer, "Hello"),
        turn(Speaker::Assistant, "Good day"),
        turn(Speaker::Customer, "It is broken"),
    ]
}

async fn contents(server: &tests::contract_server::ContractServer, endpoint: Endpoint) -> Vec<Vec<String>> {
    let route = if endpoint == Endpoint::Workflow { "workflow_chat" } else { "bot_chat" };
    let content = |message: &serde_json::Value| message["content"].as_str().unwrap().to_owned();
    let bodies = requests(server, route).await;
    bodies
        .iter()
        .map(|request| request["body"]["additional_messages"].as_array().unwrap().iter().map(content).collect())
        .collect()
}

#[tokio::test]
async fn sessions_do_not_share_one() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        let (one, other) = (question("a"), question("b"));
        let (first, second) = (ask(&coze, one.clone()).await, ask(&coze, other.clone()).await);
        assert_ne!(first.last_asked().context, second.last_asked().context);
        let state = server.state().await;
        for (asked, answer) in [(&one, &first), (&other, &second)] {
            let made = state["conversations"].as_array().unwrap().iter();
            let made = made.clone().find(|made| made["id"].as_str() == answer.last_asked().context.as_deref()).unwrap();
            assert!(made["creator"].as_str().unwrap().contains(&asked.session.to_string()), "{made}");
        }
        assert_eq!(state["counts"].get("shared_conversation_uses"), None, "the trap");
    }
}

#[tokio::test]
async fn a_known_one_is_used_again_and_history_goes_only_into_a_new_one() {
    for endpoint in ENDPOINTS {
        let server = start();
        let coze = coze(&server, endpoint);
        let mut asked = question("a");
        asked.history = history();
        let first = ask(&coze, asked.clone()).await;
        asked.assistant_context = first.last_asked().context;
        let second = ask(&coze, asked).await;
        assert_eq!(second.last_asked().context, first.last_asked().context);
        assert_eq!(requests(&server, "create").await.len(), 1);
        let all = ["Hello", "Good day", "It is broken", "a"].map(str::to_owned).to_vec();
        assert_eq!(contents(&server, endpoint).await, [all, vec!["a".to_owned()]]);
    }
}

#[tokio::test]
async fn history_is_not_lost_when_the_first_attempt_fails() {
    let server = start();
    let coze = coze(&server, Endpoint::Workflow);
    let mut asked = question("a");
    asked.history = history();
    server.tell(json!({"next": [{"behaviour": "error", "code": 4009}]})).await;
    let failed = ask(&coze, asked.clone()).await;
    assert!(failed.error().retryable);
    asked.assistant_context = failed.last_asked().context;
    asked.earlier = Some(failed.last_asked());
    assert_eq!(ask(&coze, asked).await.outcome(), Outcome::Answered);
    assert_eq!(contents(&server, Endpoint::Workflow).await[1].len(), 4);
}

#[tokio::test]
async fn a_foreign_or_lost_one_is_replaced_once() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        let foreign = ask(&coze, question("a")).await.last_asked().context;
        for context in [foreign, Some("7480000000000000000".to_owned())] {
            let mut asked = question("b");
            (asked.assistant_context, asked.history) = (context.clone(), history());
            let answer = ask(&coze, asked).await;
            assert_eq!(answer.outcome(), Outcome::Answered);
            assert_ne!(answer.last_asked().context, context);
            assert_eq!(contents(&server, endpoint).await.last().unwrap().len(), 4, "the new one is told what was said");
        }
        server.tell(json!({"next": [{"behaviour": "error", "code": 4002, "times": 3}]})).await;
        let answer = ask(&coze, question("c")).await;
        assert_eq!(answer.error().error_code.as_deref(), Some("4002"), "only once");
        server.tell(json!({"clear_script": true})).await;
    }
}

#[tokio::test]
async fn parameters_of_the_page_reach_the_chat_and_name_no_conversation() {
    let server = start();
    for endpoint in ENDPOINTS {
        let mut asked = question("a");
        asked.parameters =
            json!({"CONVERSATION_NAME": "Default", "USER_INPUT": "x", "order": "7"}).as_object().unwrap().clone();
        assert_eq!(ask(&coze(&server, endpoint), asked).await.outcome(), Outcome::Answered);
    }
    for route in ["workflow_chat", "bot_chat"] {
        let request = requests(&server, route).await.pop().unwrap();
        assert_eq!(request["body"]["parameters"], json!({"order": "7"}));
        assert!(request["warnings"].as_array().is_none_or(Vec::is_empty), "{request}");
    }
}

#[tokio::test]
async fn erased_messages_are_asked_nowhere() {
    let server = start();
    let mut asked = question("a");
    asked.messages.clear();
    let answer = ask(&coze(&server, Endpoint::Bot), asked).await;
    assert_eq!((answer.outcome(), answer.text().as_str()), (Outcome::DoesNotKnow, ""));
    assert_eq!(server.state().await["requests"], json!([]));
}

#[tokio::test]
async fn one_with_a_chat_that_nobody_can_cancel_is_left_behind() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        let mut asked = question("a");
        let first = ask(&coze, asked.clone()).await;
        (asked.assistant_context, asked.history) = (first.last_asked().context, history());
        server.tell(json!({"next": ["stall_before_first_byte"]})).await;
        super::fixture::listen(&coze, asked.clone(), |answer| answer.last_asked().log_id.is_some()).await;
        let next = ask(&coze, asked.clone()).await;
        assert_eq!(next.outcome(), Outcome::Answered);
        assert_ne!(next.last_asked().context, asked.assistant_context);
        assert_eq!(contents(&server, endpoint).await.last().unwrap().len(), 4);
    }
}
