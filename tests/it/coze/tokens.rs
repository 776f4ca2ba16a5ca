//! Who we are: signed requests for tokens, tokens of one session, and their end.

use domain::session::event::{FailureCode, Outcome};
use serde_json::{Value, json};

use super::fixture::{ENDPOINTS, Endpoint, PERSONAL_TOKEN, ask, coze, personal, question, requests, start, start_with};

#[tokio::test]
async fn each_session_has_one_token_that_bears_its_id() {
    let server = start();
    let coze = coze(&server, Endpoint::Workflow);
    let (one, other) = (question("a"), question("b"));
    for asked in [&one, &other, &one, &one] {
        assert_eq!(ask(&coze, asked.clone()).await.outcome(), Outcome::Answered);
    }
    let state = server.state().await;
    assert_eq!(state["token_refusals"], json!([]), "every JWT was right");
    let names: Vec<&str> =
        state["tokens"].as_array().unwrap().iter().map(|token| token["session_name"].as_str().unwrap()).collect();
    assert_eq!(names, [one.session.to_string(), other.session.to_string()]);
    let info = coze.token_info();
    assert_eq!(info.total_sessions, 2);
    assert!(info.sessions.values().all(|token| token.is_valid));
}

#[tokio::test]
async fn the_audience_is_the_bare_host() {
    let server = start_with(&["--audience", "127.0.0.1"]);
    assert_eq!(ask(&coze(&server, Endpoint::Bot), question("?")).await.outcome(), Outcome::Answered);
}

#[tokio::test]
async fn an_invalid_token_is_replaced_once_wherever_it_shows() {
    for invalid in [
        json!({"status": 401, "code": 4100}),
        json!({"status": 200, "code": 4100}),
        json!({"status": 200, "code": 700_012_006}),
    ] {
        let server = start();
        server.tell(json!({"options": {"invalid_token": invalid}})).await;
        for endpoint in ENDPOINTS {
            let coze = coze(&server, endpoint);
            let mut asked = question("?");
            // With a conversation the chat finds out, without one its making.
            for _ in 0..2 {
                let answer = ask(&coze, asked.clone()).await;
                assert_eq!(answer.outcome(), Outcome::Answered, "{invalid} {endpoint:?}");
                asked.assistant_context = answer.last_asked().context;
                server.tell(json!({"revoke_tokens": true})).await;
            }
            asked.assistant_context = None;
            assert_eq!(ask(&coze, asked).await.outcome(), Outcome::Answered, "{invalid} {endpoint:?}");
        }
        let state = server.state().await;
        assert_eq!(
            (state["tokens"].as_array().unwrap().len(), &state["token_refusals"]),
            (6, &json!([])),
            "fresh JWTs"
        );
    }
}

#[tokio::test]
async fn a_token_that_is_never_taken_is_refused_after_two() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    server.tell(json!({"next": [{"behaviour": "unauthorized", "times": 5}]})).await;
    let answer = ask(&coze, question("?")).await;
    assert_eq!((answer.error().code, answer.error().retryable), (FailureCode::Refused, false));
    assert_eq!(requests(&server, "token").await.len(), 2);
    assert_eq!(requests(&server, "bot_chat").await.len(), 2);
}

#[tokio::test]
async fn tokens_that_end_soon_are_replaced_in_time() {
    for expires_in in ["absolute", "relative"] {
        let server = start();
        server.tell(json!({"options": {"longest_token_s": 2, "expires_in": expires_in}})).await;
        let coze = coze(&server, Endpoint::Workflow);
        let asked = question("?");
        for _ in 0..4 {
            assert_eq!(ask(&coze, asked.clone()).await.outcome(), Outcome::Answered);
            tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        }
        let refused: Vec<Value> = server.state().await["requests"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|request| request["code"] == 4100)
            .cloned()
            .collect();
        assert!(refused.is_empty(), "{expires_in}: none was used after its end: {refused:?}");
    }
}

#[tokio::test]
async fn what_the_token_endpoint_says_is_told() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    for (behaviour, code, retryable) in
        [("app_deactivated", FailureCode::Refused, false), ("internal_error_of_tokens", FailureCode::Unavailable, true)]
    {
        server.tell(json!({"next": [{"behaviour": behaviour, "on": "token"}]})).await;
        let answer = ask(&coze, question("?")).await;
        assert_eq!((answer.error().code, answer.error().retryable), (code, retryable), "{behaviour}");
        assert!(answer.error().log_id.is_some());
    }
    assert_eq!(ask(&coze, question("?")).await.outcome(), Outcome::Answered);
}

#[tokio::test]
async fn a_personal_token_answers_without_an_exchange_and_sessions_still_have_conversations_of_their_own() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = personal(&server, endpoint);
        let (one, other) = (ask(&coze, question("a")).await, ask(&coze, question("b")).await);
        assert_eq!((one.outcome(), other.outcome()), (Outcome::Answered, Outcome::Answered));
        assert_ne!(one.last_asked().context, other.last_asked().context);
    }
    assert_eq!(requests(&server, "token").await.len(), 0);
    server.tell(json!({"next": ["unauthorized"]})).await;
    let answer = ask(&personal(&server, Endpoint::Bot), question("?")).await;
    assert_eq!((answer.error().code, answer.error().retryable), (FailureCode::Refused, false));
    assert!(!format!("{answer:?}").contains(PERSONAL_TOKEN));
}
