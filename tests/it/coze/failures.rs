//! What goes wrong, and what is made of it.

use std::time::Duration;

use domain::session::event::{
    FailureCode::{self, Malformed, OutOfCredit, RateLimited, Refused, Rejected, Unavailable},
    Outcome,
};
use serde_json::{Value, json};

use super::fixture::{ENDPOINTS, Endpoint, ask, config, coze, question, requests, start};

#[tokio::test]
async fn every_failure_of_a_stream_has_its_code() {
    let server = start();
    let cases: [(&str, FailureCode, bool); 24] = [
        ("failed", Unavailable, true),
        ("failed_midway", Unavailable, true),
        ("failed_bare", Unavailable, true),
        ("failed_without_done", Unavailable, true),
        ("error_event", Unavailable, true),
        ("error_event_with_code", Rejected, false),
        ("error_event_at_once", OutOfCredit, false),
        ("eof_without_done", Malformed, true),
        ("eof_at_once", Malformed, true),
        ("eof_after_answer", Malformed, true),
        ("eof_mid_line", Malformed, true),
        ("eof_mid_character", Malformed, true),
        ("malformed", Malformed, true),
        ("cut", Unavailable, true),
        ("reset", Unavailable, true),
        ("reset_before_head", Unavailable, true),
        ("completed_differs", Malformed, true),
        ("empty_result", Malformed, true),
        ("empty_answer", Malformed, true),
        ("no_messages", Malformed, true),
        ("json_as_stream", Rejected, false),
        ("error_4xx", Rejected, false),
        ("bad_gateway", Unavailable, true),
        ("not_json", Malformed, true),
    ];
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        for (name, code, retryable) in cases {
            server.tell(json!({"next": [name]})).await;
            let answer = ask(&coze, question("?")).await;
            let error = answer.error();
            assert_eq!((error.code, error.retryable), (code, retryable), "{endpoint:?} {name}: {error:?}");
            if name != "reset_before_head" {
                assert!(error.log_id.is_some(), "{endpoint:?} {name}");
            }
            let next = ask(&coze, question("again")).await;
            assert_eq!(next.outcome(), Outcome::Answered, "{endpoint:?} after {name}");
        }
    }
}

#[tokio::test]
async fn every_code_in_a_response_of_200_has_its_class() {
    let server = start();
    let coze = coze(&server, Endpoint::Workflow);
    let cases: [(i64, FailureCode, bool); 14] = [
        (4000, Rejected, false),
        (4006, Refused, false),
        (4008, RateLimited, true),
        (4009, RateLimited, true),
        (4010, Rejected, false),
        (4011, OutOfCredit, false),
        (4014, Malformed, true),
        (4015, Refused, false),
        (4016, RateLimited, true),
        (4019, OutOfCredit, false),
        (4020, RateLimited, true),
        (4101, Refused, false),
        (4200, Refused, false),
        (5000, Unavailable, true),
    ];
    for (code, failure, retryable) in cases {
        server.tell(json!({"next": [{"behaviour": "error", "code": code, "msg": "so it is"}]})).await;
        let answer = ask(&coze, question("?")).await;
        let error = answer.error();
        assert_eq!((error.code, error.retryable), (failure, retryable), "{code}");
        assert_eq!((error.error_code.as_deref(), error.detail.as_str()), (Some(&*code.to_string()), "so it is"));
        assert_eq!(error.retry_after.is_some(), failure == RateLimited, "{code}");
    }
}

#[tokio::test]
async fn limits_pass_and_the_next_attempt_is_answered() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    let limited = json!({"behaviour": "too_many_requests", "headers": {"Retry-After": "7"}});
    server
        .tell(json!({"next": [{"behaviour": "error", "code": 4009}, {"behaviour": "error", "code": 4020}, limited]}))
        .await;
    let first = question("?");
    let (mut asked, mut waits) = (question("?"), Vec::new());
    asked.session = first.session;
    for attempt in 1..=3 {
        let answer = ask(&coze, asked.clone()).await;
        waits.push(answer.error().retry_after.unwrap());
        let context = answer.last_asked().context.or(asked.assistant_context.take());
        (asked.attempt, asked.assistant_context) = (attempt + 1, context);
    }
    assert_eq!(waits[2], Duration::from_secs(7));
    assert_eq!(ask(&coze, asked).await.outcome(), Outcome::Answered);
    assert_eq!(requests(&server, "create").await.len(), 1, "the conversation is kept");
}

