//! A retaken run asks a bot for the result that an earlier attempt did not hear.

use std::time::Duration;

use commands::assistant::Question;
use domain::session::event::{Asked, Outcome, Tokens};
use integrations::coze::Coze;
use serde_json::{Value, json};
use tests::contract_server::ContractServer;

use super::fixture::{
    Answer, Endpoint, PERSONAL_TOKEN, ask, coze, listen, personal, question, recorded_answer, requests, start,
};

/// The next attempt at what `failed` did not hear to its end.
fn next_attempt(asked: &Question, failed: &Answer) -> Question {
    let seen = failed.last_asked();
    Question { attempt: 2, assistant_context: seen.context.clone(), earlier: Some(seen), ..asked.clone() }
}

async fn chats(server: &ContractServer) -> usize {
    requests(server, "bot_chat").await.len()
}

#[tokio::test]
async fn a_result_that_is_there_is_fetched_and_not_asked_for_again() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    for (name, order) in [("eof_without_done", "odd"), ("cut", "reversed"), ("completed_differs", "odd")] {
        let before = chats(&server).await;
        server
            .tell(
                json!({"next": [{"behaviour": name, "list_order": order, "kinds": ["verbose", "follow_up", "card"]}]}),
            )
            .await;
        let asked = question("?");
        let failed = ask(&coze, asked.clone()).await;
        assert!(failed.error().retryable, "{name}");
        let answer = ask(&coze, next_attempt(&asked, &failed)).await;
        assert_eq!((answer.outcome(), answer.text()), (Outcome::Answered, recorded_answer(&server).await), "{name}");
        let done = answer.done.unwrap();
        assert_eq!((done.tokens, done.context), (Some(Tokens { input: 21, output: 11 }), failed.last_asked().context));
        assert_eq!(chats(&server).await, before + 1, "{name}");
    }
}

#[tokio::test]
async fn several_answers_come_in_their_order() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    for order in ["odd", "reversed"] {
        server
            .tell(json!({"next": [{"behaviour": "two_answers", "fault": "cut", "at": 1, "list_order": order}]}))
            .await;
        let asked = question("?");
        let failed = ask(&coze, asked.clone()).await;
        let answer = ask(&coze, next_attempt(&asked, &failed)).await;
        assert_eq!(answer.text(), recorded_answer(&server).await, "{order}");
    }
}

/// Begins a chat as a client that is gone now, and returns its ids.
async fn begun(server: &ContractServer, behaviour: Value) -> Asked {
    server.tell(json!({"next": [behaviour]})).await;
    let body = json!({
        "bot_id": "7379462189365198898", "user_id": "u", "stream": false,
        "additional_messages": [{"role": "user", "content": "?", "content_type": "text"}],
    });
    let request =
        tests::http_client::client().post(format!("{}/v3/chat", server.url())).bearer_auth(PERSONAL_TOKEN).json(&body);
    let chat: Value = request.send().await.unwrap().json().await.unwrap();
    let id = |name: &str| chat["data"][name].as_str().map(str::to_owned);
    Asked { context: id("conversation_id"), chat: id("id"), log_id: None }
}

async fn retake(coze: &Coze, seen: &Asked) -> Answer {
    let retaken = Question { assistant_context: seen.context.clone(), earlier: Some(seen.clone()), ..question("?") };
    ask(coze, retaken).await
}

#[tokio::test]
async fn one_under_way_is_waited_for_with_a_look_a_second() {
    let server = start();
    let coze = personal(&server, Endpoint::Bot);
    let seen = begun(&server, json!({"behaviour": "ok", "polls": 2})).await;
    let answer = retake(&coze, &seen).await;
    assert_eq!((answer.outcome(), answer.text()), (Outcome::Answered, recorded_answer(&server).await));
    assert_eq!(answer.asked, [seen]);
    let chat = server.state().await["chats"][0].clone();
    assert_eq!(chat["polls"], 3);
    assert!(chat["shortest_poll_gap"].as_f64().unwrap() >= 0.99, "{chat}");
    assert_eq!(chats(&server).await, 1);
}

#[tokio::test]
async fn one_that_requires_an_action_is_handed_to_a_person() {
    let server = start();
    for dialect in ["coze", "studio"] {
        server.tell(json!({"options": {"dialect": dialect}})).await;
        let coze = personal(&server, Endpoint::Bot);
        let seen = begun(&server, json!({"behaviour": "requires_action", "polls": 0})).await;
        assert_eq!(retake(&coze, &seen).await.outcome(), Outcome::HandsOver);
    }
}

#[tokio::test]
async fn one_that_failed_is_canceled_or_is_not_there_is_asked_anew() {
    let server = start();
    for dialect in ["coze", "studio"] {
        server.tell(json!({"options": {"dialect": dialect}})).await;
        let coze = personal(&server, Endpoint::Bot);
        for behaviour in [
            json!({"behaviour": "failed", "polls": 0}),
            json!({"behaviour": "canceled", "polls": 0}),
            json!({"behaviour": "no_messages", "polls": 0}),
        ] {
            let seen = begun(&server, behaviour.clone()).await;
            let answer = retake(&coze, &seen).await;
            assert_eq!(answer.outcome(), Outcome::Answered, "{dialect} {behaviour}");
            assert_eq!(answer.last_asked().context, seen.context, "{dialect} {behaviour}");
            assert_ne!(answer.last_asked().chat, seen.chat, "{dialect} {behaviour}");
        }
        let absent =
            Asked { chat: Some("7480000000000000001".to_owned()), ..begun(&server, json!({"polls": 0})).await };
        let answer = retake(&coze, &Asked { context: Some("7480000000000000002".to_owned()), ..absent }).await;
        assert_eq!(answer.outcome(), Outcome::Answered, "{dialect}");
    }
}

#[tokio::test]
async fn what_cannot_be_known_now_is_for_the_next_attempt() {
    let server = start();
    let coze = personal(&server, Endpoint::Bot);
    let seen = begun(&server, json!({"polls": 0})).await;
    server.tell(json!({"next": [{"behaviour": "bad_gateway", "on": "retrieve"}, {"behaviour": "error", "code": 5000, "on": "messages"}]})).await;
    for _ in 0..2 {
        assert!(retake(&coze, &seen).await.error().retryable);
    }
    assert_eq!((retake(&coze, &seen).await.outcome(), chats(&server).await), (Outcome::Answered, 1));
}

#[tokio::test]
async fn waiting_that_is_given_up_cancels_the_chat() {
    let server = start();
    let coze = personal(&server, Endpoint::Bot);
    let seen = begun(&server, json!({"behaviour": "never_finishes"})).await;
    let retaken = Question { assistant_context: seen.context.clone(), earlier: Some(seen.clone()), ..question("?") };
    let waiting = tokio::time::timeout(Duration::from_millis(1500), listen(&coze, retaken, |_| false)).await;
    assert!(waiting.is_err());
    super::ending::cancelled(&server, 1).await;
}

#[tokio::test]
async fn a_chatflow_has_no_result_to_fetch_and_is_asked_anew() {
    let server = start();
    let coze = coze(&server, Endpoint::Workflow);
    server.tell(json!({"next": ["eof_without_done"]})).await;
    let asked = question("?");
    let failed = ask(&coze, asked.clone()).await;
    assert_eq!(ask(&coze, next_attempt(&asked, &failed)).await.outcome(), Outcome::Answered);
    assert_eq!(
        (requests(&server, "retrieve_chat").await.len(), requests(&server, "workflow_chat").await.len()),
        (0, 2)
    );
}