#[tokio::test]
async fn what_may_not_be_said_is_blocked_and_nothing_is_said() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        for code in [4102, 4105] {
            let failed = json!({"behaviour": "failed", "last_error": {"code": code, "msg": "risk"}});
            server.tell(json!({"next": [{"behaviour": "error", "code": code}, failed]})).await;
            for place in ["instead of a stream", "in the stream"] {
                let answer = ask(&coze, question("?")).await;
                assert_eq!((answer.outcome(), answer.text().as_str()), (Outcome::Blocked, ""), "{code} {place}");
            }
            let midway = json!({"behaviour": "failed_midway", "last_error": {"code": code, "msg": "risk"}});
            server.tell(json!({"next": [midway]})).await;
            let answer = ask(&coze, question("?")).await;
            assert_eq!((answer.error().code, answer.error().retryable), (Rejected, false), "text was shown already");
        }
    }
}

#[tokio::test]
async fn a_running_chat_is_a_reason_to_wait() {
    let server = start();
    let coze = coze(&server, Endpoint::Workflow);
    let mut asked = question("?");
    let first = ask(&coze, asked.clone()).await;
    asked.assistant_context = first.last_asked().context;
    server.tell(json!({"next": ["stall_midway"]})).await;
    let waiting = super::fixture::listen(&coze, asked.clone(), |_| false);
    let second = async {
        while server.state().await["counts"]["stalled"] != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let second = ask(&coze, asked.clone()).await;
        server.tell(json!({"release": true})).await;
        second
    };
    let (first, second) = tokio::join!(waiting, second);
    assert_eq!(first.outcome(), Outcome::Answered);
    let error = second.error();
    assert_eq!((error.code, error.retryable, error.error_code.as_deref()), (RateLimited, true, Some("4016")));
    assert!(error.retry_after.is_some());
    assert_eq!(ask(&coze, asked).await.outcome(), Outcome::Answered);
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable() {
    let server = start();
    let config = config(&server, Endpoint::Bot);
    drop(server);
    let coze = integrations::coze::Coze::new(&config, event_store::clock::SystemClock::shared()).ok().unwrap();
    let answer = ask(&coze, question("?")).await;
    assert_eq!((answer.error().code, answer.error().retryable), (Unavailable, true));
}

#[tokio::test]
async fn nothing_secret_or_said_is_in_an_errors_display_and_no_token_in_its_detail() {
    let server = start();
    let coze = coze(&server, Endpoint::Bot);
    server.tell(json!({"next": [{"behaviour": "error", "code": 4000, "msg": "you said: my secret"}, "cut", "reset_before_head"]})).await;
    for _ in 0..3 {
        let answer = ask(&coze, question("my secret")).await;
        let error = answer.error();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(!error.detail.contains("czs_") && !error.detail.contains("http"), "{error:?}");
    }
    let tokens = server.state().await["tokens"].clone();
    assert!(matches!(tokens, Value::Array(tokens) if tokens.len() == 3));
}

#[tokio::test]
async fn a_stream_that_never_begins_has_told_its_log_id() {
    let server = start();
    for endpoint in ENDPOINTS {
        let coze = coze(&server, endpoint);
        server.tell(json!({"next": ["stall_before_first_byte"]})).await;
        let listening = super::fixture::listen(&coze, question("?"), |answer| answer.last_asked().log_id.is_some());
        let answer = tokio::time::timeout(Duration::from_secs(10), listening).await.unwrap();
        assert_eq!((answer.text().as_str(), answer.last_asked().chat), ("", None));
    }
}
